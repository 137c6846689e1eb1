import PixelMath
import ScanModel
import ScanPipeline
import Testing

@Test(arguments: [SliceDepth.eight, .sixteen])
func `every word survives decode and encode`(depth: SliceDepth) throws {
  let count = depth == .eight ? 256 : 65536
  let words = (0..<count).flatMap { word in depth == .eight ? [UInt8(word)] : [UInt8(word & 255), UInt8(word >> 8)] }
  let pixels = PixelBuffer(rows: 16, columns: count / 16, bitsAllocated: depth.rawValue, words: words)
  let plane = try #require(depth.decode(pixels))
  #expect(plane.values.first == -1 && plane.values.last == 1)
  #expect(depth.encode(plane).words == words)
}

@Test func `values outside the scale are clipped`() {
  let plane = Plane(rows: 1, columns: 4, values: [-2, -1, 1, 3])
  #expect(SliceDepth.eight.encode(plane).words == [0, 0, 255, 255])
}

@Test func `a sample grid holds each plane in its cell`() {
  let black = Plane(rows: 2, columns: 3, values: [Float](repeating: -1, count: 6))
  let white = Plane(rows: 2, columns: 3, values: [Float](repeating: 1, count: 6))
  let grid = SampleGrid.compose([black, white, white], columns: 2)
  #expect(grid.rows == 2 * (2 + 2) + 2 && grid.columns == 2 * (3 + 2) + 2)
  #expect(grid.words[2 * grid.columns + 2] == 0)
  #expect(grid.words[2 * grid.columns + 2 + 5] == 255)
}
