import ScanIO
import ScanModel
import TestSupport
import Testing

@Suite struct PrescanTIFFTests {
  @Test(arguments: [false, true], [false, true]) func `classic and BigTIFF pass in both byte orders`(isBig: Bool, isBigEndian: Bool) throws
  {
    let report = try Prescan.scan(SampleTIFF(isBig: isBig, isBigEndian: isBigEndian).file())
    #expect(report.format == .tiff)
    #expect(report.geometry == PixelGeometry(rows: 20, columns: 10, bitsAllocated: 16))
    #expect(report.warnings.isEmpty)
  }

  @Test(arguments: [false, true], [false, true]) func `a file cut anywhere is refused`(isBig: Bool, isBigEndian: Bool) {
    let whole = SampleTIFF(isBig: isBig, isBigEndian: isBigEndian).file()
    for length in 0..<whole.count {
      #expect(throws: PrescanError.self, "cut to \(length)") { try Prescan.scan(Array(whole[..<length])) }
    }
  }

  @Test func `a cut file's message says what to do`() {
    let whole = SampleTIFF().file()
    let error = #expect(throws: PrescanError.self) { try Prescan.scan(Array(whole.dropLast())) }
    #expect(error?.code == "tiff.truncated")
    #expect(error?.remedy == "Copy or export the file again from its source; this copy is incomplete.")
  }

  @Test func `a page chain that loops is a warning when page 0 is whole`() throws {
    var sample = SampleTIFF()
    sample.nextPage = .itself
    #expect(try Prescan.scan(sample.file()).warnings == [.decoder])
  }

  @Test func `a later page outside the file is a warning`() throws {
    var sample = SampleTIFF()
    sample.nextPage = .at(0x7FFF_FFF0)
    let report = try Prescan.scan(sample.file())
    #expect(report.warnings == [.truncated])
    #expect(report.pages == 1 && report.pageFault == nil)
  }

  @Test(arguments: [false, true], [false, true])
  func `a directory that ends the file and lacks bytes of its last field is a warning`(isBig: Bool, isBigEndian: Bool) throws {
    let pointer = isBig ? 8 : 4
    var sample = SampleTIFF(isBig: isBig, isBigEndian: isBigEndian)
    // The first directory again, behind the strips.
    let start = isBig ? 16 : 8
    let directory = sample.file()[start..<start + (isBig ? 8 + 9 * 20 : 2 + 9 * 12)] + [UInt8](repeating: 0, count: pointer)
    sample.nextPage = .at(sample.file().count)
    let file = sample.file() + directory
    let whole = try Prescan.scan(file)
    #expect(whole.warnings == [] && whole.pagesAlike == 2)
    for missing in 1...pointer { #expect(try Prescan.scan(Array(file.dropLast(missing))).warnings == [.truncated], "\(missing) bytes") }
  }

  @Test func `sub-directories that point to themselves end`() throws {
    var sample = SampleTIFF()
    sample.extra = [(330, 4, Array(repeating: 8, count: 1))]
    #expect(try Prescan.scan(sample.file()).warnings == [.decoder])
  }

  @Test func `dimensions beyond memory are refused`() {
    var sample = SampleTIFF()
    sample.width = 0xFFFF_FFFF
    sample.height = 0xFFFF_FFFF
    #expect(throws: PrescanError.tooLarge(.tiff, limitBytes: 1 << 30)) { try Prescan.scan(sample.file()) }
    sample.width = 1 << 20
    sample.height = 1 << 20
    #expect(throws: PrescanError.tooLarge(.tiff, limitBytes: 1 << 30)) { try Prescan.scan(sample.file()) }
    sample.width = 0
    #expect(throws: PrescanError.pixelAttributes(.tiff)) { try Prescan.scan(sample.file()) }
  }

  @Test func `a large compressed page that is hardly there is refused`() throws {
    var sample = SampleTIFF()
    sample.compression = 8
    var limits = PrescanLimits()
    // 400 bytes of pixels, of which the file has 400.
    (limits.inflateFreeBytes, limits.inflateRatio) = (399, 1)
    #expect(try Prescan.scan(sample.file(), limits: limits).geometry?.rows == 20)
    sample.width = 30
    #expect(throws: PrescanError.tooDense(.tiff, ratio: 1, freeBytes: 399)) { try Prescan.scan(sample.file(), limits: limits) }
    sample.compression = 1
    #expect(throws: PrescanError.truncated(.tiff, place: "page 0, part 0")) { try Prescan.scan(sample.file(), limits: limits) }
  }

  @Test func `a strip outside the file is refused`() {
    var sample = SampleTIFF()
    sample.stripShift = 1
    #expect(throws: PrescanError.truncated(.tiff, place: "page 0, part 1")) { try Prescan.scan(sample.file()) }
  }

  @Test func `a thousand directories that list a thousand others cost little`() throws {
    // Each directory is one entry whose value array is the list of all directories.
    let count = 1_000
    let list = 8 + count * 18
    var bytes: [UInt8] = [0x49, 0x49, 42, 0] + SampleDICOM.word32(8)
    for _ in 0..<count {
      bytes += [1, 0] + [0x4A, 1, 4, 0] + SampleDICOM.word32(count) + SampleDICOM.word32(list) + SampleDICOM.word32(0)
    }
    for index in 0..<count { bytes += SampleDICOM.word32(8 + index * 18) }
    #expect(throws: PrescanError.structure(.tiff, place: "page 0")) { try Prescan.scan(bytes) }
    // The same behind a sound page 0.
    var sample = SampleTIFF()
    sample.nextPage = .at(sample.file().count)
    let start = sample.file().count
    var tail: [UInt8] = []
    for _ in 0..<count {
      tail += [1, 0] + [0x4A, 1, 4, 0] + SampleDICOM.word32(count) + SampleDICOM.word32(start + count * 18) + SampleDICOM.word32(0)
    }
    for index in 0..<count { tail += SampleDICOM.word32(start + index * 18) }
    let report = try Prescan.scan(sample.file() + tail)
    #expect(report.count == count + 1)
  }

  @Test(arguments: [false, true]) func `random damage never traps`(isBig: Bool) {
    var random = SplitMix64(seed: 3)
    var sample = SampleTIFF(isBig: isBig)
    sample.extra = [(330, 4, [8]), (339, 3, [1])]
    var bytes = sample.file()
    for round in 0..<10_000 {
      var saved: [(Int, UInt8)] = []
      for _ in 0...round % 3 { saved += random.mutate(&bytes) }
      _ = try? Prescan.scan(bytes)
      for (index, byte) in saved.reversed() { bytes[index] = byte }
    }
  }
}

/// An uncompressed 16-bit grey TIFF in two strips; the directory comes first, then its arrays, then the strips.
struct SampleTIFF {
  enum NextPage {
    case none, itself
    case at(Int)
  }

