import ScanDeid
import ScanModel
import Testing

/// Texts in values that hold numbers, samples and profiles, and coded values that hold more than a code.
@Suite struct BinaryTextTests {
  private static let palette = Tag(0x0028, 0x1201)
  private static let profile = Tag(0x0028, 0x2000)

  private static func cleaned(_ tag: Tag, _ vr: VR, _ bytes: [UInt8], _ options: Set<DeidOption> = []) throws -> [UInt8]? {
    var dataset = Planted.patient()
    dataset.set(Element(tag, vr, .bytes(bytes)))
    return try Planted.clean(dataset, options).dataset[tag]?.bytes
  }

  /// Bytes without structure, the same every time.
  private static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  @Test func `text among samples of a table becomes zeros, and ramps stay`() throws {
    let words = Array("zqnobodysname of the north".utf8)
    let ramp: [UInt8] = (0..<512).map { UInt8($0 / 2) }
    var table = ramp
    table.replaceSubrange(100..<100 + words.count, with: words)
    let falling: [UInt8] = ramp.reversed()
    let clean = try #require(try Self.cleaned(Self.palette, .OW, table))
    #expect(clean.count == table.count)
    #expect(Planted.occurrences(of: "zqnobody", in: clean) == 0)
    #expect(Array(clean[..<90]) == Array(table[..<90]))
    #expect(try Self.cleaned(Self.palette, .OW, Array("ZQXVKOWI".utf8)) == [])
    for plain in [ramp, falling, (0..<256).map { UInt8($0) }, Self.noise(512)] {
      #expect(try Self.cleaned(Self.palette, .OW, plain) == plain)
    }
  }

  @Test func `numbers of any count that are words are emptied`() throws {
    // Table of Pixel Values, FL 1-n.
    let tag = Tag(0x0018, 0x6060)
    for text in ["zqnobody", "abcdzqno", "ZQXVKOWI", "19470823", "ZQNOBODYSNAMEATALLHERE12"] {
      #expect(try Self.cleaned(tag, .FL, Array(text.utf8)) == [])
    }
    // Frame Increment Pointer, AT 1-n.
    let pointer = Tag(0x0028, 0x0009)
    #expect(try Self.cleaned(pointer, .AT, Array("zqno".utf8)) == [])
    #expect(try Self.cleaned(pointer, .AT, [0x18, 0, 0x63, 0x10]) == [0x18, 0, 0x63, 0x10])
    let values: [Float] = [0.5, 1, 1000, 0.001, 3.25e6, -12.75]
    let numbers: [UInt8] = values.flatMap { (value: Float) -> [UInt8] in PixelStreams.little32(Int(value.bitPattern)) }
    #expect(try Self.cleaned(tag, .FL, numbers) == numbers)
  }

