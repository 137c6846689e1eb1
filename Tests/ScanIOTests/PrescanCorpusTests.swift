import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Testing has a `Tag` too; in these tests the word means DICOM's.
typealias Tag = ScanModel.Tag

/// Real files that nobody of this project wrote. `corpus.csv` says what the reference readers make of them.
@Suite struct PrescanCorpusTests {
  struct Row {
    let file: String
    let format: ScanFormat
    let rows: Int?
    let columns: Int?
    let frames: Int?
    let isDecoded: Bool
    let transferSyntaxUID: String
  }

  @Test func `every file that a reference reader decodes passes with its dimensions`() throws {
    guard let folder = TestData.shared("corpus", for: "pre-scan of real files") else { return }
    var checked = 0
    // Its dataset is in implicit VR although its transfer syntax (JPEG baseline) asks for explicit; DCMTK cannot read it either.
    let mislabeled = "pydicom/SC_rgb_jpeg.dcm"
    for row in try PrescanCorpusTests.rows(folder) where row.isDecoded && row.file != mislabeled {
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(row.file)))
      do {
        let report = try Prescan.scan(bytes)
        #expect(report.format == row.format, "\(row.file)")
        let geometry = try #require(report.geometry, "\(row.file)")
        #expect(geometry.rows == row.rows && geometry.columns == row.columns, "\(row.file)")
        if row.format == .dicom { #expect(geometry.frames == row.frames ?? 1, "\(row.file)") }
      } catch {
        Issue.record("\(row.file): \(error)")
      }
      checked += 1
    }
    #expect(checked > 300)
  }

  @Test func `objects without pixels pass`() throws {
    guard let folder = TestData.shared("corpus", for: "pre-scan of real files without pixels") else { return }
    for name in ["rtplan", "rtstruct", "reportsi", "test-SR", "ExplVR_BigEndNoMeta"] {
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("pydicom/\(name).dcm")))
      let report = try Prescan.scan(bytes)
      #expect(report.geometry == nil, "\(name)")
    }
  }

  @Test func `a truncated MR image is refused as truncated`() throws {
    guard let folder = TestData.shared("corpus", for: "pre-scan of a truncated file") else { return }
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("pydicom/MR_truncated.dcm")))
    #expect(throws: PrescanError.truncated(.dicom, place: "(7FE0,0010)")) { try Prescan.scan(bytes) }
  }

  @Test func `a TIFF cut in a later page is read with a flag`() throws {
    guard let folder = TestData.shared("corpus", for: "pre-scan of a cut multi-page TIFF") else { return }
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("tiff/skimage/multipage.tif")))
    let report = try Prescan.scan(bytes)
    #expect(report.warnings.isEmpty && report.pages == report.pagesAlike && report.pages > 1)
    #expect(try Prescan.scan(Array(bytes.dropLast(40))).warnings.contains(.truncated))
  }

  @Test func `no mutation of a real file traps`() throws {
    guard let folder = TestData.shared("corpus", for: "fuzz of real files") else { return }
    var random = SplitMix64(seed: 20)
    for row in try PrescanCorpusTests.rows(folder) {
      var bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(row.file)))
      guard bytes.count < 200_000 else { continue }
      for _ in 0..<20 {
        let saved = random.mutate(&bytes)
        _ = try? Prescan.scan(bytes)
        for (index, byte) in saved.reversed() { bytes[index] = byte }
      }
    }
  }

  static func rows(_ folder: URL) throws -> [Row] {
    let text = try String(contentsOf: folder.appendingPathComponent("corpus.csv"), encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map { fields(String($0)) }
    let names = try #require(lines.first)
    func column(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
    let (file, kind, rows, cols) = (try column("file"), try column("kind"), try column("rows"), try column("cols"))
    let (frames, decode, uid) = (try column("frames"), try column("decode"), try column("transfer_syntax_uid"))
    return lines.dropFirst().map { line in
      Row(
        file: line[file], format: line[kind] == "tiff" ? .tiff : .dicom, rows: Int(line[rows]), columns: Int(line[cols]),
        frames: Int(line[frames]), isDecoded: line[decode].hasPrefix("ok"), transferSyntaxUID: line[uid])
    }
  }

  /// One CSV line with quoted fields.
  private static func fields(_ line: String) -> [String] {
    var fields = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }
}

extension SplitMix64 {
  /// Changes one to four bytes, with a liking for the values that break length arithmetic.
  /// - Returns: what stood there, in order of change.
  mutating func mutate(_ bytes: inout [UInt8]) -> [(Int, UInt8)] {
    var saved: [(Int, UInt8)] = []
    guard !bytes.isEmpty else { return saved }
    let start = Int.random(in: 0..<bytes.count, using: &self)
    for index in start..<min(bytes.count, start + Int.random(in: 1...4, using: &self)) {
      saved.append((index, bytes[index]))
      bytes[index] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF, UInt8.random(in: 0...255, using: &self)].randomElement(using: &self)!
    }
    return saved
  }
}
