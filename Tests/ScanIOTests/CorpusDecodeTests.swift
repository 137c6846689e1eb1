import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Real files that nobody of this project wrote, compared with the reference readers' results in corpus.csv.
@Suite struct CorpusDecodeTests {
  private struct Row {
    var file: String
    var rows: Int?
    var columns: Int?
    var frames: Int
    var sha256Pixels: String
    var isDecoded: Bool
  }

  /// Files whose samples may differ from the reference or fail with an explained error, and why.
  private static let waived: [String: String] = [
    "tiff/libtiff/testfax4.tiff": "libtiff decodes this CCITT stream differently",
    "pydicom-data/JLSL_08_07_0_1F.dcm": "DCMTK refuses its JPEG-LS parameters",
    "pydicom/SC_rgb_jpeg.dcm": "implicit VR under an explicit transfer syntax; lossy",
    "pydicom/JPGExtended.dcm": "lossy 12-bit JPEG; decoders round differently",
  ]

  @Test func `samples and dimensions equal the reference readers'`() throws {
    guard let folder = TestData.shared("corpus", for: "decoding of real files") else { return }
    var equal = 0
    for row in try Self.rows(folder) {
      let report = InspectReport(path: folder.appendingPathComponent(row.file).path, reader: DecodeSamples.reader)
      // Never a crash, also of the worker alone.
      #expect(!["decode.crashed", "decode.timeout", "decode.badReply"].contains(report.error?.code), "\(row.file)")
      guard row.isDecoded, Self.waived[row.file] == nil else { continue }
      #expect(report.error == nil, "\(row.file): \(report.error?.message ?? "")")
      #expect(report.sha256Pixels == row.sha256Pixels, "\(row.file)")
      #expect(report.rows == row.rows && report.columns == row.columns && report.frames == row.frames, "\(row.file)")
      equal += 1
    }
    #expect(equal >= 327)
  }

  @Test func `packed bits in RLE equal their uncompressed twin`() throws {
    guard let folder = TestData.shared("corpus/pydicom-data", for: "1-bit RLE") else { return }
    let packed = try DecodeSamples.reader.read(path: folder.appendingPathComponent("liver_rle.dcm").path)
    let plain = try DecodeSamples.reader.read(path: folder.appendingPathComponent("liver.dcm").path)
    #expect(packed.pixels == plain.pixels)
  }

  @Test func `objects without pixels keep their attributes`() throws {
    guard let folder = TestData.shared("corpus/pydicom", for: "objects without pixels") else { return }
    for (name, modality) in [("rtplan", "RTPLAN"), ("rtstruct", "RTSTRUCT"), ("reportsi", "SR"), ("test-SR", "SR")] {
      let scan = try DecodeSamples.reader.read(path: folder.appendingPathComponent("\(name).dcm").path)
      #expect(scan.pixels == nil)
      #expect(scan.dataset.text(.modality) == modality)
    }
  }

  @Test func `whole files without Pixel Data are inspected without an error`() throws {
    guard let folder = TestData.shared("corpus/pydicom", for: "headers without pixels") else { return }
    for name in ["priv_SQ", "UN_sequence", "no_meta_group_length", "charset/chrSQEncoding", "charset/chrJapMulti"] {
      let report = InspectReport(path: folder.appendingPathComponent("\(name).dcm").path, reader: DecodeSamples.reader)
      #expect(report.error == nil, "\(name): \(report.error?.message ?? "")")
      #expect(report.sha256Pixels == nil && report.min == nil && report.max == nil, "\(name)")
    }
  }

  @Test(arguments: ["rtplan", "test-SR", "CT_small", "ExplVR_BigEnd"]) func `trailing zeros change nothing`(name: String) throws {
    guard let folder = TestData.shared("corpus/pydicom", for: "padded files") else { return }
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).dcm")))
    let (plain, padded) = (try DecodeSamples.read(bytes), try DecodeSamples.read(bytes + [UInt8](repeating: 0, count: 77)))
    #expect(plain.pixels == padded.pixels && plain.dataset.elements.count == padded.dataset.elements.count)
  }

  private static func rows(_ folder: URL) throws -> [Row] {
    let text = try String(contentsOf: folder.appendingPathComponent("corpus.csv"), encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map { fields(String($0)) }
    let names = try #require(lines.first)
    func column(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
    let (file, rows, columns) = (try column("file"), try column("rows"), try column("cols"))
    let (frames, decode, digest) = (try column("frames"), try column("decode"), try column("sha256_pixels"))
    return lines.dropFirst().map { line in
      Row(
        file: line[file], rows: Int(line[rows]), columns: Int(line[columns]), frames: Int(line[frames]) ?? 1,
        sha256Pixels: line[digest], isDecoded: line[decode].hasPrefix("ok"))
    }
  }

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
