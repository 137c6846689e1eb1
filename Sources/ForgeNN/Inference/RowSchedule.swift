import ForgeTensor

/// Computes images of one width and any height with line buffers alone: rows come from a source, results go to a sink.
///
/// Each layer computes bands of rows that begin where the layer's grid of 4 rows has a line, so the bands' heights do not show in the
/// result. See `RowLayout` for the order.
final class RowSchedule {
  let columns: Int
  let bandBytes: Int
  private unowned let plan: InferencePlan
  private let layout: RowLayout
  /// Rows by which each segment's clock advances at once, multiples of 4.
  private let bands: [Int]
  private var buffers: [LineBuffer] = []
  private let workspace: AlignedMemory
  private var height = 0

  /// Bytes of a band's widest map: with its neighbor it stays in the second-level caches, and it holds work for all threads.
  static let bandBytes = 512 << 10

  init(_ plan: InferencePlan, _ layout: RowLayout, columns: Int, bandBytes: Int = RowSchedule.bandBytes) {
    self.plan = plan
    self.layout = layout
    self.columns = columns
    self.bandBytes = bandBytes
    bands = layout.segments.map { segment in
      max(4, bandBytes / (4 * columns * segment.scale * segment.channels) / 4 * 4)
    }
    workspace = AlignedMemory(byteCount: RowSchedule.workspaceBytes(plan, layout, columns, bands))
    buffers = layout.buffers.map { buffer in
      let (live, spare) = RowSchedule.rows(buffer, layout, bands)
      return LineBuffer(rowFloats: columns * buffer.scale * buffer.channels, live: live, spare: spare)
    }
  }

  /// Bytes that a schedule of this width holds.
  static func byteCount(_ plan: InferencePlan, _ layout: RowLayout, columns: Int, bandBytes: Int = RowSchedule.bandBytes) -> Int {
    let bands = layout.segments.map { max(4, bandBytes / (4 * columns * $0.scale * $0.channels) / 4 * 4) }
    return layout.buffers.reduce(workspaceBytes(plan, layout, columns, bands)) { sum, buffer in
      let (live, spare) = rows(buffer, layout, bands)
      return sum + 4 * columns * buffer.scale * buffer.channels * (live + spare)
    }
  }

  /// Rows of a buffer: those needed while a piece is written, and one piece to spare where what is moved would be more than a piece.
  private static func rows(_ buffer: RowLayout.Buffer, _ layout: RowLayout, _ bands: [Int]) -> (live: Int, spare: Int) {
    let maker = buffer.values[0] == 0 ? buffer.segment : layout.steps[buffer.values[0] - 1].segment
    // A shuffled value's rows come by its maker's bands.
    let piece = maker == buffer.segment ? bands[maker] : bands[maker] * layout.segments[maker].factor
    let kept = buffer.reach - layout.values[buffer.values[0]].lag
    return (kept + piece, kept >= piece ? piece : 0)
  }

  private static func workspaceBytes(_ plan: InferencePlan, _ layout: RowLayout, _ columns: Int, _ bands: [Int]) -> Int {
    plan.work.indices.reduce(0) { most, index in
      guard case .convolution(let prepared, _) = plan.work[index], case .filter(let filter) = plan.graph.layers[index].kind else { return most }
      let step = layout.steps[index]
      let width = columns * layout.segments[step.segment].scale
      return max(most, prepared.workspaceBytes(filter.band(rows: bands[step.segment], above: step.above, below: step.below, columns: width)))
    }
  }

