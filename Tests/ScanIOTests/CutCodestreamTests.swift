import Foundation
import ScanDeid
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Pictures that are cut inside a file whose own structure is whole.
@Suite struct CutCodestreamTests {
  private static let jpeg = "1.2.840.10008.1.2.4.50"
  private static let marker: [UInt8] = [0xFF, 0xD9]

  /// The one frame of a picture that DCMTK compressed, without the byte that makes its length even.
  private func frame(_ dataset: Dataset, _ syntax: String) throws -> (scan: RawScan, stream: [UInt8]) {
    let scan = try DecodeSamples.read(DecodeSamples.file(dataset, syntax), pixels: false)
    guard case .fragments(let items)? = scan.dataset[.pixelData]?.value, items.count == 2 else {
      throw DecodeSamples.EncodingFailed(text: "no frame")
    }
    let stream = items[1]
    return (scan, stream.last == 0 && syntax != DecodeWorkerCodecTests.rle ? Array(stream.dropLast()) : stream)
  }

  private func breaksOff(_ scan: RawScan, _ fragments: [[UInt8]]) -> Bool {
    var dataset = scan.dataset
    let even = fragments.map { $0.count % 2 == 0 ? $0 : $0 + [0] }
    dataset.set(Element(.pixelData, .OB, .fragments([[]] + even)))
    return PixelText.warnings(of: dataset, transferSyntaxUID: scan.transferSyntaxUID).contains(.truncated)
  }

  /// Every place before the last byte that has pixels; the rest alone, with the end marker, and filled with zeros to its old length.
  @Test(arguments: [jpeg, DecodeWorkerCodecTests.jpegLossless, DecodeWorkerCodecTests.jpegLS])
  func `a stream that is cut anywhere breaks off, a whole one does not`(syntax: String) throws {
    let (scan, stream) = try frame(DecodeSamples.smooth(), syntax)
    #expect(stream.suffix(2) == Self.marker)
    #expect(!breaksOff(scan, [stream]))
    #expect(!breaksOff(scan, [Array(stream.dropLast(2))]), "without its end marker")
    for place in 0..<stream.count - 2 {
      let rest = Array(stream[..<place])
      #expect(breaksOff(scan, [rest]), "cut at \(place) of \(stream.count)")
      #expect(breaksOff(scan, [rest + Self.marker]), "cut and marked at \(place) of \(stream.count)")
      #expect(breaksOff(scan, [rest + [UInt8](repeating: 0, count: stream.count - place)]), "filled from \(place) of \(stream.count) on")
    }
  }

