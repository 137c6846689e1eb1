package import ForgeGrad
package import ForgeTensor

/// A trained network made ready to be used: folded, its weights brought into the kernels' layouts once, its memory laid out once.
///
/// `images(_:rows:)` computes batches map by map. A plan belongs to the kernel table
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
  package let graph: InferenceGraph
  let work: [Work]
  /// What was asked for; layers without such a kernel run in `float32`.
  package let precision: Precision
  private var schedule: BatchSchedule?

  package init(_ graph: InferenceGraph, precision: Precision = .float32) {
    (self.graph, work) = InferencePlan.prepared(graph) { index, filter in
      PreparedConvolution(filter.arrangedWeights, filter.geometry, filter.role, precision)
    }
    self.precision = precision
  }

  /// Traces `network` (see `InferenceGraph.init(tracing:)`) and prepares it.
  package convenience init(tracing shape: Shape, precision: Precision = .float32, _ network: (Variable) -> Variable) throws(InferenceError) {
    self.init(try InferenceGraph(tracing: shape, network), precision: precision)
  }

  /// A plan whose convolutions come from `prepare`, which gets a layer's place and its filter.
  static func prepared(
    _ graph: InferenceGraph, _ prepare: (Int, InferenceGraph.Filter) throws -> PreparedConvolution
  ) rethrows -> (InferenceGraph, [Work]) {
    var light = graph
    let work = try graph.layers.indices.map { index -> Work in
      let layer = graph.layers[index]
      switch layer.kind {
      case .appendRow(let table, let isFirst): return .appendRow(table, isFirst: isFirst)
      case .map(var map):
        map.activation = layer.activation
        return .map(map)
      case .filter(var filter):
        let prepared = try prepare(index, filter)
        let epilogue = ConvolutionEpilogue(
          bias: filter.arrangedBias, activation: filter.arranged(layer.activation), shuffle: filter.shuffleFactor)
        filter.weights = Tensor([0], [])
        light.layers[index].kind = .filter(filter)
        return .convolution(prepared, epilogue)
      }
    }
    return (light, work)
  }

  /// The convolutions and what they run in.
  package var layers: [LayerReport] {
    zip(graph.layers, work).compactMap { layer, work in
      guard case .convolution(let prepared, _) = work, case .filter(let filter) = layer.kind else { return nil }
      return LayerReport(name: filter.name, precision: prepared.precision)
    }
  }

  /// Bytes of the prepared weights.
  package var weightBytes: Int {
    work.reduce(0) { sum, work in
      guard case .convolution(let prepared, _) = work else { return sum }
      return sum + prepared.byteCount
    }
  }

  /// The network's result for a batch.
  ///
  /// - Parameters:
  ///   - x: `[N, H, W, C]` or `[N, C]`.
  ///   - rows: each image's row of the network's tables (its label); empty when there is only one.
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
    guard case .shuffled = arrangement else { return weights }
    precondition(role == .forward, "a shuffle follows a convolution")
    let old = weights.values
    var values = old
    let outputs = channels
    for k in 0..<outputs {
      let from = source(k)
      for row in stride(from: 0, to: values.count, by: outputs) { values[row + k] = old[row + from] }
    }
    return Tensor(weights.shape, values)
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
