import ScanCatalog
import ScanImaging
import ScanModel

/// An image as 8-bit grey for viewers and training programs, with the window that made it; 8-bit RGB stays what it is.
struct EightBitPicture {
  let pixels: PixelBuffer
  let photometric: Photometric
  /// Modality units that became 0 and 255.
  let low: Double
  let high: Double

  /// - Parameters:
  ///   - scan: read back from an object.
  ///   - frame: from 0.
  /// - Throws: `ImagingError` when the image has no grey.
  init(_ scan: RawScan, attributes: ArtifactAttributes, frame: Int = 0) throws {
    if scan.photometric == .rgb, let colors = scan.pixels.flatMap({ Self.colors($0, frame: frame) }) {
      (pixels, photometric) = (colors, .rgb)
      (low, high) = (0, 255)
      return
    }
    photometric = .monochrome2
    if let pixels = scan.pixels, let intensity = attributes.intensity, let words = Self.rescaled(pixels) {
      // A normalized slice: its words already run over the window.
      self.pixels = words
      (low, high) = (intensity.lowerBound, intensity.upperBound)
      return
    }
    let slice = try Slice(
      pixels: scan.pixels, photometric: scan.photometric, dataset: scan.dataset, frame: frame, spacingMillimeters: scan.spacingMillimeters)
    let intensity = attributes.window.map { Normalizer.Intensity.window($0) } ?? .auto
    let window = try Normalizer(intensity: intensity, size: nil).normalize(slice).window
    let words = slice.windowed(window, to: 0...255).map { UInt8($0.rounded(.toNearestOrEven)) }
    pixels = PixelBuffer(rows: slice.rows, columns: slice.columns, bitsAllocated: 8, words: words)
    (low, high) = (Double(window.bounds.lowerBound), Double(window.bounds.upperBound))
  }

  var columns: [String: CanonicalJSON] { ["window_low": .number(low), "window_high": .number(high)] }

  /// One frame of red, green and blue bytes, without alpha; nil for other depths.
  private static func colors(_ pixels: PixelBuffer, frame: Int) -> PixelBuffer? {
    guard pixels.bitsAllocated == 8, pixels.bitsStored == 8, !pixels.isSigned, pixels.samplesPerPixel >= 3 else { return nil }
    return pixels.frame(frame, samples: 3)
  }

  /// 0...maximum to 0...255, rounded to nearest; nil unless grey of 8 or 16 unsigned bits.
  private static func rescaled(_ pixels: PixelBuffer) -> PixelBuffer? {
    guard pixels.samplesPerPixel == 1, pixels.frames == 1, !pixels.isFloat, !pixels.isSigned else { return nil }
    switch pixels.bitsAllocated {
    case 8: return pixels
    case 16:
      var words = [UInt8](repeating: 0, count: pixels.rows * pixels.columns)
      for index in words.indices {
        let word = UInt32(pixels.words[2 * index]) | UInt32(pixels.words[2 * index + 1]) << 8
        words[index] = UInt8((word * 255 + 32767) / 65535)
      }
      return PixelBuffer(rows: pixels.rows, columns: pixels.columns, bitsAllocated: 8, words: words)
    default: return nil
    }
  }
}
