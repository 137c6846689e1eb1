import CTIFF
package import ScanDeid
package import ScanModel

/// TIFF, a page for each frame, with structural tags and resolution only: nothing that could identify or date an image.
///
/// Uncompressed, so that the bytes do not depend on the machine's zlib; equal input gives equal bytes anywhere.
package enum TIFFWriter {
  package static func encode(_ scan: CleanScan) throws(ScanWriteError) -> [UInt8] {
    guard let pixels = scan.pixels else { throw .noPixels(.tiff) }
    return try encode(
      pixels, photometric: scan.photometric ?? .monochrome2, spacing: SpacingMillimeters(rowThenColumn: scan.spacingMillimeters))
  }

  /// Resolution follows the finer grid.
  package static func encode(_ scan: EnhancedScan) throws(ScanWriteError) -> [UInt8] {
    try encode(
      scan.pixels, photometric: scan.source.photometric ?? .monochrome2,
      spacing: SpacingMillimeters(rowThenColumn: scan.source.spacingMillimeters)?.divided(by: scan.scale))
  }

  package static func encode(_ scan: SyntheticScan) throws(ScanWriteError) -> [UInt8] {
    try encode(scan.pixels, photometric: .monochrome2, spacing: scan.spacingMillimeters)
  }

  /// - Parameter pixels: 8 to 64 bits, integer or float; 1 to 4 samples a pixel. For pixels that this program made, such as sample grids.
  package static func encode(_ pixels: PixelBuffer, photometric: Photometric, spacing: SpacingMillimeters?) throws(ScanWriteError)
    -> [UInt8]
  {
    guard pixels.hasWholeWords else { throw .pixelCount(.tiff) }
    var image = try structure(of: pixels, photometric: photometric, spacing: spacing)
    let words = pixels.interleaved().words
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: 256)
    guard ctiff_write_memory(&image, words, words.count, &out, &count, &message, message.count) == Int32(CTIFF_OK.rawValue), let out else {
      throw .encoder(.tiff)
    }
    defer { ctiff_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }

  /// Writes an image that is too large for memory to an open file; the bytes are those that `encode` would give.
  ///
  /// - Throws: `ScanWriteError`; `FileWriteError` when the file takes no more.
  package static func write(_ scan: EnhancedStream, descriptor: Int32) throws {
    guard let pixels = scan.source.pixels else { throw ScanWriteError.noPixels(.tiff) }
    guard pixels.frames == 1 else { throw ScanWriteError.multipleFrames(.tiff, frames: pixels.frames) }
    var image = try structure(
      of: pixels, photometric: scan.source.photometric ?? .monochrome2,
      spacing: SpacingMillimeters(rowThenColumn: scan.source.spacingMillimeters)?.divided(by: scan.scale))
    image.rows = UInt32(scan.rows)
    image.columns = UInt32(scan.columns)
    var read = scan.read
    var message = [CChar](repeating: 0, count: 256)
    var refusal: Int32 = 0
    let status = withUnsafeMutablePointer(to: &read) { read in
      ctiff_write_descriptor(
        &image,
        { context, offset, strip, count in
          let read = context!.assumingMemoryBound(to: ((Int, UnsafeMutableRawBufferPointer) -> Bool).self).pointee
          return read(Int(offset), UnsafeMutableRawBufferPointer(start: strip, count: count)) ? 1 : 0
        }, read, descriptor, &refusal, &message, message.count)
    }
    guard status == Int32(CTIFF_OK.rawValue) else {
      throw refusal == 0 ? ScanWriteError.encoder(.tiff) : FileWriteError(errno: refusal)
    }
  }

  /// The structural tags of `pixels`, whose own rows and columns may be replaced.
  private static func structure(of pixels: PixelBuffer, photometric: Photometric, spacing: SpacingMillimeters?) throws(ScanWriteError)
    -> ctiff_image
  {
    guard [8, 16, 32, 64].contains(pixels.bitsAllocated), !pixels.isFloat || pixels.bitsAllocated >= 32 else {
      throw .unsupportedSamples(.tiff, bits: pixels.bitsAllocated, isSigned: pixels.isSigned, isFloat: pixels.isFloat)
    }
    var image = ctiff_image()
    switch (photometric, pixels.samplesPerPixel) {
    case (.monochrome1, 1...2): image.photometric = 0
    case (.monochrome2, 1...2): image.photometric = 1
    case (.rgb, 3...4): image.photometric = 2
    default: throw .unsupportedPhotometric(.tiff, name: photometric.name)
    }
    guard let pages = UInt32(exactly: pixels.frames), pages > 0 else { throw .pixelCount(.tiff) }
    image.pages = pages
    image.rows = UInt32(pixels.rows)
    image.columns = UInt32(pixels.columns)
    image.samples_per_pixel = UInt32(pixels.samplesPerPixel)
    image.bits_per_sample = UInt32(pixels.bitsAllocated)
    image.sample_format = pixels.isFloat ? 3 : pixels.isSigned ? 2 : 1
    image.predictor = 1
    if let spacing, spacing.row > 0, spacing.column > 0 {
      image.rows_per_cm = 10 / spacing.row
      image.columns_per_cm = 10 / spacing.column
    }
    return image
  }
}

extension PixelBuffer {
  /// Dimensions are positive and `words` has the length that they ask for.
  var hasWholeWords: Bool {
    rows > 0 && columns > 0 && rows <= 1 << 30 && columns <= 1 << 30 && samplesPerPixel > 0
      && product([rows, columns, frames, samplesPerPixel, bytesPerSample]) == words.count
  }

  /// Samples of a pixel side by side.
  package func interleaved() -> PixelBuffer {
    guard isPlanar, samplesPerPixel > 1 else { return self }
    var result = self
    result.isPlanar = false
    let plane = rows * columns
    let width = bytesPerSample
    for frame in 0..<frames {
      let base = frame * bytesPerFrame
      for sample in 0..<samplesPerPixel {
        for pixel in 0..<plane {
          let source = base + (sample * plane + pixel) * width
          let target = base + (pixel * samplesPerPixel + sample) * width
          for byte in 0..<width { result.words[target + byte] = words[source + byte] }
        }
      }
    }
    return result
  }
}

extension SpacingMillimeters {
  /// From `[row, column]`; nil when there are not two positive numbers.
  init?(rowThenColumn values: [Double]?) {
    guard let values, values.count == 2, values[0] > 0, values[1] > 0 else { return nil }
    self.init(row: values[0], column: values[1])
  }

  func divided(by scale: Double) -> SpacingMillimeters { SpacingMillimeters(row: row / scale, column: column / scale) }
}