  /// Computes one image.
  ///
  /// - Parameters:
  ///   - source: writes rows of the input, `columns · channels` floats each, in order and each once.
  ///   - sink: gets rows of the result, in order and each once; the memory is valid during the call.
  func run(
    rows: Int, source: (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void,
    sink: (Range<Int>, UnsafePointer<Float>) throws -> Void
  ) rethrows {
    height = rows
    for index in buffers.indices { buffers[index].reset() }
    let last = layout.segments.count - 1
    let end = rows * layout.segments[last].scale
    var done = 0
    var clock = 0
    while done < end {
      let next = clock + bands[0]
      try read(clock, next, source)
      try advance(0, from: clock, to: next) { range, pointer in
        done = range.upperBound
        try sink(range, pointer)
      }
      clock = next
    }
  }

  private func read(_ old: Int, _ new: Int, _ source: (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void) rethrows {
    let range = min(old, height)..<min(new, height)
    guard !range.isEmpty else { return }
    makeRoom(for: 0, to: range.upperBound, at: old)
    try source(range, buffers[layout.values[0].buffer].pointer(range.lowerBound))
  }

  /// Moves a segment's clock, band by band, and with each band the clocks of the segments after it.
  private func advance(
    _ index: Int, from old: Int, to new: Int, _ sink: (Range<Int>, UnsafePointer<Float>) throws -> Void
  ) rethrows {
    let segment = layout.segments[index]
    let isLast = index == layout.segments.count - 1
    for clock in stride(from: old, to: new, by: bands[index]) {
      let next = min(clock + bands[index], new)
      guard next > 0 else { continue }
      for step in segment.steps { run(step, clock, next) }
      if isLast {
        let value = layout.values[layout.values.count - 1]
        let range = limited(clock - value.lag, index)..<limited(next - value.lag, index)
        if !range.isEmpty { try sink(range, UnsafePointer(buffers[value.buffer].pointer(range.lowerBound))) }
      } else if let last = segment.steps.last {
        let lag = layout.steps[last].lag
        try advance(index + 1, from: (clock - lag) * segment.factor, to: (next - lag) * segment.factor, sink)
      }
    }
  }

  private func limited(_ row: Int, _ segment: Int) -> Int { min(max(0, row), height * layout.segments[segment].scale) }

  /// Computes the rows of `step` that become possible as its segment's clock goes from `old` to `new`.
  private func run(_ step: Int, _ old: Int, _ new: Int) {
    let place = layout.steps[step]
    let (first, end) = (limited(old - place.lag, place.segment), limited(new - place.lag, place.segment))
    guard first < end else { return }
    let segment = layout.segments[place.segment]
    let value = layout.values[step + 1]
    let factor = value.segment == place.segment ? 1 : segment.factor
    makeRoom(for: step + 1, to: end * factor, at: factor == 1 ? old : (old - place.lag) * factor)
    // The rows above the first line of the layer's grid are a band of their own.
    let line = ((segment.phase - place.lag) % 4 + 4) % 4
    if first == 0, line > 0, line < end {
      band(step, 0..<line, factor)
      band(step, line..<end, factor)
    } else {
      band(step, first..<end, factor)
    }
  }

  /// `clock` is that of the value's segment before the step.
  private func makeRoom(for value: Int, to end: Int, at clock: Int) {
    let index = layout.values[value].buffer
    let buffer = layout.buffers[index]
    guard buffer.values[0] == value else { return }
    let limit = height * buffer.scale
    let kept = min(max(0, clock - buffer.reach), limit)..<min(max(0, clock - layout.values[value].lag), limit)
    buffers[index].makeRoom(to: end, keeping: kept)
  }

  private func band(_ step: Int, _ rows: Range<Int>, _ factor: Int) {
    let layer = plan.graph.layers[step]
    let place = layout.steps[step]
    let segment = layout.segments[place.segment]
    let width = columns * segment.scale
    func pointer(_ value: Int, _ row: Int) -> UnsafeMutablePointer<Float> { buffers[layout.values[value].buffer].pointer(row) }
    let residual = layer.residual.map { UnsafePointer(pointer($0, rows.lowerBound)) }
    let target = pointer(step + 1, rows.lowerBound * factor)
    switch (plan.work[step], layer.kind) {
    case (.convolution(let prepared, let epilogue), .filter(let filter)):
      let start = max(0, rows.lowerBound - place.above)
      let end = min(height * segment.scale, rows.upperBound + place.below)
      var geometry = filter.band(rows: rows.count, above: place.above - (rows.lowerBound - start), below: 0, columns: width)
      geometry.inputHeight = end - start
      prepared.run(
        geometry, from: pointer(layer.input, start), residual: residual, epilogue, to: target, workspace: workspace)
    case (.map(let map), _):
      map.run(
        pixels: rows.count * width, channels: layout.values[step + 1].channels, from: pointer(layer.input, rows.lowerBound),
        residual: residual, to: target)
    default: preconditionFailure("a row layout has only convolutions and maps")
    }
  }
}

extension InferenceGraph.Filter {
  /// A band of output rows whose input begins `above` rows higher, of which the first `above` are padding, and ends `below` lower.
  func band(rows: Int, above: Int, below: Int, columns: Int) -> ConvolutionGeometry {
    var band = geometry
    band.batch = 1
    (band.inputWidth, band.outputWidth) = (columns, columns)
    (band.inputHeight, band.outputHeight) = (rows + above + below, rows)
    band.paddingTop = above
    return band
  }
}
