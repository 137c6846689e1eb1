package import ForgeGrad
package import ForgeTensor

extension InferenceGraph {
  /// Records one pass of `network` over zeros and reads the tape.
  ///
  /// The network must use its weights as constants (`Mode.inference`), treat each image by itself, and be made of convolutions, linear
  /// layers, affine maps per channel, leaky ReLUs, PReLUs, tanh, sums, pixel shuffles and joined rows of tables.
  ///
  /// - Parameters:
  ///   - shape: `[T, H, W, C]` or `[T, C]`. Image `t` of the trace stands for row `t` of the network's tables (what it is to show).
  /// - Throws: `InferenceError.unsupported` for anything else.
  package init(tracing shape: Shape, _ network: (Variable) -> Variable) throws(InferenceError) {
    let result = network(Variable.parameter(Tensor.zeros(shape)))
    guard result.node != nil else { throw .constant }
    let isImage = shape.rank == 4
    self.init(
      input: Extents(rows: isImage ? shape[1] : 1, columns: isImage ? shape[2] : 1, channels: shape[-1]), tableRows: shape[0])
    var tracer = GraphTracer(graph: self, tape: tape(of: result), result: result)
    try tracer.run()
    self = tracer.graph
  }
}

/// Walks a tape in the order of recording and adds each operation to a graph.
private struct GraphTracer {
  /// Where a node's result is.
  private struct Place {
    var value: Int
    /// Nobody but one later operation reads it.
    var isSole: Bool
    /// How far a pixel shuffle has come that was begun.
    var shuffle: Shuffle?
  }

  private struct Shuffle {
    var factor: Int
    /// Whether the axes were moved; only the last reshape is missing then.
    var isMoved = false
  }

  var graph: InferenceGraph
  private let tape: [Node]
  private var shapes: [ObjectIdentifier: Shape] = [:]
  private var uses: [ObjectIdentifier: Int] = [:]
  private var places: [ObjectIdentifier: Place] = [:]

  init(graph: InferenceGraph, tape: [Node], result: Variable) {
    self.graph = graph
    self.tape = tape
    for node in tape {
      for operand in node.inputs {
        guard let source = operand.node else { continue }
        shapes[ObjectIdentifier(source)] = operand.shape
        uses[ObjectIdentifier(source), default: 0] += 1
      }
    }
    if let root = result.node {
      shapes[ObjectIdentifier(root)] = result.shape
      uses[ObjectIdentifier(root), default: 0] += 1
    }
  }

  mutating func run() throws(InferenceError) {
    for node in tape {
      var place = node.opcode == .leaf ? Place(value: 0, isSole: true) : try read(node)
      place.isSole = place.isSole && uses[ObjectIdentifier(node)] == 1
      places[ObjectIdentifier(node)] = place
      graph.output = place.value
    }
  }

  private mutating func read(_ node: Node) throws(InferenceError) -> Place {
    let x = try variable(node, 0)
    switch node.opcode {
    case .identity: return x.place
    case .convolution, .convolutionDataGradient: return try add(.filter(filter(node)), to: x, node)
    case .matmul: return try add(.filter(linear(node)), to: x, node)
    case .scale: return try add(.affine(scale: constant(factor(node), x.shape), shift: nil), to: x, node)
    case .offset: return try add(.affine(scale: nil, shift: constant(factor(node), x.shape)), to: x, node)
    case .multiply: return try add(.affine(scale: table(node, beside: x), shift: nil), to: x, node)
    case .divide where node.inputs[1].node == nil:
      return try add(.affine(scale: reciprocal(table(node, beside: x)), shift: nil), to: x, node)
    case .subtract where node.inputs[1].node == nil:
      return try add(.affine(scale: nil, shift: -table(node, beside: x)), to: x, node)
    case .add where node.inputs.contains { $0.node == nil }:
      return try add(.affine(scale: nil, shift: table(node, beside: x)), to: x, node)
    case .add: return try sum(node)
    case .leakyReLU: return try add(.activation(.leakyReLU(slope: factor(node))), to: x, node)
    case .tanh: return try add(.activation(.tanh), to: x, node)
    case .prelu: return try add(.activation(prelu(node)), to: x, node)
    case .concatenate: return try add(appended(node, beside: x), to: x, node)
    case .reshape: return try reshaped(node, x)
    case .transpose:
      guard let shuffle = x.place.shuffle, !shuffle.isMoved, case .permutation([0, 1, 4, 2, 5, 3]) = node.attributes else {
        throw unsupported(node, "its axes are moved")
      }
      return Place(value: x.place.value, isSole: x.place.isSole, shuffle: Shuffle(factor: shuffle.factor, isMoved: true))
    default: throw unsupported(node, "it is none of the plan's layers")
    }
  }

