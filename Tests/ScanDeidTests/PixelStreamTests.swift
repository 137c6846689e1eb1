import Diagnostics
import ScanDeid
import ScanModel
import Testing

/// Texts in compressed pixel data, wherever a decoder does not look.
@Suite struct PixelStreamTests {
  private typealias P = PixelStreams

  /// Overwritten in place: the token is gone, every length is as it was, and a second run finds nothing.
  private func expectClean(_ image: [UInt8], _ syntax: String, _ what: String) throws {
    #expect(Planted.occurrences(of: P.token, in: image) > 0)
    let clean = try P.clean([image], syntax)
    let cleaned = P.fragments(clean)[1]
    #expect(Planted.occurrences(of: P.token, in: cleaned) == 0, "\(what)")
    #expect(cleaned.count == image.count, "\(what)")
    #expect((clean.record.counts["codestreamBlanked"] ?? 0) > 0, "\(what)")
    #expect(try P.clean([cleaned], syntax).record.counts["codestreamBlanked"] == nil, "\(what)")
  }

  /// JFIF and Adobe with more bytes than they need, an ICC profile that is none, JPEG 2000's SPIFF, JPGn, reserved markers, thumbnails.
  private static let foreignSegments: [[UInt8]] =
    (0xE0...0xFE).filter { $0 != 0xF7 }.map { P.segment(UInt8($0), P.text) } + [
      P.segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 2, 2] + P.text),
      P.segment(0xE0, Array("JFIF\0".utf8) + P.text),
      P.segment(0xE0, Array("JFXX\0".utf8) + P.text),
      P.segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + P.text),
      P.segment(0xE8, Array("mrfx".utf8) + [1] + P.text),
      P.segment(0xE8, Array("SPIFF\0".utf8) + P.text),
      P.segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 1] + P.text),
      P.segment(0xDD, [0, 0] + P.text), P.segment(0xDC, [0, 8] + P.text), P.segment(0x42, P.text), P.text,
    ]

  @Test(arguments: 0..<foreignSegments.count) func `segments that decoding does not need are overwritten`(index: Int) throws {
    let segment = Self.foreignSegments[index]
    try expectClean(P.jpegImage(beforeFrame: segment), P.jpeg, "segment \(index) before the frame header")
    try expectClean(P.jpegImage(beforeScan: segment), P.jpeg, "segment \(index) before the scan header")
    try expectClean(P.jpegImage(behindData: [0xFF, 0xD9] + segment), P.jpeg, "segment \(index) behind the image")
  }

  @Test func `bytes around and behind what a JPEG decoder reads are overwritten`() throws {
    try expectClean(P.text + P.jpegImage(), P.jpeg, "before the image")
    try expectClean(P.jpegImage(behindData: P.text), P.jpeg, "behind the coded data")
    try expectClean(P.jpegImage(behindImage: P.text), P.jpeg, "behind the image")
    try expectClean(
      P.jpegImage(quantization: [1] + P.text + [UInt8](repeating: 2, count: 63 - P.text.count)), P.jpeg, "values no coefficient takes")
    let alike = [UInt8](repeating: 0x32, count: 30)
    try expectClean(P.jpegImage(quantization: [1] + alike + P.text.prefix(9) + alike.dropFirst(6)), P.jpeg, "values among alike ones")
    let unused = P.segment(0xDB, [3] + P.text + [UInt8](repeating: 2, count: 64 - P.text.count))
    try expectClean(P.jpegImage(beforeScan: unused), P.jpeg, "a table no component takes")
    let symbols = P.segment(0xC4, [0x13, 0, 0, 0, 0, UInt8(P.text.count)] + [UInt8](repeating: 0, count: 11) + P.text)
    try expectClean(P.jpegImage(beforeScan: symbols), P.jpeg, "Huffman symbols no scan takes")
  }

  @Test func `coded data is filled up to the marker, and headers keep what they say`() throws {
    let clean = P.fragments(try P.clean([P.jpegImage(beforeFrame: P.segment(0xFE, P.text), behindData: P.text)], P.jpeg))[1]
    let blank = P.segment(0xFE, [UInt8](repeating: 0x20, count: P.text.count))
    #expect(clean == P.jpegImage(beforeFrame: blank, behindData: [UInt8](repeating: 0xFF, count: P.text.count)))
  }

  @Test func `an image without texts stays as it is`() throws {
    let jfif = P.segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 1, 0, 72, 0, 72, 0, 0])
    let adobe = P.segment(0xEE, Array("Adobe".utf8) + [0, 100, 0x80, 0, 0, 0, 1])
    let images = [
      (P.jpegImage(beforeFrame: jfif + adobe, behindImage: [0]), P.jpeg), (P.jpeg2000Image(), P.jpeg2000), (P.jp2([]), P.jpeg2000),
      (P.rleFrame(), P.rle),
      (P.jpeg2000Image(tile: P.segment(0x58, [0, 4])), P.jpeg2000),
    ]
    for (image, syntax) in images {
      let clean = try P.clean([image], syntax)
      #expect(P.fragments(clean)[1] == image)
      #expect(clean.record.counts["codestreamBlanked"] == nil)
    }
  }

  @Test func `a segment that two fragments share is found`() throws {
    let image = P.jpegImage(beforeFrame: P.segment(0xFE, P.text))
    let halves = [Array(image[..<9]), Array(image[9...])]
    let clean = Array(P.fragments(try P.clean(halves + halves, P.jpeg) { $0.set(.numberOfFrames, .IS, text: "2") }).dropFirst())
    #expect(clean.map(\.count) == (halves + halves).map(\.count))
    #expect(Array(clean[..<2].joined()) == Array(clean[2...].joined()))
    #expect(Planted.occurrences(of: P.token, in: Array(clean.joined())) == 0)
  }

  @Test func `text before the image of a later frame does not cost the frame`() throws {
    let image = P.jpegImage()
    let clean = P.fragments(try P.clean([image, P.text + image], P.jpeg) { $0.set(.numberOfFrames, .IS, text: "2") })
    #expect(clean[1] == image)
    #expect(clean[2] == [UInt8](repeating: 0, count: P.text.count) + image)
  }

  @Test(arguments: [0x64, 0x57, 0x58, 0x55, 0x63, 0x59, 0x56, 0x6F] as [UInt8])
  func `comments, pointers and unknown segments of JPEG 2000 are overwritten`(marker: UInt8) throws {
    let segment = P.segment(marker, [0, 1] + P.text)
    try expectClean(P.jpeg2000Image(main: segment), P.jpeg2000, "\(marker) in the main header")
    try expectClean(P.jpeg2000Image(tile: segment), P.jpeg2000, "\(marker) in the tile-part header")
    try expectClean(P.text + P.jpeg2000Image(), P.jpeg2000, "before the codestream")
    try expectClean(P.jpeg2000Image(behindImage: P.text), P.jpeg2000, "behind the codestream")
  }

  @Test func `boxes around JPEG 2000 that decoding does not need become free space`() throws {
    for type in ["xml ", "uuid", "jp2i", "uinf", "free", "zzzz"] { try expectClean(P.jp2(P.box(type, P.text)), P.jpeg2000, type) }
    for content in [P.box("res ", P.text), P.box("colr", [2, 0, 0] + P.text), P.box("colr", [1, 0, 0, 0, 0, 0, 17] + P.text)] {
      try expectClean(P.jp2([], header: content), P.jpeg2000, "in the header box")
    }
  }

  @Test func `what an RLE decoder does not read is overwritten`() throws {
    try expectClean(P.rleFrame(header: P.text + [UInt8](repeating: 0, count: 56 - P.text.count)), P.rle, "unused offsets")
    try expectClean(P.rleFrame(gap: P.text), P.rle, "before the first segment")
    try expectClean(P.rleFrame(behind: P.text), P.rle, "behind the last cell")
  }

  @Test func `a frame that nobody can follow is not released`() throws {
    let broken: [([UInt8], String)] = [
      (P.text, P.jpeg), (P.text, P.jpeg2000), (P.text, P.rle), (Array(P.jpeg2000Image()[..<60]) + P.text + [0, 0], P.jpeg2000),
    ]
    for (fragment, syntax) in broken {
      #expect(throws: DeidError.pixelStream(frame: 1)) { try P.clean([fragment], syntax) }
    }
    #expect(
      DeidError.pixelStream(frame: 3).description
        == "the encoding of frame 3 cannot be followed, so texts in it cannot be told from pixels. "
        + "Decode the image with another program, write it without compression, and try again.")
    for fragment: [UInt8] in [[], [0, 0], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xFE, 0xFF]] { _ = try P.clean([fragment], P.jpeg) }
  }

  @Test func `damaged streams are followed or refused, and no length changes`() throws {
    let comment = P.segment(0x64, [0, 1] + P.text)
    let images: [([UInt8], String)] = [
      (P.jpegImage(beforeFrame: Array(Self.foreignSegments.prefix(33).joined()), behindData: P.text), P.jpeg),
      (P.jpegImage(), P.jpegLossless),
      (P.jpeg2000Image(main: comment + P.segment(0x55, [0, 0x40] + P.text), tile: comment + P.segment(0x58, [0, 4])), P.jpeg2000),
      (P.jp2(P.box("xml ", P.text), header: P.box("colr", [2, 0, 0] + BinaryTextTests.icc(text: "zqnobody"))), P.jpeg2000),
      (P.rleFrame(gap: P.text, behind: P.text), P.rle),
    ]
    var state: UInt64 = 7
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for round in 0..<4000 {
      var (image, syntax) = images[round % images.count]
      for _ in 0..<1 + random(6) { image[random(image.count)] = [0, 0xFF, 0x7F, 0x80, UInt8(random(256))][random(5)] }
      if random(4) == 0 { image.removeLast(random(image.count)) }
      do {
        #expect(P.fragments(try P.clean([image], syntax))[1].count == image.count)
      } catch DeidError.pixelStream, DeidError.identifiersRemain {}
    }
  }

  @Test func `damaged color profiles are cleaned or emptied`() throws {
    let profile = BinaryTextTests.icc(text: "zqnobody of nowhere")
    for offset in profile.indices {
      for byte in [0, 0xFF, 0x7F] as [UInt8] {
        var damaged = profile
        damaged[offset] = byte
        var dataset = Planted.instance()
        dataset.set(Element(Tag(0x0028, 0x2000), .OB, .bytes(damaged)))
        let clean = try Planted.clean(dataset).dataset[Tag(0x0028, 0x2000)]?.bytes ?? []
        #expect(clean.isEmpty || clean.count == damaged.count)
        #expect(Planted.occurrences(of: "zqnobody", in: clean) == 0, "byte \(offset) is \(byte)")
      }
    }
  }

  @Test func `offset tables hold offsets`() throws {
    let image = P.jpegImage()
    let second = P.little32(8 + image.count + image.count % 2)
    func table(_ table: [UInt8]) throws -> [UInt8] {
      P.fragments(try P.clean([image, image], P.jpeg, table: table) { $0.set(.numberOfFrames, .IS, text: "2") })[0]
    }
    #expect(try table([]) == [])
    #expect(try table(P.little32(0) + second) == P.little32(0) + second)
    #expect(try table(P.text) == P.little32(0) + second)
    #expect(try table(P.little32(0) + second + P.text) == P.little32(0) + second)
  }

  @Test func `extended offset tables are those of the fragments, or go`() throws {
    let (offsets, lengths) = (Tag(0x7FE0, 0x0001), Tag(0x7FE0, 0x0002))
    let text = Array("zqcommen".utf8)
    let image = P.jpegImage()
    let clean = try P.clean([image], P.jpeg) {
      $0.set(Element(offsets, .OV, .bytes(text)))
      $0.set(Element(lengths, .OV, .bytes(text)))
    }
    #expect(clean.dataset[offsets]?.bytes == [UInt8](repeating: 0, count: 8))
    #expect(clean.dataset[lengths]?.bytes == P.little32(image.count) + [0, 0, 0, 0])
    let single = try P.clean([image], P.jpeg) { $0.set(Element(offsets, .OV, .bytes(text))) }
    #expect(single.dataset[offsets] == nil)
    var native = Planted.instance()
    native.set(Element(offsets, .OV, .bytes(text)))
    #expect(try Planted.clean(native).dataset[offsets] == nil)
  }
}
