package import ForgeGrad
package import ForgeTensor

/// A trained network made ready to be used: folded, its weights brought into the kernels' layouts once, its memory laid out once.
///
/// `images(_:rows:)` computes batches map by map; `RowSchedule` computes images of any size row by row. A plan belongs to the kernel table
/// that was current when it was made. One thread at a time may use it.
package final class InferencePlan {
  /// What one step computes, with everything that stays the same for all images.
  enum Work {
    case convolution(PreparedConvolution, ConvolutionEpilogue)
    case map(PixelwiseMap)
    case appendRow(Tensor, isFirst: Bool)
  }

  /// One layer and the arithmetic that it runs in.
  package struct LayerReport: Sendable, Equatable {
    package var name: String
    package var precision: Precision
  }

  /// The layers without their weights.
  package private(set) var graph: InferenceGraph
  private(set) var work: [Work]
  /// What was asked for; layers without such a kernel run in `float32`.
  package let precision: Precision
  private var schedule: BatchSchedule?
  private var rowSchedule: RowSchedule?

  /// - Parameter stored: an earlier preparation of a filter; asked for each in order. Where it has none, the weights are prepared.
  package init(
    _ graph: consuming InferenceGraph, precision: Precision = .float32,
    stored: (InferenceGraph.Filter) -> PreparedConvolution? = { _ in nil }
  ) {
    let last = graph.layers.count - 1
    BufferCache.trim()
    work = graph.layers.indices.map { index in
      // Weights go as soon as their preparation is there: memory holds them once, not twice.
      defer { if index % 8 == 7 || index == last { BufferCache.trim() } }
      return InferencePlan.take(&graph.layers[index]) { filter in
        stored(filter) ?? PreparedConvolution(filter.arrangedWeights, filter.geometry, filter.role, precision)
      }
    }
    self.graph = graph
    self.precision = precision
  }

  /// Traces `network` (see `InferenceGraph.init(tracing:)`) and prepares it.
  package convenience init(tracing shape: Shape, precision: Precision = .float32, _ network: (Variable) -> Variable) throws(InferenceError) {
    self.init(try InferenceGraph(tracing: shape, network), precision: precision)
  }

  /// What a layer computes; takes its weights out of it.
  private static func take(
    _ layer: inout InferenceGraph.Layer, _ prepare: (InferenceGraph.Filter) -> PreparedConvolution
  ) -> Work {
    switch layer.kind {
    case .appendRow(let table, let isFirst): return .appendRow(table, isFirst: isFirst)
    case .map(var map):
      map.activation = layer.activation
      return .map(map)
    case .filter(var filter):
      let epilogue = ConvolutionEpilogue(
        bias: filter.arrangedBias, activation: filter.arranged(layer.activation), shuffle: filter.shuffleFactor)
      let prepared = prepare(filter)
      filter.weights = Tensor([0], [])
      layer.kind = .filter(filter)
      return .convolution(prepared, epilogue)
    }
  }

  /// The convolutions and what they run in.
  package var layers: [LayerReport] {
    zip(graph.layers, work).compactMap { layer, work in
      guard case .convolution(let prepared, _) = work, case .filter(let filter) = layer.kind else { return nil }
      return LayerReport(name: filter.name, precision: prepared.precision)
    }
  }

  var convolutions: [PreparedConvolution] {
    work.compactMap { work in
      guard case .convolution(let prepared, _) = work else { return nil }
      return prepared
    }
  }

  /// Bytes of the prepared weights.
  package var weightBytes: Int { convolutions.reduce(0) { $0 + $1.byteCount } }

  /// The network's result for a batch.
  ///
  /// - Parameters:
  ///   - x: `[N, H, W, C]` or `[N, C]`.
  ///   - rows: each image's row of the network's tables (what it is to show); empty when there is only one.
  /// - Returns: `[N, P, Q, K]`, or `[N, K]` when the result is a vector. Each image depends on itself and its row alone.
  package func images(_ x: Tensor, rows: [Int] = []) -> Tensor {
    let isImage = x.shape.rank == 4
    let input = InferenceGraph.Extents(rows: isImage ? x.shape[1] : 1, columns: isImage ? x.shape[2] : 1, channels: x.shape[-1])
    promise(rows.isEmpty || rows.count == x.shape[0], "inference: \(rows.count) rows for \(x.shape[0]) images")
    promise(rows.allSatisfy { (0..<graph.tableRows).contains($0) }, "inference: a row outside of the \(graph.tableRows)")
    let schedule = self.schedule.flatMap { $0.input == input ? $0 : nil } ?? BatchSchedule(self, input: input)
    self.schedule = schedule
    return schedule.run(x, rows: rows)
  }
}

// MARK: - More rows

extension InferencePlan {
  /// Puts the tables of another trace of the same network below this one's: its rows follow those that are there.
  ///
  /// Both traces must have two images or more: in one of a single image there are no tables.
  package func appendRows(of other: InferenceGraph) {
    precondition(graph.tableRows > 1 && other.tableRows > 1 && other.layers.count == work.count, "inference: the traces are of two networks")
    func joined(_ a: Tensor?, _ b: Tensor?) -> Tensor? {
      guard let a, let b, a.shape.rank == 2 else { return a }
      return concatenate([a, b], axis: 0)
    }
    for index in work.indices {
      switch (work[index], other.layers[index].kind) {
      case (.map(var map), .map(let more)):
        (map.scale, map.shift) = (joined(map.scale, more.scale), joined(map.shift, more.shift))
        work[index] = .map(map)
      case (.appendRow(let table, let isFirst), .appendRow(let more, _)):
        work[index] = .appendRow(concatenate([table, more], axis: 0), isFirst: isFirst)
      default: break
      }
    }
    graph.tableRows += other.tableRows
  }
}