  // MARK: - Operands

  private struct Read {
    var place: Place
    var shape: Shape
  }

  /// The first operand from `start` on that was computed from the input.
  private func variable(_ node: Node, _ start: Int) throws(InferenceError) -> Read {
    for operand in node.inputs.dropFirst(start) {
      if let source = operand.node, let place = places[ObjectIdentifier(source)] { return Read(place: place, shape: operand.shape) }
    }
    throw unsupported(node, "it reads nothing")
  }

  private func constants(_ node: Node) -> [Tensor] { node.inputs.compactMap { $0.node == nil ? $0.value : nil } }

  private func unsupported(_ node: Node, _ reason: String) -> InferenceError {
    .unsupported(operation: node.opcode.rawValue, reason: reason)
  }

  private func factor(_ node: Node) throws(InferenceError) -> Float {
    guard case .scalar(let factor) = node.attributes else { throw unsupported(node, "its constant is not recorded") }
    return factor
  }

  private func constant(_ value: Float, _ shape: Shape) -> Tensor { Tensor(shape: [shape[-1]], repeating: value) }

  /// A constant operand as `[C]`, or `[T, C]` when it differs among the traced images.
  private func table(_ node: Node, beside x: Read) throws(InferenceError) -> Tensor {
    guard let value = constants(node).first else { throw unsupported(node, "both operands depend on the input") }
    let (images, channels) = (x.shape[0], x.shape[-1])
    let extents = [Int](repeating: 1, count: max(0, x.shape.rank - value.shape.rank)) + value.shape.dimensions
    let isPerImage = images > 1 && extents[0] == images
    guard extents.count == x.shape.rank, extents.dropFirst().dropLast().allSatisfy({ $0 == 1 }), extents[0] == 1 || isPerImage,
      x.shape.rank > 1, extents.last == 1 || extents.last == channels
    else { throw unsupported(node, "its constant \(value.shape) is not one value per channel of \(x.shape)") }
    let rows = value.reshaped([extents[0], extents[extents.count - 1]])
    let full = broadcast(rows, to: [extents[0], channels])
    return isPerImage ? full : full.reshaped([channels])
  }

  private func prelu(_ node: Node) throws(InferenceError) -> Activation {
    guard let slopes = constants(node).first else { throw unsupported(node, "its slopes depend on the input") }
    return slopes.count == 1 ? .leakyReLU(slope: slopes.scalar) : .prelu(slopes: slopes)
  }

  private func appended(_ node: Node, beside x: Read) throws(InferenceError) -> InferenceGraph.Operation {
    guard case .axis(let axis) = node.attributes, axis == x.shape.rank - 1, node.inputs.count == 2, let value = constants(node).first,
      value.shape.rank == 2, x.shape.rank == 2
    else { throw unsupported(node, "only a table's row can be joined to a vector") }
    return .appendRow(value, isFirst: node.inputs[0].node == nil)
  }

  // MARK: - Layers

  private mutating func add(_ operation: InferenceGraph.Operation, to x: Read, _ node: Node) throws(InferenceError) -> Place {
    guard x.place.shuffle == nil else { throw unsupported(node, "it interrupts a pixel shuffle") }
    guard let value = graph.append(operation, to: x.place.value, channels: x.shape[-1], isSole: x.place.isSole) else {
      throw unsupported(node, "no layer before it can lay its result out")
    }
    return Place(value: value, isSole: true)
  }

  private mutating func sum(_ node: Node) throws(InferenceError) -> Place {
    let (a, b) = (try variable(node, 0), try variable(node, 1))
    guard a.shape == b.shape else { throw unsupported(node, "its operands have the shapes \(a.shape) and \(b.shape)") }
    // The later of the two takes the other in.
    let (late, early) = a.place.value > b.place.value ? (a, b) : (b, a)
    guard early.place.shuffle == nil else { throw unsupported(node, "it interrupts a pixel shuffle") }
    return try add(.add(early.place.value), to: late, node)
  }

