import Diagnostics
import PixelMath
import ScanImaging
import ScanModel
import Testing

private func buffer(_ stored: [UInt16], bitsStored: Int = 16, signed: Bool = false) -> PixelBuffer {
  PixelBuffer(
    rows: 1, columns: stored.count, bitsAllocated: 16, bitsStored: bitsStored, isSigned: signed,
    words: stored.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
}

private func rescaled(_ slope: String, _ intercept: String) -> Dataset {
  Dataset([Element(.rescaleSlope, .DS, text: slope), Element(.rescaleIntercept, .DS, text: intercept)])
}

@Test func `a fractional rescale is not truncated`() throws {
  // 0.37 x 128 + 0.5: DCMTK's own rescale gives 47.
  let slice = try Slice(pixels: buffer([128]), photometric: .monochrome2, dataset: rescaled("0.37", "0.5"))
  #expect(abs(slice.values[0] - 47.86) < 1e-4)
}

@Test func `bits above Bits Stored do not count`() throws {
  let slice = try Slice(pixels: buffer([0xF123, 0x0123], bitsStored: 12), photometric: .monochrome2, dataset: Dataset())
  #expect(slice.values == [291, 291])
  #expect(slice.storedRange == 0...4095)
}

@Test func `signed words of fewer bits keep their sign`() throws {
  let slice = try Slice(pixels: buffer([0x0FFF, 0x0800, 0x07FF], bitsStored: 12, signed: true), photometric: .monochrome2, dataset: Dataset())
  #expect(slice.values == [-1, -2048, 2047])
}

@Test func `MONOCHROME1 is turned exactly once and keeps its range`() throws {
  let turned = try Slice(pixels: buffer([0, 5, 4095], bitsStored: 12), photometric: .monochrome1, dataset: Dataset())
  #expect(turned.values == [4095, 4090, 0])
}

@Test func `a MONOCHROME1 window shows the same picture as its MONOCHROME2 twin`() throws {
  let stored: [UInt16] = [0, 100, 900, 1000, 1100, 2000, 4095]
  let window = [Element(.windowCenter, .DS, text: "1000"), Element(.windowWidth, .DS, text: "401")]
  let one = try Slice(pixels: buffer(stored, bitsStored: 12), photometric: .monochrome1, dataset: Dataset(window))
  let two = try Slice(pixels: buffer(stored, bitsStored: 12), photometric: .monochrome2, dataset: Dataset(window))
  let shownOne = one.windowed(try #require(one.window), to: 0...1)
  let shownTwo = two.windowed(try #require(two.window), to: 0...1)
  for (a, b) in zip(shownOne, shownTwo) { #expect(abs(a - (1 - b)) < 1e-5) }
}

@Test func `padding takes the darkest value of the anatomy`() throws {
  var dataset = rescaled("1", "-1024")
  dataset.set(Element(.pixelPaddingValue, .US, .bytes([0, 0])))
  let slice = try Slice(pixels: buffer([0, 24, 1024]), photometric: .monochrome2, dataset: dataset)
  #expect(slice.values == [-1000, -1000, 0])
}

@Test func `a window maps its edges to the ends of the scale`() {
  let slice = Slice(rows: 1, columns: 3, values: [-0.5 - 39.5 + 40, 79, 40 - 0.5], storedRange: 0...100)
  let shown = slice.windowed(WindowSetting(center: 40, width: 80), to: -1...1)
  #expect(abs(shown[0] + 1) < 1e-5)
  #expect(abs(shown[1] - 1) < 1e-5)
  #expect(abs(shown[2]) < 1e-5)
}

@Test func `the stored window of 8 bits maps 0 and 255 to -1 and 1 and back`() throws {
  let pixels = PixelBuffer(rows: 16, columns: 16, bitsAllocated: 8, words: (0..<256).map { UInt8($0) })
  let slice = try Slice(pixels: pixels, photometric: .monochrome2, dataset: Dataset())
  let (plane, window, _) = try Normalizer(intensity: .stored, size: nil).normalize(slice)
  for value in 0..<256 { #expect(abs(plane.values[value] - (Float(value) / 127.5 - 1)) < 1e-5) }
  #expect(window.bounds == 0...255)
}

@Test func `normalizing keeps the aspect ratio and adjusts the spacing`() throws {
  let slice = Slice(
    rows: 100, columns: 50, values: [Float](repeating: 1, count: 5000), spacingMillimeters: SpacingMillimeters(row: 0.5, column: 0.5),
    storedRange: 0...1)
  let (plane, _, spacing) = try Normalizer(intensity: .stored, size: 20).normalize(slice)
  #expect(plane.rows == 20 && plane.columns == 20)
  #expect(plane[10, 10] > 0.99 && plane[10, 4] == -1 && plane[10, 15] == -1)
  #expect(spacing == SpacingMillimeters(row: 2.5, column: 2.5))
}

@Test func `series are ordered by position along the normal and gaps are flagged`() {
  func placement(_ z: Double) -> SlicePlacement? {
    var dataset = Dataset()
    dataset.set(.imagePositionPatient, .DS, text: "0\\0\\\(z)")
    dataset.set(.imageOrientationPatient, .DS, text: "1\\0\\0\\0\\1\\0")
    return SlicePlacement(dataset)
  }
  let geometry = SeriesGeometry([30, 0, 10, 50, 20].compactMap(placement))
  #expect(geometry.order == [1, 2, 4, 0, 3])
  #expect(geometry.flags == [.gap, .mixedSpacing])
  #expect(geometry.spacingMillimeters == 10)
}

@Test func `an object without image is explained`() {
  #expect(throws: ImagingError.noPixels) { try Slice(pixels: nil, photometric: nil, dataset: Dataset()) }
  #expect(ImagingError.noPixels.description == "The object has no image. Leave objects without Pixel Data (plans, reports) out of the input.")
}
