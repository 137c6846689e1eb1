package import ForgeTensor

// Adding layers: whatever can be computed inside the filter that makes a value, or beforehand in its weights, becomes a part of it.

extension InferenceGraph {
  /// An operation of a trace, before folding.
  package enum Operation: Sendable {
    case filter(Filter)
    /// `x · scale + shift`; each `[C]` or `[T, C]`.
    case affine(scale: Tensor?, shift: Tensor?)
    case activation(Activation)
    case add(Int)
    case shuffle(factor: Int)
    case unfold(rows: Int, columns: Int)
    case appendRow(Tensor, isFirst: Bool)
  }

  /// Adds `operation` on value `input` and returns the value of its result; nil when no layer can do it.
  ///
  /// - Parameters:
  ///   - channels: of `input`.
  ///   - isSole: nobody else reads `input`, so the layer that makes it may change.
  package mutating func append(_ operation: Operation, to input: Int, channels: Int, isSole: Bool) -> Int? {
    if isSole, input > 0, fold(operation, into: input - 1) { return input }
    switch operation {
    case .filter(var filter):
      var source = input
      if isSole, input > 0, input == layers.count, let before = absorbed(layers[input - 1], by: &filter) {
        layers.removeLast()
        source = before
      }
      layers.append(Layer(kind: .filter(filter), input: source))
    case .affine(let scale, let shift): layers.append(Layer(kind: .map(PixelwiseMap(scale: scale, shift: shift)), input: input))
    case .activation(let activation): layers.append(Layer(kind: .map(PixelwiseMap()), input: input, activation: activation))
    case .add(let other): layers.append(Layer(kind: .map(PixelwiseMap()), input: input, residual: other))
    case .appendRow(let table, let isFirst): layers.append(Layer(kind: .appendRow(table, isFirst: isFirst), input: input))
    case .shuffle, .unfold: return nil
    }
    return layers.count
  }

  private mutating func fold(_ operation: Operation, into place: Int) -> Bool {
    var layer = layers[place]
    switch operation {
    case .filter, .appendRow: return false
    case .affine(let scale, let shift): guard layer.fold(scale: scale, shift: shift) else { return false }
    case .activation(let activation):
      guard layer.activation == .identity, !layer.isAppending else { return false }
      layer.activation = activation
    case .add(let other):
      // The other value must exist before this layer runs.
      guard layer.activation == .identity, layer.residual == nil, other <= place, !layer.isAppending, !layer.isArranging else { return false }
      layer.residual = other
    case .shuffle(let factor): guard layer.arrange(.shuffled(factor: factor)) else { return false }
    case .unfold(let rows, let columns): guard layer.arrange(.unfolded(rows: rows, columns: columns)) else { return false }
    }
    layers[place] = layer
    return true
  }

  /// Takes an affine map in front of a filter into its weights. A shift is taken only without padding, which would not be shifted.
  private func absorbed(_ layer: Layer, by filter: inout Filter) -> Int? {
    guard case .map(let map) = layer.kind, layer.residual == nil, layer.activation == .identity, filter.geometry.groups == 1,
      map.scale?.shape.rank ?? 1 < 2, map.shift?.shape.rank ?? 1 < 2, filter.role == .forward
    else { return nil }
    guard map.shift == nil || filter.geometry.paddingTop == 0 && filter.geometry.paddingLeft == 0 else { return nil }
    let (inputs, outputs) = (filter.weights.shape[2], filter.weights.shape[3])
    var weights = filter.weights.values
    let (scale, shift) = (map.scale?.values, map.shift?.values)
    for index in weights.indices {
      let (c, k) = (index / outputs % inputs, index % outputs)
      if let shift { filter.bias[k] += weights[index] * shift[c] }
      if let scale { weights[index] *= scale[c] }
    }
    filter.weights = Tensor(filter.weights.shape, weights)
    return layer.input
  }
}

extension InferenceGraph.Layer {
  fileprivate var isAppending: Bool {
    if case .appendRow = kind { return true }
    return false
  }

  fileprivate var isArranging: Bool {
    if case .filter(let filter) = kind { return filter.arrangement != .plain }
    return false
  }

  /// Multiplies the layer's result by `scale` and adds `shift`, when that can be done beforehand.
  fileprivate mutating func fold(scale: Tensor?, shift: Tensor?) -> Bool {
    guard activation == .identity, scale == nil || residual == nil else { return false }
    switch kind {
    case .appendRow: return false
    case .map(var map):
      guard map.shift == nil || scale == nil, map.scale == nil || scale == nil else { return false }
      guard map.shift == nil || shift == nil else { return false }
      if let scale { map.scale = scale }
      if let shift { map.shift = shift }
      kind = .map(map)
    case .filter(var filter):
      guard scale?.shape.rank ?? 1 < 2, shift?.shape.rank ?? 1 < 2 else { return false }
      filter.multiply(scale: scale?.values, shift: shift?.values)
      kind = .filter(filter)
    }
    return true
  }

  fileprivate mutating func arrange(_ arrangement: InferenceGraph.Arrangement) -> Bool {
    guard case .filter(var filter) = kind, filter.arrangement == .plain, residual == nil else { return false }
    // A function of the value alone commutes with moving it.
    if case .prelu = activation { return false }
    if case .shuffled = arrangement, filter.role == .transposed { return false }
    filter.arrangement = arrangement
    kind = .filter(filter)
    return true
  }
}

extension InferenceGraph.Filter {
  /// Follows the filter by `x · scale + shift`, one value per final channel.
  mutating func multiply(scale: [Float]?, shift: [Float]?) {
    let final = (0..<channels).map(finalChannel)
    if let scale {
      let factors = final.map { scale[$0] }
      // The output channels are the last axis of a convolution's weights, the third of a transposed one's, which has one group.
      weights = weights * Tensor(role == .forward ? [channels] : [channels, 1], factors)
    }
    for k in bias.indices { bias[k] = bias[k] * (scale?[final[k]] ?? 1) + (shift?[final[k]] ?? 0) }
  }
}
