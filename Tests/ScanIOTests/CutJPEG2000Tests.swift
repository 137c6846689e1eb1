import Foundation
import ScanDeid
import ScanIO
import ScanModel
import TestSupport
import Testing

/// JPEG 2000 pictures that are cut and filled up, which only their decoding shows, or that are not what the attributes say.
@Suite struct CutJPEG2000Tests {
  private static let syntax = "1.2.840.10008.1.2.4.90"
  private static let highThroughput = "1.2.840.10008.1.2.4.201"
  private static let marker: [UInt8] = [0xFF, 0xD9]

  /// 16x16 samples of 8 bits, ((7x + 13y) xor 5xy) mod 256, lossless, by OpenJPEG 2.5.4.
  private static let stream = bytes(
    """
    /0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1IADAAAAAEAAQQEAAH/XAAHQEBISFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5K
    UEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAEvAAH/k9+COCVjAzdh1TxdQbCipMkRiMQzF9LCsTWak/p3LbDdXEIOQU3ZRuZLqF/NtXX6Ww66pTje5XoN5NlZ
    L4L/eN/P7G7R9WpmlhPLz8ESfgjT80U0q7YbL2GNYxr0m7VOpfJyCDJFnKeXuwCBE7B9327sWeNpxyKLQcN826lAG5iI9Nn5hcL9eG31KQ2x/xA1U6wUpAAJ
    qx7lq/EUIXam/bX9bsfQwr2eqyk17qTDYCMpVu/pF0H+D7HcGjAvH75FSL2qwcEbiKN37/I8lvSCEB0SE3MtKNsNmY+saqVNMNQnXvmiaPerqWWwD28acB+K
    pbeup7MmDB/hmYQL3OHSkwoe6uPWe3R7aHDTpUS3EoRvDgHHGMZzj8gM15JAnkkzG0f/2Q==
    """)
  /// The same by OpenJPH 0.26.3 (HTJ2K).
  private static let highThroughputStream = bytes(
    """
    /0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1AACAACAAAAAv9SAAwAAgABAAUEBEAB/1wAEyBIUFBQUFBQUFBQUFBQSEhI
    /2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAYAAAf+TwCXbAId0AADAEsASwBGA8ACHdACSAQd0AABjAMAVEAVEAVDaLa/+AEa0ABJefegAQZQA
    WVED8wBDlADAFpwBa0AWwDU4ADElOkZeclvVFv4etHkxlgAAhYp18DVBxA8RNRMAqf4BFoIAA5cAIQm6lhqguH8SW1urUBdafesaFEIQE5cAwC9KgF6bAL04
    gIgjOVTaRTgyRafYc4twxkG/j8BtH2IliYk5ZaavyxDZqjz1tx71VeiLAP9OqVHQmGmrJafUBCL3AHKQ1oYVJIxD5oIRMAEzkQGAMfZKyLME2cWnxlKmrwYA
    YVvjR/g3MbWHbJQgQ6BqgsygRIZFyWLigsurLADPKR+7ybr2Mhq0WcA978QFJcqFnAGsIlaAEDKgIguRAQKHYWmu67OweCSnI/riDsHuunnyJvI1p3Io4zks
    vzp9dkYzk38LTzf7R5t6Ip5/vWXDHRNPL6uni56qQQLwUN56UrsqQKIkIAMyCDOSAf/Z
    """)

  private static func bytes(_ base64: String) -> [UInt8] { Array(Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data()) }

  private func dataset(_ stream: [UInt8], rows: Int = 16) -> Dataset {
    var dataset = DecodeSamples.dataset(rows: rows, columns: 16, bits: 8)
    dataset.set(Element(.pixelData, .OB, .fragments([[], stream.count % 2 == 0 ? stream : stream + [0]])))
    return dataset
  }

  private func walkWarnings(_ stream: [UInt8], rows: Int = 16) -> [ScanWarning] {
    PixelText.warnings(of: dataset(stream, rows: rows), transferSyntaxUID: Self.syntax)
  }

  /// Of a file that stays compressed; nil when it is not released.
  private func cleanWarnings(_ stream: [UInt8], _ syntax: String, rows: Int = 16) throws -> [ScanWarning]? {
    let folder = try TestData.temporaryFolder("cut-j2k")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a.dcm")
    try Data(SampleDICOM.head(syntax) + ExplicitStream.encode(dataset(stream, rows: rows))).write(to: path)
    let scan = try DecodeSamples.reader.read(path: path.path, pixels: false)
    #expect(scan.pixels == nil)
    return try? Deidentifier(key: .random()).clean(scan).warnings
  }

  @Test func `a whole stream is whole, with padding and without an end marker`() throws {
    for stream in [Self.stream, Self.highThroughputStream] {
      #expect(stream.suffix(2) == Self.marker)
      for form in [stream, Array(stream.dropLast(2)), stream + [0, 0]] { #expect(walkWarnings(form) == []) }
    }
    #expect(try cleanWarnings(Self.stream, Self.syntax) == [])
    #expect(try cleanWarnings(Self.highThroughputStream, Self.highThroughput) == [])
  }

  /// The fill has the length of what is gone, so that every length in the stream stays true.
  @Test func `a cut that is filled up shows in the packets' own bytes`() {
    for stream in [Self.stream, Self.highThroughputStream] {
      let data = stream.count - 2
      for gone in 1...64 {
        let filled = stream[..<(data - gone)] + [UInt8](repeating: 0xFF, count: gone) + Self.marker
        #expect(walkWarnings(Array(filled)) == [.truncated], "\(gone) bytes of FF")
      }
      // Six resolutions of one precinct each.
      for gone in 20...200 {
        let filled = stream[..<(data - gone)] + [UInt8](repeating: 0, count: gone) + Self.marker
        #expect(walkWarnings(Array(filled)) == [.truncated], "\(gone) zeros")
      }
    }
  }

  @Test func `a cut that only decoding shows is told without the samples`() throws {
    let stream = Self.highThroughputStream
    let data = stream.count - 2
    // Where the walk sees nothing.
    let hidden = (2...14).map { gone in stream[..<(data - gone)] + [UInt8](repeating: 0, count: gone) + Self.marker }
      .map { Array($0) }.filter { walkWarnings($0).isEmpty }
    #expect(!hidden.isEmpty)
    for filled in hidden { #expect(try cleanWarnings(filled, Self.highThroughput)?.contains(.truncated) ?? true) }
  }

  @Test func `a picture of another size than the attributes say is told`() throws {
    #expect(walkWarnings(Self.stream, rows: 15) == [.pixelMismatch])
    // SIZ begins at byte 2: the grid's size stands at 8 and 12, a tile's at 24 and 28.
    var huge = Self.stream
    for place in [8, 12, 24, 28] { huge.replaceSubrange(place..<place + 4, with: [0xFF, 0xFF, 0xFF, 0xFF]) }
    #expect(walkWarnings(huge) == [.pixelMismatch])
    #expect(try cleanWarnings(huge, Self.syntax)?.contains(.pixelMismatch) == true)
  }
}