  var isBig = false
  var isBigEndian = false
  var width = 10
  var height = 20
  var nextPage = NextPage.none
  var compression = 1
  /// How far the second strip's offset is moved.
  var stripShift = 0
  /// More entries: tag, type, values.
  var extra: [(UInt16, UInt16, [Int])] = []

  init(isBig: Bool = false, isBigEndian: Bool = false) {
    self.isBig = isBig
    self.isBigEndian = isBigEndian
  }

  func file() -> [UInt8] {
    let pointer = isBig ? 8 : 4
    let directory = isBig ? 16 : 8
    var entries: [(UInt16, UInt16, [Int])] = [
      (256, 4, [width]), (257, 4, [height]), (258, 3, [16]), (259, 3, [compression]), (262, 3, [1]), (273, 4, [0, 0]), (277, 3, [1]), (278, 3, [10]),
      (279, 4, [200, 200]),
    ]
    entries = (entries + extra).sorted { $0.0 < $1.0 }
    let entrySize = isBig ? 20 : 12
    let arrays = directory + (isBig ? 8 : 2) + entries.count * entrySize + pointer
    var arrayBytes = 0
    for entry in entries where entry.2.count * width(entry.1) > pointer { arrayBytes += entry.2.count * width(entry.1) }
    let strips = arrays + arrayBytes
    for index in entries.indices where entries[index].0 == 273 { entries[index].2 = [strips, strips + 200 + stripShift] }

    var bytes: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
    bytes += word(isBig ? 43 : 42, 2)
    if isBig { bytes += word(8, 2) + word(0, 2) }
    bytes += word(directory, pointer)
    bytes += word(entries.count, isBig ? 8 : 2)
    var tail: [UInt8] = []
    for (tag, type, values) in entries {
      bytes += word(Int(tag), 2) + word(Int(type), 2) + word(values.count, pointer)
      let content = values.flatMap { word($0, width(type)) }
      if content.count > pointer {
        bytes += word(arrays + tail.count, pointer)
        tail += content
      } else {
        bytes += content + [UInt8](repeating: 0, count: pointer - content.count)
      }
    }
    switch nextPage {
    case .none: bytes += word(0, pointer)
    case .itself: bytes += word(directory, pointer)
    case .at(let offset): bytes += word(offset, pointer)
    }
    return bytes + tail + (0..<400).map { UInt8(truncatingIfNeeded: $0 * 31) }
  }

  private func width(_ type: UInt16) -> Int { type == 3 ? 2 : 4 }

  private func word(_ value: Int, _ width: Int) -> [UInt8] {
    let little = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isBigEndian ? little.reversed() : little
  }
}