  @Test func `an RLE frame whose cells end early breaks off`() throws {
    for bits in [8, 16] {
      let (scan, stream) = try frame(DecodeSamples.dataset(bits: bits), DecodeWorkerCodecTests.rle)
      #expect(!breaksOff(scan, [stream]))
      let last = stream.lastIndex { $0 != 0 } ?? 0
      for place in 64..<last { #expect(breaksOff(scan, [Array(stream[..<place])]), "cut at \(place) of \(stream.count)") }
    }
  }

  @Test func `frames that are not there, or of which one is cut, break off`() throws {
    var (scan, stream) = try frame(DecodeSamples.smooth(), Self.jpeg)
    scan.dataset.set(.numberOfFrames, .IS, text: "2")
    let half = Array(stream[..<(stream.count / 2 & ~1)])
    #expect(!breaksOff(scan, [stream, stream]))
    #expect(!breaksOff(scan, [half, Array(stream[half.count...]), stream]))
    for fragments in [[stream, half], [half, stream], [stream, []], [half, Array(stream[half.count...])], [stream]] {
      #expect(breaksOff(scan, fragments))
    }
  }

  @Test func `inspect and deidentification tell of it`() throws {
    let folder = try TestData.temporaryFolder("cut")
    defer { try? FileManager.default.removeItem(at: folder) }
    let deidentifier = try Deidentifier(key: .random())
    for syntax in [Self.jpeg, DecodeWorkerCodecTests.jpegLossless, DecodeWorkerCodecTests.jpegLS, DecodeWorkerCodecTests.rle] {
      let (scan, stream) = try frame(DecodeSamples.smooth(), syntax)
      for isWhole in [true, false] {
        var cut = scan
        let rest = isWhole ? stream : Array(stream[..<(stream.count - 9)]) + (syntax == DecodeWorkerCodecTests.rle ? [] : Self.marker)
        cut.dataset.set(Element(.pixelData, .OB, .fragments([[], rest.count % 2 == 0 ? rest : rest + [0]])))
        let file = SampleDICOM.head(syntax) + ExplicitStream.encode(cut.dataset)
        let path = folder.appendingPathComponent("\(syntax).dcm")
        try Data(file).write(to: path)
        let report = InspectReport(path: path.path, reader: DecodeSamples.reader)
        #expect((report.error != nil || report.warnings.contains(.truncated)) == !isWhole, "\(syntax)")
        for pixels in [false, true] {
          let clean = try? deidentifier.clean(DecodeSamples.read(file, pixels: pixels))
          #expect((clean?.warnings.contains(.truncated) ?? true) == !isWhole, "\(syntax)")
        }
      }
    }
  }

  @Test func `deflated and uncompressed frames that are short are told`() throws {
    // Raw deflate (RFC 1951): 16 zero bytes as one stored block; the block cut after eight of them, and a block of eight.
    func stored(_ count: Int, of claimed: Int) -> [UInt8] { [1, UInt8(claimed), 0, ~UInt8(claimed), 0xFF] + [UInt8](repeating: 0, count: count) }
    let whole = [UInt8](repeating: 0, count: 16)
    let frames: [(String, [UInt8], Bool)] = [
      ("1.2.840.10008.1.2.8.1", stored(16, of: 16), true), ("1.2.840.10008.1.2.8.1", stored(8, of: 16), false),
      ("1.2.840.10008.1.2.8.1", stored(8, of: 8), false), ("1.2.840.10008.1.2.1.98", whole, true),
      ("1.2.840.10008.1.2.1.98", Array(whole.dropLast(2)), false),
    ]
    for (syntax, frame, isWhole) in frames {
      var dataset = DecodeSamples.dataset(rows: 4, columns: 4, bits: 8)
      dataset.set(Element(.pixelData, .OB, .fragments([[], frame + [UInt8](repeating: 0, count: frame.count % 2)])))
      let report = try Prescan.scan(SampleDICOM.head(syntax) + ExplicitStream.encode(dataset))
      #expect(report.warnings.contains(.truncated) == !isWhole, "\(syntax), \(frame.count) bytes")
    }
  }

  // MARK: TIFF

  private func word16(_ value: Int) -> [UInt8] { Array(SampleDICOM.word32(value)[..<2]) }

  /// A grey page with one strip.
  private func page(_ strip: [UInt8], compression: Int, rows: Int, columns: Int, bits: Int, photometric: Int) -> [UInt8] {
    let entries = [
      (256, columns), (257, rows), (258, bits), (259, compression), (262, photometric), (273, 8 + 2 + 12 * 9 + 4), (277, 1), (278, rows),
      (279, strip.count),
    ]
    let directory = entries.flatMap { word16($0.0) + word16(4) + SampleDICOM.word32(1) + SampleDICOM.word32($0.1) }
    let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + word16(entries.count)
    return head + directory + [0, 0, 0, 0] + strip + [UInt8](repeating: 0, count: 8)
  }

  @Test func `short strips of JPEG and CCITT are told, which libtiff fills in`() throws {
    let (_, stream) = try frame(DecodeSamples.smooth(), Self.jpeg)
    // T.6: a row like the one above is a bit 1; then the end of the block.
    let fax: [UInt8] = [0xFF, 0xFF, 0x00, 0x10, 0x01]
    let strips: [(strip: [UInt8], isFax: Bool, isWhole: Bool)] = [
      (stream, false, true), (Array(stream.dropLast(20)), false, false), (stream.dropLast(20) + Self.marker, false, false),
      (fax, true, true), (Array(fax[..<1]), true, false),
    ]
    for (strip, isFax, isWhole) in strips {
      let file =
        isFax
        ? page(strip, compression: 4, rows: 16, columns: 8, bits: 1, photometric: 0)
        : page(strip, compression: 7, rows: 64, columns: 64, bits: 8, photometric: 1)
      #expect(try DecodeSamples.read(file).warnings.contains(.truncated) == !isWhole, "\(isFax ? "CCITT" : "JPEG"), \(strip.count) bytes")
    }
  }

  @Test func `deflated strips that lack any of their last bytes are told`() throws {
    for predictor in [Int32(1), 2] {
      for seed in 0..<24 {
        let words = (0..<2 * 40 * 30).map { UInt8(truncatingIfNeeded: ($0 * $0 &* (seed + 3)) >> 5) }
        let file = try DecodeSamples.tiff(rows: 30, columns: 40, bits: 16, deflate: true, predictor: predictor, words: words)
        let whole = try DecodeSamples.read(file)
        #expect(whole.warnings == [] && whole.pixels?.words == words)
        // Strip Byte Counts (279): one long in the entry itself.
        let place = try #require((8..<file.count - 12).first { file[$0..<$0 + 8].elementsEqual([0x17, 1, 4, 0, 1, 0, 0, 0]) }) + 8
        let count = file[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        for missing in 1...6 {
          let cut = file[..<place] + SampleDICOM.word32(count - missing) + file[(place + 4)...]
          let scan = try? DecodeSamples.read(Array(cut))
          #expect(scan?.warnings.contains(.truncated) ?? true, "predictor \(predictor), seed \(seed), \(missing) bytes")
        }
      }
    }
  }
}
