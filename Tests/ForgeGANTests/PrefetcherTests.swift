import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import PixelMath
import Synchronization
import Testing

/// Batches that say which step they are for; keeps count of what was made.
private struct Numbers: BatchSource {
  struct Batch: Sendable {
    var values: Tensor
    var step: Int
  }

  final class Count: Sendable {
    let made = Mutex(0)
    var value: Int { made.withLock { $0 } }
  }

  let count = Count()
  var failsAt = Int.max

  func makeRoom() -> Batch { Batch(values: Tensor(blank: [10_000]), step: -1) }

  mutating func fill(_ room: inout Batch, seed: UInt64, step: Int) throws(ForgeGANError) {
    if step == failsAt { throw .dataUnreadable(reason: "image 7 is gone") }
    room.step = step
    room.values.withUnsafeMutableBufferPointer { $0.update(repeating: Float(seed) + Float(step)) }
    count.made.withLock { $0 += 1 }
  }
}

@Suite struct PrefetcherTests {
  @Test func `batches come in order, whole, in the memory of two`() throws {
    let prefetcher = Prefetcher(Numbers(), seed: 1000, from: 3, to: 40)
    defer { prefetcher.cancel() }
    var places: Set<UnsafePointer<Float>> = []
    for step in 3..<40 {
      try prefetcher.withNext { batch in
        #expect(batch.step == step)
        batch.values.withUnsafeBufferPointer { values in
          places.insert(values.baseAddress!)
          #expect(values.allSatisfy { $0 == Float(1000 + step) })
        }
      }
    }
    #expect(places.count == 2)
  }

  @Test func `the next batch is made while a step runs, and no further one`() throws {
    let source = Numbers()
    let prefetcher = Prefetcher(source, seed: 1, from: 0, to: nil)
    for step in 0..<5 {
      try prefetcher.withNext { _ in
        let limit = ContinuousClock.now + .seconds(20)
        while source.count.value < step + 2, ContinuousClock.now < limit { usleep(100) }
        #expect(source.count.value == step + 2)
      }
    }
    prefetcher.cancel()
    let made = source.count.value
    #expect(made <= 7)
    usleep(20_000)
    #expect(source.count.value == made)
  }

  @Test func `an error reaches the step whose batch it was, and every later one`() throws {
    var source = Numbers()
    source.failsAt = 2
    let prefetcher = Prefetcher(source, seed: 1, from: 0, to: nil)
    defer { prefetcher.cancel() }
    for step in 0..<2 { try prefetcher.withNext { #expect($0.step == step) } }
    for _ in 0..<2 {
      #expect(throws: ForgeGANError.dataUnreadable(reason: "image 7 is gone")) { try prefetcher.withNext { _ in } }
    }
  }

  @Test func `a prefetcher that nobody asks ends when it is cancelled`() {
    let source = Numbers()
    let prefetcher = Prefetcher(source, seed: 1, from: 0, to: nil)
    prefetcher.cancel()
    #expect(source.count.value <= 2)
  }
}

/// Images of which one cannot be read from some time on.
private final class FailingImages: LabelledImages {
  let images = Tiny.images()
  let isBroken = Mutex(false)
  var count: Int { images.count }
  var size: Int { images.size }
  var labels: [Int32] { images.labels }
  var labelNames: [String] { images.labelNames }

  func copy(_ index: Int, into pixels: UnsafeMutableBufferPointer<Float>) throws(ForgeGANError) {
    if isBroken.withLock({ $0 }) { throw .dataUnreadable(reason: "image \(index) is gone") }
    images.copy(index, into: pixels)
  }
}

@Suite struct TrainingDataTests {
  @Test func `data that fail end a training with their error, and it resumes to the same bytes`() throws {
    func run(_ images: any LabelledImages, _ folder: ModelFolder, steps: Int = 8, resume: Bool = false, breakAt: Int = .max) throws {
      let model = try ModelRegistry.entry("cgan").make(ModelRequest(options: Tiny.cganOptions, data: .images(images), seed: 5))
      var trainer = Trainer(plan: try TrainingPlan(steps: steps), seed: 5)
      var asked = 0
      trainer.isCancelled = {
        asked += 1
        if asked > breakAt { (images as? FailingImages)?.isBroken.withLock { $0 = true } }
        return false
      }
      _ = try trainer.train(model, into: folder, resume: resume)
    }
    let straight = try Tiny.withFolder { folder in
      try run(Tiny.images(), folder)
      return try Data(contentsOf: folder.state)
    }
    try Tiny.withFolder { folder in
      let error = #expect(throws: ForgeGANError.self) { try run(FailingImages(), folder, breakAt: 3) }
      #expect(error?.code == "training.dataUnreadable")
      // The batches that were made before are used.
      let step = try CheckpointReader(contentsOf: folder.state).counter("counter/step")
      #expect((2...5).contains(step))
      try run(Tiny.images(), folder, resume: true)
      #expect(try Data(contentsOf: folder.state) == straight)
    }
  }

  @Test func `patches are crops of the planes and of their enlargement, turned`() throws {
    let source = Tiny.planes(rows: 51, columns: 62)
    let patches = SuperResolutionPatches(source, factor: 2, patch: 8)
    let stream = RandomStream(seed: 9, named: "patches")
    var batch = patches.makeRoom(count: 40)
    patches.fill(&batch, stream: stream, counter: 77)
    for index in 0..<40 {
      let first = UInt64(77 + index * 6)
      let item = source.plane(stream.integer(below: 3, counter: first))
      let large = item.plane.croppedToMultiple(of: 2)
      let small = Degradation().small(of: large, factor: 2, maximum: item.maximum, share: 1)
      let row = stream.integer(below: small.rows - 7, counter: first + 1)
      let column = stream.integer(below: small.columns - 7, counter: first + 2)
      let flags = (3..<6).map { stream.integer(below: 2, counter: first + $0) == 1 }
      func expected(_ plane: Plane) -> [Float] {
        let side = plane.rows
        return (0..<side * side).map { place in
          let (r, c) = flags[2] ? (place % side, place / side) : (place / side, place % side)
          return plane.values[(flags[0] ? side - 1 - r : r) * side + (flags[1] ? side - 1 - c : c)] * (1 / item.range)
        }
      }
      func found(_ tensor: Tensor) -> [Float] {
        let area = tensor.count / 40
        return Array(tensor.values[index * area..<(index + 1) * area])
      }
      let enlarged = small.resampled(rows: large.rows, columns: large.columns)
      #expect(found(batch.small) == expected(small.cropped(row: row, column: column, rows: 8, columns: 8)))
      #expect(found(batch.large) == expected(large.cropped(row: 2 * row, column: 2 * column, rows: 16, columns: 16)))
      let wanted = expected(enlarged.cropped(row: 2 * row, column: 2 * column, rows: 16, columns: 16))
      #expect(zip(found(batch.enlarged), wanted).allSatisfy { abs($0 - $1) <= 1e-6 })
    }
  }
}
