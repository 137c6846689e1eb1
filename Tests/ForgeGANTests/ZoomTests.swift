import ForgeGAN
import ForgeNN
import ForgeTensor
import PixelMath
import Testing

struct ZoomTests {
  /// Rises by 8 a pixel along each row.
  private static func ramp(side: Int) -> InMemoryPlanes {
    let values = (0..<side * side).map { Float(8 * ($0 % side)) }
    return InMemoryPlanes([IntensityPlane(Plane(rows: side, columns: side, values: values), range: 1000, maximum: 4095)])
  }

  /// Item `index` of a batch of squares, whose 1 is `range`.
  private static func plane(_ items: Tensor, _ index: Int, range: Float) -> Plane {
    let side = items.shape[1]
    return Plane(rows: side, columns: side, values: Array(items.values[index * side * side..<(index + 1) * side * side]).map { $0 * range })
  }

  @Test(arguments: [2, 3, 4])
  func `a patch at another size is still the reduction of its truth`(factor: Int) {
    let source = Tiny.planes(count: 1, rows: 150, columns: 170)
    let range = source.plane(0).range
    let patches = SuperResolutionPatches(source, factor: factor, patch: 12, zoom: 1.5)
    let batch = patches.batch(count: 24, stream: RandomStream(seed: 3, named: "patches"), counter: 0)
    for index in 0..<24 {
      let (large, small) = (ZoomTests.plane(batch.large, index, range: range), ZoomTests.plane(batch.small, index, range: range))
      let reduced = large.resampled(rows: 12, columns: 12)
      for row in 3..<9 {
        // Half of a stored step, and what float loses.
        for column in 3..<9 { #expect(abs(reduced[row, column] - small[row, column]) < 0.55, "patch \(index) at \(row), \(column)") }
      }
    }
  }

  @Test func `the share of patches has another size, smaller and larger, within the zoom`() {
    let patches = SuperResolutionPatches(ZoomTests.ramp(side: 120), factor: 2, patch: 8, zoom: 1.5, zoomShare: 0.75)
    let batch = patches.batch(count: 200, stream: RandomStream(seed: 5, named: "patches"), counter: 0)
    let slopes = (0..<200).map { index in
      let plane = ZoomTests.plane(batch.large, index, range: 1000)
      return max(abs(plane[8, 13] - plane[8, 3]), abs(plane[13, 8] - plane[3, 8])) / 10 / 8
    }
    let (own, other) = (slopes.filter { abs($0 - 1) < 1e-4 }, slopes.filter { abs($0 - 1) >= 1e-4 })
    #expect((30...70).contains(own.count))
    #expect(other.allSatisfy { (0.65...1.52).contains($0) })
    #expect(other.count { $0 < 0.95 } > 40 && other.count { $0 > 1.05 } > 40)
    #expect(other.min()! < 0.72 && other.max()! > 1.4)
  }

  @Test func `a step's patches follow from seed and step, and an image too small for another size keeps its own`() {
    let stream = RandomStream(seed: 9, named: "patches")
    let patches = SuperResolutionPatches(ZoomTests.ramp(side: 90), factor: 2, patch: 8, zoom: 1.3)
    let first = patches.batch(count: 6, stream: stream, counter: 1 << 32)
    #expect(first.large == patches.batch(count: 6, stream: stream, counter: 1 << 32).large)
    #expect(first.large != patches.batch(count: 6, stream: stream, counter: 2 << 32).large)
    let plain = SuperResolutionPatches(ZoomTests.ramp(side: 16), factor: 2, patch: 8)
    let small = SuperResolutionPatches(ZoomTests.ramp(side: 16), factor: 2, patch: 8, zoom: 2)
    #expect(plain.batch(count: 6, stream: stream, counter: 0).large == small.batch(count: 6, stream: stream, counter: 0).large)
  }
}
