import ScanDeid
import ScanModel
import Testing

/// Names in sets of 2-byte characters, whose later bytes may be those of `\`, `^` and letters, and in sets that are no ISO 8859-1.
struct RepertoireTests {
  /// (Specific Character Set, name, text that stays, what has to be gone from it)
  typealias Case = (set: String, name: [UInt8], text: [UInt8], gone: [UInt8])

  static let kanji: [UInt8] = [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x42]

  static let cases: [Case] = [
    // U+674E U+8AA0: the second byte of the second character is that of a backslash.
    ("GBK", [0xC0, 0xEE, 0xD5, 0x5C], [0xC0, 0xEE, 0xD5, 0x5C], [0xC0, 0xEE, 0xD5, 0x5C]),
    ("GB18030", [0xD5, 0x5E, 0xC0, 0xEE, 0x5E, 0xB0, 0xA1, 0xB0, 0xA2], [0xD5, 0x5E, 0xC0, 0xEE], [0xD5, 0x5E, 0xC0, 0xEE]),
    // A character of four bytes, then one of two.
    ("GB18030", [0x81, 0x30, 0x89, 0x38, 0xC0, 0xEE], [0x81, 0x30, 0x89, 0x38, 0xC0, 0xEE], [0x81, 0x30, 0x89, 0x38, 0xC0, 0xEE]),
    // The same characters with the escapes elsewhere: after another character that was called in with them.
    ("\\ISO 2022 IR 87", Array("Yy=".utf8) + kanji, [0x1B, 0x24, 0x42, 0x30, 0x21] + kanji[3...], [0x3B, 0x33, 0x45, 0x44]),
    // Ivanov in lower and in upper case.
    ("ISO_IR 144", [0xB8, 0xD2, 0xD0, 0xDD, 0xDE, 0xD2], [0xB8, 0xB2, 0xB0, 0xBD, 0xBE, 0xB2], [0xB8, 0xB2, 0xB0, 0xBD, 0xBE, 0xB2]),
    ("ISO_IR 126", [0xC4, 0xE9, 0xEF, 0xED, 0xF5, 0xF3], [0xC4, 0xC9, 0xCF, 0xCD, 0xD5, 0xD3], [0xC4, 0xC9, 0xCF, 0xCD, 0xD5, 0xD3]),
  ]

  @Test(arguments: cases)
  func `a name is found in kept text of its character set`(example: Case) throws {
    var dataset = Planted.instance()
    dataset.set(.specificCharacterSet, .CS, text: example.set)
    dataset.set(Element(.patientName, .PN, .bytes(Element.padded(example.name, .PN))))
    let text = Array("t1 ".utf8) + example.text + Array(" se".utf8)
    for tag in SpellingTests.keptText { dataset.set(Element(tag, .LO, .bytes(Element.padded(text, .LO)))) }
    // An item takes its character set from what holds it.
    var item = Dataset()
    item.set(Element(SpellingTests.keptText[0], .LO, .bytes(Element.padded(text, .LO))))
    dataset.set(Tag(0x0018, 0x9477), sequence: [item])
    let clean = try Planted.clean(dataset).dataset
    let texts = SpellingTests.keptText.map { clean[$0]?.bytes } + [clean.items(Tag(0x0018, 0x9477)).first?[SpellingTests.keptText[0]]?.bytes]
    for bytes in texts {
      let bytes = try #require(bytes)
      #expect(bytes.starts(with: "t1".utf8), "\(bytes)")
      #expect(!holds(bytes, example.gone), "\(bytes)")
    }
  }

  @Test func `another name of the same character set stays`() throws {
    var dataset = Planted.instance()
    dataset.set(.specificCharacterSet, .CS, text: "GB18030")
    dataset.set(Element(.patientName, .PN, .bytes([0xC0, 0xEE, 0xD5, 0x5C])))
    // Second bytes that differ in the highest bit alone: 5C and DC.
    let other = Element(SpellingTests.keptText[0], .LO, .bytes(Array("t1 ".utf8) + [0xC0, 0xEE, 0xD5, 0xDC, 0x20]))
    dataset.set(other)
    #expect(try Planted.clean(dataset).dataset[other.tag] == other)
  }

  private func holds(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: part) }
  }
}
