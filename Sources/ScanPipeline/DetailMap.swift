import ForgeGAN
import PixelMath
package import ScanDeid
import ScanIO
import ScanModel

/// Where a super-resolved image shows detail that its input cannot tell (`Plane.unmeasuredDetail`): what a reader should doubt first.
package struct DetailMap {
  /// Root mean square of the detail around each pixel (a Gaussian as wide as a pixel of the input), as a share of the image's range.
  let magnitudes: Plane

  /// Of all pixels.
  package var rootMeanSquare: Double {
    (magnitudes.values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(magnitudes.values.count)).squareRoot()
  }

  /// Black for none, white for this share of the image's range and more.
  static let white: Float = 0.1

  /// 16 bits, grey.
  func png() throws -> [UInt8] {
    var words: [UInt8] = []
    words.reserveCapacity(magnitudes.values.count * 2)
    for value in magnitudes.values {
      // What has no bounds is white, too.
      let word = value.isFinite ? UInt16(min(value / DetailMap.white, 1) * 65535) : .max
      words += [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)]
    }
    let pixels = PixelBuffer(
      rows: magnitudes.rows, columns: magnitudes.columns, bitsAllocated: 16, bitsStored: 16, isSigned: false, words: words)
    return try PNGWriter.encode(
      pixels, photometric: .monochrome2, spacing: nil,
      texts: [
        "Software": "ScanForge",
        "Description": "Magnitude of super-resolved detail that the input cannot tell; white is a tenth of the image's range. " + PNGWriter.enhancedNotice,
      ])
  }
}

extension ImageUpscaler {
  /// Larger results have no map: it needs the image as numbers several times.
  private static let largestMap = 1 << 26

  /// Rounds for the plainest image, where the result itself has fewer.
  private static let mapRounds = 8

  /// The map of a grey image of one frame; nil for any other.
  package func detailMap(of scan: CleanScan) throws -> DetailMap? {
    let factor = resolver.factor
    guard let pixels = scan.pixels, pixels.frames == 1, pixels.samplesPerPixel == 1, scan.photometric != .palette, pixels.bitsStored > 1,
      pixels.rows * pixels.columns * factor * factor <= ImageUpscaler.largestMap
    else { return nil }
    let seen = try SeenPlane(scan, pixels, frame: 0, sample: 0)
    let small = Plane(rows: pixels.rows, columns: pixels.columns, values: (0..<pixels.rows).flatMap(seen.rows.row))
    guard seen.range > 0 else {
      let nothing = [Float](repeating: 0, count: small.values.count * factor * factor)
      return DetailMap(magnitudes: Plane(rows: pixels.rows * factor, columns: pixels.columns * factor, values: nothing))
    }
    let image = try resolver.upscale(small, range: seen.range)
    let rounds = max(ImageUpscaler.mapRounds, resolver.refinement.backProjections)
    let detail = image.unmeasuredDetail(beside: small, rounds: rounds)
    let squares = Plane(rows: detail.rows, columns: detail.columns, values: detail.values.map { ($0 / seen.range) * ($0 / seen.range) })
    let around = squares.blurred(sigma: Double(factor))
    return DetailMap(magnitudes: Plane(rows: detail.rows, columns: detail.columns, values: around.values.map { $0.squareRoot() }))
  }
}
