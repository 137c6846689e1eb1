import ScanDeid
import ScanIO
import ScanModel
import Testing

@Suite struct WriterTIFFTests {
  @Test(arguments: [(8, false, false), (16, false, false), (16, true, false), (32, false, true)])
  func `samples come back bit for bit`(bits: Int, isSigned: Bool, isFloat: Bool) throws {
    let pixels = SamplePixels.grey(bits: bits, isSigned: isSigned, isFloat: isFloat)
    let file = try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: SpacingMillimeters(row: 0.5, column: 0.25))
    let report = try Prescan.scan(file)
    #expect(report.geometry == PixelGeometry(rows: 9, columns: 14, bitsAllocated: bits))
    let tags = TIFFTags(file)
    #expect(Array(file[tags.strips]) == pixels.words)
    #expect(tags.value(339) ?? 1 == (isFloat ? 3 : isSigned ? 2 : 1))
    // Pixels per centimeter: 10 mm / spacing.
    #expect(tags.rational(282) == 40 && tags.rational(283) == 20 && tags.value(296) == 3)
  }

  @Test func `only structural tags are written`() throws {
    let synthetic = SyntheticScan(
      pixels: SamplePixels.grey(bits: 8), label: Label("nodule"), spacingMillimeters: nil, modality: "CT", window: nil,
      derivation: "test model")
    let tags = TIFFTags(try TIFFWriter.encode(synthetic))
    // 254-284 structure, 282/283/296 resolution, 338/339 sample meaning; no description, software, date, artist, host or private tag.
    #expect(
      tags.all.allSatisfy { [254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 283, 284, 296, 338, 339].contains($0) },
      "\(tags.all)")
  }

  @Test func `separate planes are written by pixel`() throws {
    let pixels = PixelBuffer(rows: 1, columns: 2, samplesPerPixel: 3, bitsAllocated: 8, isPlanar: true, words: [1, 2, 3, 4, 5, 6])
    let file = try TIFFWriter.encode(pixels, photometric: .rgb, spacing: nil)
    #expect(Array(file[TIFFTags(file).strips]) == [1, 3, 5, 2, 4, 6])
  }

  @Test func `what TIFF cannot hold is refused`() {
    var pixels = SamplePixels.grey(bits: 8)
    #expect(throws: ScanWriteError.unsupportedPhotometric(.tiff, name: "PALETTE COLOR")) {
      try TIFFWriter.encode(pixels, photometric: .palette, spacing: nil)
    }
    pixels.frames = 2
    #expect(throws: ScanWriteError.pixelCount(.tiff)) { try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil) }
    pixels.frames = 1
    pixels.rows = 10
    #expect(throws: ScanWriteError.pixelCount(.tiff)) { try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil) }
  }
}

@Suite struct WriterPNGTests {
  @Test(arguments: [8, 16]) func `a written PNG passes the pre-scan with its size`(bits: Int) throws {
    let file = try PNGWriter.encode(SamplePixels.grey(bits: bits), photometric: .monochrome2, spacing: nil)
    #expect(try Prescan.scan(file).geometry == PixelGeometry(rows: 9, columns: 14, bitsAllocated: bits))
  }

  @Test func `a synthetic PNG says what it is`() throws {
    let scan = SyntheticScan(
      pixels: SamplePixels.grey(bits: 8), label: Label("cyst"), spacingMillimeters: nil, modality: "MR", window: nil, derivation: "model m")
    let text = String(decoding: try PNGWriter.encode(scan), as: UTF8.self)
    #expect(text.contains("Synthetic image, made by a generative model. For research, not for diagnosis."))
    #expect(text.contains("cyst"))
  }

  @Test func `equal input gives equal bytes and MONOCHROME1 is inverted`() throws {
    var pixels = SamplePixels.grey(bits: 8)
    let plain = try PNGWriter.encode(pixels, photometric: .monochrome2, spacing: nil)
    #expect(try PNGWriter.encode(pixels, photometric: .monochrome2, spacing: nil) == plain)
    pixels.words = pixels.words.map { 255 - $0 }
    #expect(try PNGWriter.encode(pixels, photometric: .monochrome1, spacing: nil) == plain)
  }

  @Test func `signed and float samples are refused`() {
    #expect(throws: ScanWriteError.unsupportedSamples(.png, bits: 16, isSigned: true, isFloat: false)) {
      try PNGWriter.encode(SamplePixels.grey(bits: 16, isSigned: true), photometric: .monochrome2, spacing: nil)
    }
  }
}

enum SamplePixels {
  /// 9 x 14 with every byte pattern.
  static func grey(bits: Int, isSigned: Bool = false, isFloat: Bool = false) -> PixelBuffer {
    let words = (0..<9 * 14 * bits / 8).map { UInt8(truncatingIfNeeded: $0 * 59 + 7) }
    return PixelBuffer(rows: 9, columns: 14, bitsAllocated: bits, isSigned: isSigned, isFloat: isFloat, words: words)
  }
}

/// A reader of little-endian classic TIFF directories for checks, by code that shares nothing with the program.
struct TIFFTags {
  private let bytes: [UInt8]
  private var entries: [Int: (type: Int, count: Int, at: Int)] = [:]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let directory = number(4, 4)
    for index in 0..<number(directory, 2) {
      let at = directory + 2 + index * 12
      entries[number(at, 2)] = (number(at + 2, 2), number(at + 4, 4), at + 8)
    }
  }

  var all: [Int] { entries.keys.sorted() }

  func value(_ tag: Int) -> Int? { entries[tag].map { number($0.at, $0.type == 3 ? 2 : 4) } }

  func rational(_ tag: Int) -> Double? {
    value(tag).map { Double(number($0, 4)) / Double(number($0 + 4, 4)) }
  }

  /// The range of all strips, which the writer lays side by side.
  var strips: Range<Int> {
    func list(_ tag: Int) -> [Int] {
      guard let entry = entries[tag] else { return [] }
      let width = entry.type == 3 ? 2 : 4
      let start = entry.count * width <= 4 ? entry.at : number(entry.at, 4)
      return (0..<entry.count).map { number(start + $0 * width, width) }
    }
    let offsets = list(273)
    return offsets[0]..<offsets[0] + list(279).reduce(0, +)
  }

  private func number(_ at: Int, _ width: Int) -> Int { (0..<width).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
}
