import Diagnostics
import ScanDeid
import ScanModel
import Testing

/// Texts between the markers of compressed pixels.
@Suite struct CodestreamTextTests {
  private static let jpeg = "1.2.840.10008.1.2.4.70"
  private static let jpeg2000 = "1.2.840.10008.1.2.4.90"
  private static let token = "zqcomment"

  private static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
  }

  private static func text(_ prefix: [UInt8] = []) -> [UInt8] { prefix + Array("\(token) read by".utf8) }

  /// Samples that hold stuffed FF bytes, a restart, and the letters of the token: entropy-coded data is nobody's text.
  private static let coded: [UInt8] = [1, 0xFF, 0, 2, 0xFF, 0xD3] + Array("zqc".utf8) + [9]

  private static func clean(_ fragments: [[UInt8]], _ transferSyntaxUID: String) throws -> CleanScan {
    var dataset = Planted.instance()
    dataset.set(Element(.pixelData, .OB, .fragments([[]] + fragments)))
    let raw = RawScan(source: .init("memory"), format: .dicom, dataset: dataset, transferSyntaxUID: transferSyntaxUID)
    return try Deidentifier(key: Planted.key).clean(raw)
  }

  private static func fragments(_ scan: CleanScan) throws -> [[UInt8]] {
    guard case .fragments(let fragments) = try #require(scan.dataset[.pixelData]).value else { return [] }
    return Array(fragments.dropFirst())
  }

  @Test func `comments and foreign segments of a JPEG are overwritten and nothing else`() throws {
    let kept = Self.segment(0xE0, Array("JFIF".utf8)) + Self.segment(0xE2, [7]) + Self.segment(0xEE, Array("Adobe".utf8)) + Self.segment(0xC3, [8, 8])
    let scan = Self.segment(0xDA, [1, 2]) + Self.coded
    func image(_ comment: [UInt8], _ tail: [UInt8]) -> [UInt8] {
      [0xFF, 0xD8] + Self.segment(0xE1, comment) + kept + Self.segment(0xFE, comment) + scan + Self.segment(0xFE, comment) + scan + [0xFF, 0xD9] + tail
    }
    let clean = try Self.clean([image(Self.text(), Self.text())], Self.jpeg)
    let blank = [UInt8](repeating: 0x20, count: Self.text().count)
    #expect(try Self.fragments(clean) == [image(blank, [UInt8](repeating: 0, count: Self.text().count))])
    #expect(clean.record.counts["codestreamBlanked"] == 4)
  }

  @Test func `a segment that two fragments share is found`() throws {
    let image = [0xFF, 0xD8] + Self.segment(0xFE, Self.text()) + Self.segment(0xDA, [1]) + Self.coded + [0xFF, 0xD9]
    let halves = [Array(image[..<9]), Array(image[9...])]
    let clean = try Self.fragments(try Self.clean(halves + halves, Self.jpeg))
    #expect(clean.map(\.count) == (halves + halves).map(\.count))
    #expect(Array(clean[..<2].joined()) == Array(clean[2...].joined()))
    #expect(!Array(clean.joined()).contains(subsequence: Array(Self.token.utf8)))
  }

  @Test func `comments in the main and tile-part headers of JPEG 2000 are overwritten`() throws {
    func image(_ comment: [UInt8]) -> [UInt8] {
      let header = Self.segment(0x64, [0, 1] + comment)
      let data: [UInt8] = [0xFF, 0x93] + Self.coded
      let part = 12 + header.count + data.count
      let start = Self.segment(0x90, [0, 0, 0, 0, 0, UInt8(part), 0, 1])
      return [0xFF, 0x4F] + Self.segment(0x51, [1, 2, 3, 4]) + header + start + header + data + [0xFF, 0xD9]
    }
    let clean = try Self.clean([image(Self.text())], Self.jpeg2000)
    #expect(try Self.fragments(clean) == [image([UInt8](repeating: 0x20, count: Self.text().count))])
    #expect(clean.record.counts["codestreamBlanked"] == 2)
  }

  @Test func `what does not hold together and what has no texts stays as it is`() throws {
    let plain = [0xFF, 0xD8] + Self.segment(0xDA, [1]) + Self.coded + [0xFF, 0xD9, 0]
    let broken: [[UInt8]] = [[], [0xFF], [0xFF, 0xD8], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xFE, 0xFF], [0xFF, 0xD8, 0xFF, 0xFE, 0, 1], [5, 6]]
    for fragment in broken + [plain] {
      let clean = try Self.clean([fragment], Self.jpeg)
      #expect(try Self.fragments(clean) == [fragment])
      #expect(clean.record.counts["codestreamBlanked"] == nil)
      _ = try Self.clean([fragment.map { $0 == 0xD8 ? 0x4F : $0 }], Self.jpeg2000)
    }
  }
}

extension Array where Element == UInt8 {
  fileprivate func contains(subsequence: [UInt8]) -> Bool {
    indices.contains { self[$0...].starts(with: subsequence) }
  }
}
