import ScanCatalog
import Testing

struct CanonicalJSONTests {
  /// RFC 8785 appendix B and section 3.2.
  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("5e-324", "5e-324"), ("-5e-324", "-5e-324"), ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ("9007199254740992", "9007199254740992"), ("295147905179352830000", "295147905179352830000"),
    ("9.999999999999997e22", "9.999999999999997e+22"), ("1e23", "1e+23"), ("1.0000000000000001e23", "1.0000000000000001e+23"),
    ("999999999999999700000", "999999999999999700000"), ("1e21", "1e+21"), ("9.999999999999997e-7", "9.999999999999997e-7"),
    ("0.000001", "0.000001"), ("333333333.33333329", "333333333.3333333"), ("4.5", "4.5"), ("2e-3", "0.002"), ("1e-27", "1e-27"),
    ("-0.0000033333333333333333", "-0.0000033333333333333333"),
  ])
  func `numbers are spelled as ECMAScript spells them`(value: String, text: String) throws {
    #expect(CanonicalJSON.number(try #require(Double(value))).text == text)
  }

  @Test func `keys are sorted by UTF-16 code units and strings escaped as little as may be`() {
    let value = CanonicalJSON.object([
      "\u{20ac}": .string("Euro Sign"), "\r": .string("Carriage Return"), "\u{fb33}": .string("Hebrew Letter Dalet With Dagesh"),
      "1": .string("One"), "\u{1f600}": .string("Emoji: Grinning Face"), "\u{80}": .string("Control"),
      "\u{f6}": .string("Latin Small Letter O With Diaeresis"),
    ])
    let expected =
      #"{"\r":"Carriage Return","1":"One",""# + "\u{80}" + #"":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"#
      + #""Emoji: Grinning Face",""# + "\u{fb33}" + #"":"Hebrew Letter Dalet With Dagesh"}"#
    #expect(value.text == expected)
    #expect(CanonicalJSON.string("\u{1}\"\\/\u{7f}\n").text == #""\u0001\"\\/"# + "\u{7f}" + #"\n""#)
  }

  @Test func `what is written reads back as itself`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let value = Self.random(depth: 0, &generator)
      #expect(CanonicalJSON(parsing: value.text)?.text == value.text)
    }
  }

  private static func random(depth: Int, _ generator: inout some RandomNumberGenerator) -> CanonicalJSON {
    switch Int.random(in: 0..<(depth > 3 ? 5 : 7), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .whole(.random(in: .min ... .max, using: &generator))
    case 3:
      let value = Double(bitPattern: .random(in: 0 ... .max, using: &generator))
      return .number(value.isFinite ? value : 0)
    case 4:
      return .string(String((0..<6).map { _ in Character(Unicode.Scalar(UInt32.random(in: 0..<0xD800, using: &generator))!) }))
    case 5: return .array((0..<3).map { _ in random(depth: depth + 1, &generator) })
    default: return .object(["b": random(depth: depth + 1, &generator), "ä": random(depth: depth + 1, &generator)])
    }
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,\"a\":2}", "01", "1.", "+1", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"", "[1] 2", "NaN", "1e999", "\"",
    String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
  ])
  func `what is not JSON is refused`(text: String) {
    #expect(CanonicalJSON(parsing: text) == nil)
  }

  @Test func `integers beyond a double's reach are written as text`() {
    #expect(CanonicalJSON.whole((1 << 53) - 1).text == "9007199254740991")
    #expect(CanonicalJSON.whole(.max).text == "\"9223372036854775807\"")
    #expect(CanonicalJSON(parsing: CanonicalJSON.whole(.min).text)?.integerValue == .min)
  }
}
