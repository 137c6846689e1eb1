import ForgeTensor

/// How a network's layers follow each other when an image passes through them row by row (a wavefront).
///
/// Layers of one image size form a segment; a pixel shuffle ends it. A segment has a clock: the rows of its input that are there. At clock
/// `t` every layer has made all its rows before `t − lag`: one row of a 3 × 3 convolution waits for one more row of its input, so its lag
/// is its input's and one more. What a row needs above itself is kept in line buffers, nothing else of a map ever exists.
///
/// A value moves up its buffer as the clock advances, always below the values that were made before it. Where a value's last rows are no
/// longer needed before a later one writes there, both share a buffer: sixteen residual blocks need two.
struct RowLayout {
  struct Segment {
    /// Layers in order; the last one shuffles, except in the last segment.
    var steps: Range<Int>
    /// Rows of a map of this segment per row of the input.
    var scale: Int
    /// The clock's remainder by 4, wherever it stops.
    var phase: Int
    /// The factor of the shuffle that ends the segment; 1 in the last.
    var factor = 1
    /// Most channels of a value.
    var channels: Int
  }

  /// One layer.
  struct Step {
    var segment: Int
    /// Rows behind the segment's clock.
    var lag: Int
    /// Rows of the input above and below that an output row needs.
    var above: Int
    var below: Int
  }

  /// One value's rows in a line buffer.
  struct Value {
    var buffer: Int
    /// The segment by whose clock its rows are counted: for a shuffled value the next one.
    var segment: Int
    var lag: Int
    /// How far behind the clock its oldest needed row is.
    var reach: Int
    var scale: Int
    var channels: Int
  }

  struct Buffer {
    var segment: Int
    var channels: Int
    var scale: Int
    /// The values in it, newest rows first.
    var values: [Int]
    var reach: Int
  }

  private(set) var segments: [Segment] = []
  private(set) var steps: [Step] = []
  private(set) var values: [Value] = []
  private(set) var buffers: [Buffer] = []

  /// - Throws: `InferenceError.unsupported` when a layer does not keep an image's rows, or reads a map of another size.
  init(_ graph: InferenceGraph) throws(InferenceError) {
    guard graph.output == graph.layers.count, graph.output > 0 else {
      throw .unsupported(operation: "result", reason: "it is not the last layer's")
    }
    try arrange(graph)
    let readers = self.readers(of: graph)
    for value in values.indices {
      values[value].reach = readers[value].reduce(values[value].lag) { max($0, steps[$1.step].lag + ($1.isInput ? steps[$1.step].above : 0)) }
    }
    for value in values.indices { place(value, readers) }
  }

  /// Lags and segments.
  private mutating func arrange(_ graph: InferenceGraph) throws(InferenceError) {
    segments = [Segment(steps: 0..<0, scale: 1, phase: 0, channels: graph.input.channels)]
    values = [Value(buffer: 0, segment: 0, lag: 0, reach: 0, scale: 1, channels: graph.input.channels)]
    for (index, layer) in graph.layers.enumerated() {
      let current = segments.count - 1
      for value in [layer.input, layer.residual].compactMap({ $0 }) where values[value].segment != current {
        throw .unsupported(operation: "layer \(index + 1)", reason: "it reads a map of another size")
      }
      let (above, below) = try layer.rowsAround(index)
      let lag = max(values[layer.input].lag + below, layer.residual.map { values[$0].lag } ?? 0)
      steps.append(Step(segment: current, lag: lag, above: above, below: below))
      segments[current].steps = segments[current].steps.lowerBound..<index + 1
      let (scale, phase) = (segments[current].scale, segments[current].phase)
      guard case .filter(let filter) = layer.kind else {
        values.append(Value(buffer: 0, segment: current, lag: lag, reach: 0, scale: scale, channels: values[layer.input].channels))
        continue
      }
      let factor = filter.shuffleFactor
      if factor > 1 {
        segments[current].factor = factor
        // Clocks stop at multiples of 4 from their start, so the shuffled rows do too.
        let next = ((phase - lag) * factor % 4 + 4) % 4
        segments.append(Segment(steps: index + 1..<index + 1, scale: scale * factor, phase: next, channels: filter.finalChannels))
        values.append(
          Value(buffer: 0, segment: current + 1, lag: 0, reach: 0, scale: scale * factor, channels: filter.finalChannels))
      } else {
        segments[current].channels = max(segments[current].channels, filter.channels)
        values.append(Value(buffer: 0, segment: current, lag: lag, reach: 0, scale: scale, channels: filter.channels))
      }
    }
  }

  private func readers(of graph: InferenceGraph) -> [[(step: Int, isInput: Bool)]] {
    var readers = [[(step: Int, isInput: Bool)]](repeating: [], count: values.count)
    for (index, layer) in graph.layers.enumerated() {
      readers[layer.input].append((index, true))
      if let residual = layer.residual { readers[residual].append((index, false)) }
    }
    return readers
  }

  /// Puts a value into the first buffer whose values are out of its way.
  private mutating func place(_ value: Int, _ readers: [[(step: Int, isInput: Bool)]]) {
    let mine = values[value]
    let step = value - 1
    for index in buffers.indices {
      let buffer = buffers[index]
      guard step >= 0, buffer.segment == mine.segment, steps[step].segment == mine.segment, buffer.channels == mine.channels else { continue }
      let isFree = buffer.values.allSatisfy { other in
        // The input and shuffled values arrive in larger pieces than a band.
        other > 0 && steps[other - 1].segment == mine.segment
          && readers[other].allSatisfy { reader in
            if reader.step == step { return !reader.isInput }
            return reader.step < step && steps[reader.step].lag + (reader.isInput ? steps[reader.step].above : 0) <= mine.lag
          }
      }
      guard isFree else { continue }
      buffers[index].values.append(value)
      buffers[index].reach = max(buffer.reach, mine.reach)
      values[value].buffer = index
      return
    }
    values[value].buffer = buffers.count
    buffers.append(Buffer(segment: mine.segment, channels: mine.channels, scale: mine.scale, values: [value], reach: mine.reach))
  }

  /// Input rows that one output row depends on, to each side.
  var reach: Int {
    var reach = 0
    // From the last segment back: its input's rows, then what those need.
    for segment in segments.reversed() {
      let lag = segment.steps.last.map { steps[$0].lag } ?? 0
      reach = (reach + segment.factor - 1) / segment.factor + lag
    }
    return reach
  }
}

extension InferenceGraph.Layer {
  /// Rows of the input that an output row needs above and below itself.
  fileprivate func rowsAround(_ index: Int) throws(InferenceError) -> (above: Int, below: Int) {
    func unsupported(_ reason: String) -> InferenceError { .unsupported(operation: "layer \(index + 1)", reason: reason) }
    switch kind {
    case .appendRow: throw unsupported("it is not a map of rows")
    case .map(let map):
      guard [map.scale, map.shift].allSatisfy({ ($0?.shape.rank ?? 1) < 2 }) else { throw unsupported("it depends on a label") }
      return (0, 0)
    case .filter(let filter):
      let g = filter.geometry
      guard filter.role == .forward, g.strideHeight == 1, g.strideWidth == 1, 2 * g.paddingTop == g.dilationHeight * (g.kernelHeight - 1),
        2 * g.paddingLeft == g.dilationWidth * (g.kernelWidth - 1)
      else { throw unsupported("its result has not the rows of its input") }
      if case .unfolded = filter.arrangement { throw unsupported("its result has not the rows of its input") }
      return (g.paddingTop, g.paddingTop)
    }
  }
}
