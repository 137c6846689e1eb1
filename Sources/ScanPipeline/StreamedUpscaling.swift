import ForgeGAN
package import Foundation
package import ScanDeid
import ScanIO
import ScanModel

extension ImageUpscaler {
  /// Results of more bytes are written piece by piece.
  package static let largestInMemory = 1 << 20

  /// Super-resolves one grey TIFF image whose result has more bytes than `limit`; nil for any other image.
  ///
  /// A TIFF brings no attributes, so there is nothing that its output could repeat.
  /// - Parameter folder: whose disk holds the pixels until the result is written.
  package func stream(_ scan: CleanScan, over limit: Int, spoolingIn folder: URL) throws -> EnhancedStream? {
    let factor = resolver.factor
    guard scan.format == .tiff, let pixels = scan.pixels, pixels.frames == 1, pixels.samplesPerPixel == 1,
      pixels.words.count * factor * factor > limit
    else { return nil }
    let spool = try PixelSpool(in: folder, columns: pixels.columns * factor, sampleBytes: pixels.bytesPerSample)
    try upscale(scan) { row, column, words in try spool.write(words, row: row, column: column) }
    return scan.enhanced(
      rows: pixels.rows * factor, columns: pixels.columns * factor, scale: Double(factor), read: spool.read)
  }
}