  @Test func `identifiers in binary values and pixels stop the release, from four letters on where chance does not explain them`() throws {
    func leaks(_ value: [UInt8], _ vr: VR = .OW, in tag: Tag = BinaryTextTests.palette, patient name: String = "Quarlsborough^Zinnia")
      throws -> Bool
    {
      var dataset = Planted.patient(name: name)
      dataset.set(Element(tag, vr, .bytes(value)))
      if tag == .pixelData {
        dataset.set(.rows, us: UInt16(value.count / 64))
        dataset.set(.columns, us: 64)
      }
      do {
        _ = try Planted.clean(dataset)
        return false
      } catch DeidError.identifiersRemain { return true }
    }
    func planted(_ text: String, in bytes: [UInt8]) -> [UInt8] {
      var bytes = bytes
      bytes.replaceSubrange(1000..<1000 + text.utf8.count, with: Array(text.utf8))
      return bytes
    }
    let noise = Self.noise(8192)
    // In both byte orders, and as UTF-16.
    #expect(try leaks(planted("uQraslobornugh", in: noise)) == false)
    #expect(try leaks(planted("uQraslobornughZ", in: [UInt8](repeating: 3, count: 8192))) == false)
    #expect(try leaks(planted("uQraslboro", in: noise), patient: "Quarlsobor^Z"))
    #expect(try leaks(planted("Q\0u\0a\0r\0l\0s\0b\0o\0r\0o\0u\0g\0h\0", in: noise)))
    for text in ["19620314", "Quarlsborough", "FAKE-4711"] { #expect(try leaks(planted(text, in: noise), .OB, in: .pixelData), "\(text)") }
    // Four letters in noise are chance; within a sentence they are none.
    #expect(try leaks(planted("Wuxq", in: noise), .OB, in: .pixelData, patient: "Wuxq^A") == false)
    #expect(try leaks(planted("read by Dr. Wuxq, room 12", in: noise), .OB, in: .pixelData, patient: "Wuxq^A"))
    // A dark image: samples that all are digits hold any number.
    let digits = Self.noise(8192).map { 48 + $0 % 10 }
    #expect(try leaks(planted("19620314", in: digits), .OB, in: .pixelData) == false)
  }

  /// Signature, tags, a text and XYZ numbers.
  static func icc(text: String, tag: String = "cprt", maker: String = "\0\0\0\0") -> [UInt8] {
    func big(_ value: Int) -> [UInt8] { PixelStreams.big32(value) }
    let words = Array("text\0\0\0\0".utf8) + Array(text.utf8) + [0]
    let white = Array("XYZ \0\0\0\0".utf8) + big(0xF6D6) + big(0x10000) + big(0xD32D)
    let first = 128 + 4 + 24
    let second = (first + words.count + 3) / 4 * 4
    let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
    let date: [UInt8] = [7, 0xE0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    var parts: [[UInt8]] = [big(second + 20), [0, 0, 0, 0, 2, 0x40, 0, 0], Array("mntrRGB XYZ ".utf8), date, Array("acsp".utf8)]
    parts += [zeros(8), Array(maker.utf8), zeros(128 - 52), big(2), Array(tag.utf8), big(first), big(words.count)]
    parts += [Array("wtpt".utf8), big(second), big(20), words, zeros(second - first - words.count), white]
    return Array(parts.joined())
  }

  @Test func `color profiles lose their texts and nothing else`() throws {
    let plain = Self.icc(text: "Copyright Hewlett-Packard Company 1998")
    #expect(try Self.cleaned(Self.profile, .OB, plain) == plain)
    for dirty in [
      Self.icc(text: "zqnobody of nowhere"), Self.icc(text: "zqnobody here", tag: "targ"), Self.icc(text: "all", maker: "zqno"),
      plain + Array("zqnobody".utf8),
    ] {
      let clean = try #require(try Self.cleaned(Self.profile, .OB, dirty))
      #expect(clean.count == dirty.count)
      #expect(Planted.occurrences(of: "zqno", in: clean) == 0)
      #expect(Planted.occurrences(of: "wtpt", in: clean) == 1)
    }
    #expect(try Self.cleaned(Self.profile, .OB, [UInt8](repeating: 0, count: 40) + Array("zqnobody".utf8)) == [])
  }

  @Test(arguments: [
    (Tag.modality, VR.CS, "MR\0ZQNOBODY", "MR"), (.modality, .CS, "MR\\ZQNOBODY", "MR"), (.modality, .CS, "zq^nobody", "ANONYMIZED"),
    (.imageType, .CS, "ORIGINAL\\zq,nobody\\AXIAL", "ORIGINAL\\ANONYMIZED\\AXIAL"), (Tag(0x0028, 0x0301), .CS, "ZQNOBODY", "ANONYMIZED"),
    (Tag(0x0028, 0x1300), .CS, "YES\\ZQ", "YES"), (Tag(0x0018, 0x1020), .LO, "V1\0zqnobody\\V2", "V1\\V2"),
    (Tag(0x0018, 0x1160), .SH, "B30\0zqno", "B30"),
    (.specificCharacterSet, .CS, "ISO_IR 192\\ZQNOBODY", "ISO_IR 192"),
    (.specificCharacterSet, .CS, "\\ISO 2022 IR 87", "\\ISO 2022 IR 87"),
    (.specificCharacterSet, .CS, "ISO-IR 100", "ISO_IR 100"), (Tag(0x0018, 0x1314), .DS, "30\0zqno", "30"),
    (Tag(0x0028, 0x0301), .CS, "NO", "NO"),
    (.bodyPartExamined, .CS, "T-SPINE", "T-SPINE"),
  ])
  func `coded and short values keep what they may hold`(tag: Tag, vr: VR, value: String, expected: String) throws {
    let bytes = try #require(try Self.cleaned(tag, vr, Array(value.utf8)))
    #expect(Element(tag, vr, .bytes(bytes)).text == expected)
  }

  @Test func `what an option keeps is what its VR says`() throws {
    let uid = Tag(0x0020, 0x0052)
    let replaced = try #require(try Self.cleaned(uid, .UI, Array("KOWALCZYK".utf8), [.retainUIDs]))
    #expect(String(decoding: replaced, as: UTF8.self).hasPrefix("2.25."))
    #expect(
      try Self.cleaned(.studyDate, .DA, Array("zqnobody".utf8), [.retainLongitudinalFullDates]).map {
        Planted.occurrences(of: "zqno", in: $0)
      } ?? 0 == 0)
    #expect(try Self.cleaned(.studyDate, .DA, Array("20200229".utf8), [.retainLongitudinalFullDates]) == Array("20200229".utf8))
    #expect(
      try Self.cleaned(.patientAge, .AS, Array("zqno".utf8), [.retainPatientCharacteristics]).map {
        Planted.occurrences(of: "zqno", in: $0)
      } ?? 0 == 0)
    #expect(try Self.cleaned(.patientAge, .AS, Array("058Y".utf8), [.retainPatientCharacteristics]) == Array("058Y".utf8))
  }
}
