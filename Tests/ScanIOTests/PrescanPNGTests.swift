import CZlib
import ScanIO
import ScanModel
import TestSupport
import Testing

@Suite struct PrescanPNGTests {
  @Test func `a large image that is hardly there is refused before it is inflated`() throws {
    var limits = PrescanLimits()
    (limits.inflateFreeBytes, limits.inflateRatio) = (1_000_000, 200)
    func png(side: Int) throws -> [UInt8] {
      let pixels = PixelBuffer(rows: side, columns: side, bitsAllocated: 8, words: [UInt8](repeating: 0, count: side * side))
      return try PNGWriter.encode(pixels, photometric: .monochrome2, spacing: nil)
    }
    #expect(try Prescan.scan(png(side: 1000), limits: limits).geometry?.rows == 1000)
    let error = #expect(throws: PrescanError.self) { try Prescan.scan(png(side: 1001), limits: limits) }
    #expect(error == .tooDense(.png, ratio: 200, freeBytes: 1_000_000))
    #expect(error?.code == "png.tooDense")
  }

  @Test func `a whole image passes`() throws {
    let report = try Prescan.scan(SamplePNG.file())
    #expect(report.format == .png)
    #expect(report.geometry == PixelGeometry(rows: 5, columns: 7, bitsAllocated: 8))
    #expect(report.count == 4)
  }

  @Test func `a file cut anywhere is refused`() {
    let whole = SamplePNG.file()
    for length in 0..<whole.count {
      #expect(throws: PrescanError.self, "cut to \(length)") { try Prescan.scan(Array(whole[..<length])) }
    }
  }

  @Test func `a wrong checksum refuses a critical chunk and warns of an ancillary one`() throws {
    var bytes = SamplePNG.file()
    bytes[8 + 12 + 13 - 1] ^= 1  // in IHDR's checksum
    #expect(throws: PrescanError.checksum(chunk: "IHDR")) { try Prescan.scan(bytes) }
    bytes = SamplePNG.file()
    bytes[8 + 25 + 8] ^= 1  // in the text
    #expect(try Prescan.scan(bytes).warnings == [.decoder])
  }

  @Test func `impossible and huge dimensions are refused`() {
    #expect(throws: PrescanError.tooLarge(.png, limitBytes: 1 << 30)) {
      try Prescan.scan(SamplePNG.file(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF))
    }
    #expect(throws: PrescanError.pixelAttributes(.png)) { try Prescan.scan(SamplePNG.file(width: 0)) }
    #expect(throws: PrescanError.pixelAttributes(.png)) { try Prescan.scan(SamplePNG.file(depth: 3)) }
  }

  @Test func `random damage never traps`() {
    var random = SplitMix64(seed: 8)
    var bytes = SamplePNG.file()
    for _ in 0..<10_000 {
      let saved = random.mutate(&bytes)
      _ = try? Prescan.scan(bytes)
      for (index, byte) in saved.reversed() { bytes[index] = byte }
    }
  }
}

/// PNG chunks in memory; the image data is not decoded by the pre-scan and stands for itself.
enum SamplePNG {
  static func file(width: Int = 7, height: Int = 5, depth: Int = 8) -> [UInt8] {
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", word(width) + word(height) + [UInt8(depth), 0, 0, 0, 0]) + chunk("tEXt", Array("Comment\u{0}ZZFAKE".utf8))
      + chunk("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1]) + chunk("IEND", [])
  }

  private static func word(_ value: Int) -> [UInt8] { SampleDICOM.word32(value).reversed() }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return word(content.count) + body + word(Int(crc32_z(0, body, body.count)))
  }
}