  private func filter(_ node: Node) throws(InferenceError) -> InferenceGraph.Filter {
    guard case .convolution(let geometry) = node.attributes, node.inputs[0].node != nil, let weights = node.inputs[1].value,
      node.inputs[1].node == nil
    else { throw unsupported(node, "its weights depend on the input") }
    let role: PreparedConvolution.Role = node.opcode == .convolution ? .forward : .transposed
    var bias: [Float]?
    if node.inputs.count == 3 {
      guard let value = node.inputs[2].value, node.inputs[2].node == nil else { throw unsupported(node, "its bias depends on the input") }
      bias = value.values
    }
    guard role == .forward || geometry.groups == 1 else { throw unsupported(node, "a transposed convolution in groups is not built") }
    if role == .transposed, geometry.outputHeight == 1, geometry.outputWidth == 1, geometry.paddingTop == 0, geometry.paddingLeft == 0,
      (geometry.inputHeight, geometry.inputWidth) == (geometry.kernelHeight, geometry.kernelWidth)
    {
      return unfolding(weights, bias)
    }
    let channels = role == .forward ? geometry.outputChannels : geometry.inputChannels
    let filter = InferenceGraph.Filter(
      role: role, weights: weights, bias: bias ?? [Float](repeating: 0, count: channels), geometry: geometry)
    let input = node.inputs[0].shape
    guard filter.geometry(batch: geometry.batch, rows: input[1], columns: input[2]) == geometry else {
      throw unsupported(node, "its padding is not the same on all sides")
    }
    return filter
  }

  /// A transposed convolution of one pixel: a linear layer to `rows · columns · C` values.
  private func unfolding(_ weights: Tensor, _ bias: [Float]?) -> InferenceGraph.Filter {
    let (rows, columns, channels, inputs) = (weights.shape[0], weights.shape[1], weights.shape[2], weights.shape[3])
    let matrix = transpose(weights.reshaped([rows * columns * channels, inputs]), [1, 0])
    var filter = linear(matrix)
    if let bias { for k in filter.bias.indices { filter.bias[k] = bias[k % channels] } }
    filter.arrangement = .unfolded(rows: rows, columns: columns)
    return filter
  }

  private func linear(_ node: Node) throws(InferenceError) -> InferenceGraph.Filter {
    guard case .transposed(let a, let b) = node.attributes, !a, node.inputs[0].node != nil, node.inputs[0].shape.rank == 2,
      let weights = node.inputs[1].value, node.inputs[1].node == nil, weights.shape.rank == 2
    else { throw unsupported(node, "it is not a linear layer") }
    return linear(b ? transpose(weights, [1, 0]) : weights)
  }

  /// `[inputs, outputs]` as a convolution of one pixel.
  private func linear(_ matrix: Tensor) -> InferenceGraph.Filter {
    let (inputs, outputs) = (matrix.shape[0], matrix.shape[1])
    let weights = matrix.reshaped([1, 1, inputs, outputs])
    return InferenceGraph.Filter(
      role: .forward, weights: weights, bias: [Float](repeating: 0, count: outputs),
      geometry: ConvolutionGeometry(x: [1, 1, 1, inputs], w: weights.shape))
  }

  private mutating func reshaped(_ node: Node, _ x: Read) throws(InferenceError) -> Place {
    guard let target = shapes[ObjectIdentifier(node)] else { throw unsupported(node, "nobody reads it") }
    let (old, new) = (x.shape.dimensions, target.dimensions)
    func isVector(_ shape: [Int]) -> Bool { shape.count == 2 || shape.count == 4 && shape[1] == 1 && shape[2] == 1 }
    if let shuffle = x.place.shuffle {
      let factor = shuffle.factor
      guard shuffle.isMoved, old.count == 6, new == [old[0], old[1] * old[2], old[3] * old[4], old[5]], old[2] == factor, old[4] == factor else {
        throw unsupported(node, "it interrupts a pixel shuffle")
      }
      let place = Place(value: x.place.value, isSole: x.place.isSole)
      return try add(.shuffle(factor: factor), to: Read(place: place, shape: target), node)
    }
    if old.count == 4, new.count == 6, Array(new[..<3]) == Array(old[..<3]), new[4] == new[5], new[3] * new[4] * new[5] == old[3] {
      return Place(value: x.place.value, isSole: x.place.isSole, shuffle: Shuffle(factor: new[4]))
    }
    if isVector(old), isVector(new), old[0] == new[0] { return x.place }
    if isVector(old), new.count == 4, new[0] == old[0] { return try add(.unfold(rows: new[1], columns: new[2]), to: x, node) }
    throw unsupported(node, "\(x.shape) becomes \(target)")
  }
}
