import ForgeTensor

/// Computes batches layer by layer, in pieces small enough for the caches.
///
/// Early layers of a generator have small maps and many weights, late ones large maps and few weights. So a piece of a batch goes through
/// the early layers whole and is halved where the maps outgrow the cache; each half runs to the end before the next.
final class BatchSchedule {
  let input: InferenceGraph.Extents
  private unowned let plan: InferencePlan
  private let extents: [InferenceGraph.Extents]
  /// Most images that pass through a step at once; never grows along the steps.
  private let batch: [Int]
  /// First float of each value's place in `arena`; the input and the output live elsewhere.
  private let offsets: [Int]
  private let arena: AlignedMemory
  private let workspace: AlignedMemory

  /// Bytes of maps around a step: at least what the second-level caches hold, more where the weights are larger still.
  private static let cacheBytes = (least: 2 << 20, most: 8 << 20)
  private static let largestBatch = 64

  init(_ plan: InferencePlan, input: InferenceGraph.Extents) {
    self.plan = plan
    self.input = input
    let extents = plan.graph.extents(of: input)
    var batch: [Int] = []
    for (index, layer) in plan.graph.layers.enumerated() {
      let bytes = 4 * (extents[layer.input].count + extents[index + 1].count)
      var weightBytes = 0
      if case .convolution(let prepared, _) = plan.work[index] { weightBytes = prepared.byteCount }
      let room = min(max(weightBytes, BatchSchedule.cacheBytes.least), BatchSchedule.cacheBytes.most)
      var count = batch.last ?? BatchSchedule.largestBatch
      while count > 1, count * bytes > room { count /= 2 }
      batch.append(count)
    }
    self.extents = extents
    self.batch = batch
    let places = BatchSchedule.places(plan.graph, extents, batch)
    offsets = places.offsets
    arena = AlignedMemory(floats: places.count)
    workspace = AlignedMemory(
      byteCount: plan.work.indices.reduce(0) { most, index in
        guard case .convolution(let prepared, _) = plan.work[index], case .filter(let filter) = plan.graph.layers[index].kind else {
          return most
        }
        let from = extents[plan.graph.layers[index].input]
        return max(most, prepared.workspaceBytes(filter.geometry(batch: batch[index], rows: from.rows, columns: from.columns)))
      })
  }

  /// Gives each value a place that no value overlaps while both are needed.
  private static func places(
    _ graph: InferenceGraph, _ extents: [InferenceGraph.Extents], _ batch: [Int]
  ) -> (offsets: [Int], count: Int) {
    var lastUse = [Int](repeating: 0, count: graph.layers.count + 1)
    for (index, layer) in graph.layers.enumerated() {
      for value in [layer.input, layer.residual].compactMap({ $0 }) where value > 0 {
        // Steps of a smaller piece run again and again, so what they read stays to the end.
        lastUse[value] = batch[index] < batch[value - 1] ? graph.layers.count : max(lastUse[value], index)
      }
    }
    var offsets = [Int](repeating: 0, count: graph.layers.count + 1)
    var count = 0
    var placed: [(value: Int, range: Range<Int>)] = []
    for value in offsets.indices.dropFirst() where value != graph.output {
      // A value that later layers of a smaller piece make must not cover what an earlier step of the next piece reads.
      let size = (batch[value - 1] * extents[value].count + 15) & ~15
      placed.removeAll { lastUse[$0.value] < value - 1 }
      var start = 0
      for range in placed.map(\.range).sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if range.lowerBound >= start + size { break }
        start = max(start, range.upperBound)
      }
      offsets[value] = start
      placed.append((value, start..<start + size))
      count = max(count, start + size)
    }
    return (offsets, count)
  }

  func run(_ x: Tensor, rows: [Int]) -> Tensor {
    let count = x.shape[0]
    let last = extents[plan.graph.output]
    var y = Tensor.zeros(last.rows == 1 && last.columns == 1 ? [count, last.channels] : [count, last.rows, last.columns, last.channels])
    guard plan.graph.output > 0 else { return x }
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let source = x.baseAddress, let target = y.baseAddress else { return }
        var pass = Pass(schedule: self, rows: rows, source: source, target: target)
        pass.advance(from: 0, images: 0..<count)
      }
    }
    return y
  }

  /// One batch on its way.
  private struct Pass {
    let schedule: BatchSchedule
    let rows: [Int]
    let source: UnsafePointer<Float>
    let target: UnsafeMutablePointer<Float>
    /// The first image of the piece in which each value was made last.
    var firstImage: [Int]

    init(schedule: BatchSchedule, rows: [Int], source: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>) {
      self.schedule = schedule
      self.rows = rows
      self.source = source
      self.target = target
      firstImage = [Int](repeating: 0, count: schedule.extents.count)
    }

    mutating func advance(from first: Int, images: Range<Int>) {
      for step in first..<schedule.plan.work.count {
        let limit = schedule.batch[step]
        guard images.count <= limit else {
          for start in stride(from: images.lowerBound, to: images.upperBound, by: limit) {
            advance(from: step, images: start..<min(start + limit, images.upperBound))
          }
          return
        }
        firstImage[step + 1] = images.lowerBound
        run(step, images)
      }
    }

    private func pointer(_ value: Int, _ image: Int) -> UnsafeMutablePointer<Float> {
      let size = schedule.extents[value].count
      if value == schedule.plan.graph.output { return target + image * size }
      return schedule.arena.floats + schedule.offsets[value] + (image - firstImage[value]) * size
    }

    private func read(_ value: Int, _ image: Int) -> UnsafePointer<Float> {
      value == 0 ? source + image * schedule.extents[0].count : UnsafePointer(pointer(value, image))
    }

    private func run(_ step: Int, _ images: Range<Int>) {
      let layer = schedule.plan.graph.layers[step]
      let (from, to) = (schedule.extents[layer.input], schedule.extents[step + 1])
      let first = images.lowerBound
      switch (schedule.plan.work[step], layer.kind) {
      case (.convolution(let prepared, let epilogue), .filter(let filter)):
        prepared.run(
          filter.geometry(batch: images.count, rows: from.rows, columns: from.columns), from: read(layer.input, first),
          residual: layer.residual.map { read($0, first) }, epilogue, to: pointer(step + 1, first), workspace: schedule.workspace)
      case (.map(let map), _):
        for image in images {
          map.run(
            pixels: to.rows * to.columns, channels: to.channels, row: rows.isEmpty ? 0 : rows[image], from: read(layer.input, image),
            residual: layer.residual.map { read($0, image) }, to: pointer(step + 1, image))
        }
      case (.appendRow(let table, let isFirst), _):
        let width = table.shape[-1]
        table.withUnsafeBufferPointer { table in
          for image in images {
            let row = table.baseAddress! + (rows.isEmpty ? 0 : rows[image] * width)
            let target = pointer(step + 1, image)
            target.advanced(by: isFirst ? 0 : from.channels).update(from: row, count: width)
            target.advanced(by: isFirst ? width : 0).update(from: read(layer.input, image), count: from.channels)
          }
        }
      case (.convolution, _): preconditionFailure("a convolution without its filter")
      }
    }
  }
}