// MARK: - Images of any size

extension InferencePlan {
  /// A part of an image on its way in or out: rows and columns, and floats between the starts of two rows.
  package struct Piece: Sendable, Equatable {
    package var rows: Range<Int>
    package var columns: Range<Int>
    package var rowFloats: Int
  }

  /// What `stream` may spend on its buffers.
  package struct StreamBudget: Sendable {
    /// Bytes of line buffers above which an image is cut into strips of columns.
    package var bytes = 80 << 20
    /// Bytes of a band's widest map. Results do not depend on it.
    package var bandBytes = RowSchedule.bandBytes

    package init(bytes: Int? = nil, bandBytes: Int? = nil) {
      if let bytes { self.bytes = bytes }
      if let bandBytes { self.bandBytes = bandBytes }
    }
  }

  /// Computes one image of any size, holding a few rows of each map at a time.
  ///
  /// Only for networks whose layers keep an image's rows, or multiply them by a pixel shuffle.
  /// - Parameters:
  ///   - source: writes a piece of the input, channels innermost. Rows come in order; a wide image is read strip by strip, strips overlap.
  ///   - sink: gets a piece of the result, each pixel once, rows in order within a strip; the memory is valid during the call.
  /// - Throws: `InferenceError.unsupported`, or what `source` and `sink` throw.
  package func stream(
    rows: Int, columns: Int, budget: StreamBudget = .init(), source: (Piece, UnsafeMutablePointer<Float>) throws -> Void,
    sink: (Piece, UnsafePointer<Float>) throws -> Void
  ) throws {
    let layout = try RowLayout(graph)
    let (scale, channels) = (layout.segments[layout.segments.count - 1].scale, layout.values[graph.output].channels)
    for strip in ColumnStrips(graph, layout).strips(columns: columns, width: widestStrip(layout, columns, budget)) {
      let window = strip.window
      let schedule =
        rowSchedule.flatMap { $0.columns == window.count && $0.bandBytes == budget.bandBytes ? $0 : nil }
        ?? RowSchedule(self, layout, columns: window.count, bandBytes: budget.bandBytes)
      rowSchedule = schedule
      let rowFloats = window.count * scale * channels
      let skipped = (strip.core.lowerBound - window.lowerBound) * scale * channels
      let kept = strip.core.lowerBound * scale..<strip.core.upperBound * scale
      try schedule.run(rows: rows) { rows, pointer in
        try source(Piece(rows: rows, columns: window, rowFloats: window.count * graph.input.channels), pointer)
      } sink: { rows, pointer in
        try sink(Piece(rows: rows, columns: kept, rowFloats: rowFloats), pointer + skipped)
      }
    }
  }

  /// Bytes of line buffers for a whole image of this width.
  package func streamBytes(columns: Int, bandBytes: Int? = nil) throws(InferenceError) -> Int {
    RowSchedule.byteCount(self, try RowLayout(graph), columns: columns, bandBytes: bandBytes ?? RowSchedule.bandBytes)
  }

  /// The widest strip within the budget, at most `columns`.
  private func widestStrip(_ layout: RowLayout, _ columns: Int, _ budget: StreamBudget) -> Int {
    var (low, high) = (16, columns)
    func fits(_ width: Int) -> Bool { RowSchedule.byteCount(self, layout, columns: width, bandBytes: budget.bandBytes) <= budget.bytes }
    if columns <= low || fits(columns) { return columns }
    while high - low > 4 {
      let middle = (low + high) / 2 / 4 * 4
      if fits(middle) { low = middle } else { high = middle }
    }
    return low
  }
}

extension InferenceGraph.Filter {
  var name: String {
    let kind = role == .forward ? "convolution" : "transposed convolution"
    let (inputs, outputs) =
      role == .forward ? (geometry.inputChannels, geometry.outputChannels) : (geometry.outputChannels, geometry.inputChannels)
    return "\(kind) \(geometry.kernelHeight)x\(geometry.kernelWidth) \(inputs) to \(outputs)"
  }

  var shuffleFactor: Int {
    if case .shuffled(let factor) = arrangement { return factor }
    return 1
  }

  /// Where output channel `k` of the kernel's order `(dy, dx, channel)` stands in the layers' order.
  private func source(_ k: Int) -> Int {
    guard case .shuffled(let factor) = arrangement else { return k }
    let count = channels / (factor * factor)
    return k % count * factor * factor + k / count
  }

  /// The weights in the kernel's order of output channels.
  var arrangedWeights: Tensor {
    guard case .shuffled(let factor) = arrangement else { return weights }
    let parts = weights.reshaped([weights.count / channels, finalChannels, factor, factor])
    return transpose(parts, [0, 2, 3, 1]).reshaped(weights.shape)
  }

  var arrangedBias: Tensor? {
    guard bias.contains(where: { $0 != 0 }) else { return nil }
    return Tensor([channels], (0..<channels).map { bias[source($0)] })
  }

  /// Slopes as the kernel's epilogue wants them: one per output channel, or per final channel of a shuffle.
  func arranged(_ activation: Activation) -> Activation {
    guard case .prelu(let slopes) = activation, case .unfolded(let rows, let columns) = arrangement else { return activation }
    return .prelu(slopes: broadcast(slopes.reshaped([1, slopes.count]), to: [rows * columns, slopes.count]).reshaped([channels]))
  }
}
