import CPNG
package import ScanDeid
package import ScanModel

/// PNG of 8- or 16-bit unsigned samples, without time stamps.
package enum PNGWriter {
  /// What every generated image says about itself.
  package static let syntheticNotice = "Synthetic image, made by a generative model. For research, not for diagnosis."
  package static let syntheticSourceNotice = "Made from an image that was made artificially. For research, not for diagnosis."
  package static let enhancedNotice = "Super-resolved image; fine detail is estimated by a model. For research, not for diagnosis."

  package static func encode(_ scan: CleanScan) throws(ScanWriteError) -> [UInt8] {
    guard let pixels = scan.pixels else { throw .noPixels(.png) }
    return try encode(
      pixels, photometric: scan.photometric ?? .monochrome2, spacing: SpacingMillimeters(rowThenColumn: scan.spacingMillimeters))
  }

  package static func encode(_ scan: EnhancedScan) throws(ScanWriteError) -> [UInt8] {
    try encode(
      scan.pixels, photometric: scan.source.photometric ?? .monochrome2,
      spacing: SpacingMillimeters(rowThenColumn: scan.source.spacingMillimeters)?.divided(by: scan.scale),
      texts: ["Software": "ScanForge", "Description": enhancedNotice, "Source": scan.derivation])
  }

  package static func encode(_ scan: SyntheticScan) throws(ScanWriteError) -> [UInt8] {
    var texts = ["Software": "ScanForge", "Description": syntheticNotice, "Source": scan.derivation]
    if let label = scan.label { texts["Title"] = label.name }
    return try encode(scan.pixels, photometric: .monochrome2, spacing: scan.spacingMillimeters, texts: texts)
  }

  /// - Parameters:
  ///   - pixels: one frame; MONOCHROME1 is written inverted, since PNG's zero is black.
  ///   - texts: Latin-1 keywords (1 to 79 bytes) and texts, written in the keywords' byte order.
  package static func encode(
    _ pixels: PixelBuffer, photometric: Photometric, spacing: SpacingMillimeters?, texts: [String: String] = [:]
  ) throws(ScanWriteError) -> [UInt8] {
    guard pixels.frames == 1 else { throw .multipleFrames(.png, frames: pixels.frames) }
    guard pixels.hasWholeWords else { throw .pixelCount(.png) }
    guard [8, 16].contains(pixels.bitsAllocated), !pixels.isSigned, !pixels.isFloat else {
      throw .unsupportedSamples(.png, bits: pixels.bitsAllocated, isSigned: pixels.isSigned, isFloat: pixels.isFloat)
    }
    let color: cpng_color
    switch (photometric, pixels.samplesPerPixel) {
    case (.monochrome1, 1), (.monochrome2, 1): color = CPNG_GREY
    case (.monochrome2, 2): color = CPNG_GREY_ALPHA
    case (.rgb, 3): color = CPNG_RGB
    case (.rgb, 4): color = CPNG_RGB_ALPHA
    default: throw .unsupportedPhotometric(.png, name: photometric.name)
    }
    var words = pixels.interleaved().words
    if photometric == .monochrome1 { words = words.map { ~$0 } }

    // C strings must outlive the call.
    var strings: [UnsafeMutablePointer<CChar>] = []
    defer { strings.forEach { $0.deallocate() } }
    var chunks: [cpng_text] = []
    for (keyword, text) in texts.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      let pair = [keyword, text].map(latin1)
      strings += pair
      chunks.append(cpng_text(keyword: pair[0], text: pair[1]))
    }
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: 256)
    let status = cpng_write(
      UInt32(pixels.rows), UInt32(pixels.columns), UInt32(pixels.bitsAllocated), UInt32(color.rawValue), words, words.count, chunks,
      chunks.count,
      spacing?.row ?? 0, spacing?.column ?? 0, &out, &count, &message, message.count)
    guard status == Int32(CPNG_OK.rawValue), let out else { throw .encoder(.png) }
    defer { cpng_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }

  private static func latin1(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = text.unicodeScalars.map { (1...0xFF).contains($0.value) ? UInt8($0.value) : UInt8(ascii: "?") } + [0]
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
    return copy
  }
}
