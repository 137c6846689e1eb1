import ForgeNN
import Testing

@Suite struct JSONTests {
  @Test func `canonical text sorts keys by bytes and spells numbers shortest`() {
    let value: JSON = ["b": [1, 0.1, 2.5e-5, -3], "a": "ü\n\"\u{1}", "B": .null, "aa": false]
    #expect(value.text() == #"{"B":null,"a":"ü\n\"\u0001","aa":false,"b":[1,0.1,2.5e-05,-3]}"#)
  }

  @Test func `pretty text is indented and reads back`() throws {
    let value: JSON = ["a": [], "b": [1, ["c": "d"]]]
    #expect(value.text(pretty: true) == "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {\n      \"c\": \"d\"\n    }\n  ]\n}\n")
    #expect(try JSON.parse(value.text(pretty: true)) == value)
  }

  @Test(arguments: [0.1, 1e-9, 123456.789, 1.7976931348623157e308, 0.30000000000000004])
  func `numbers read back exactly`(number: Double) throws {
    #expect(try JSON.parse(JSON.number(number).text()).doubleValue == number)
  }

  @Test func `escapes and surrogate pairs are decoded`() throws {
    #expect(try JSON.parse(#""\u00e9\ud83d\ude00\/\t""#) == "é😀/\t")
  }

  @Test(arguments: [
    (#"{"a":1,"a":2}"#, "a key occurs twice"), ("[1] 2", "text after the value"), ("[01]", "not a number"),
    ("[1e999]", "a number is out of range"),
    (#"["\ud800"]"#, "half of a surrogate pair is missing"), ("[1,]", "not a number"), ("{\"a\"}", "a colon is missing"),
    ("nul", "unknown word"),
    ("\"a", "a string does not end"), ("", "the text ends too early"), (String(repeating: "[", count: 40), "nested too deeply"),
    ("\"\u{2}\"", "a control character stands in a string"), ("[.5]", "not a number"), ("[1.]", "digits are missing after the point"),
    ("[1 2]", "a comma is missing"), (#""\x""#, "unknown escape"), ("[NaN]", "not a number"),
  ])
  func `what is not strict JSON is refused with a reason`(text: String, reason: String) {
    do {
      let value = try JSON.parse(text)
      Issue.record("\(text) was read as \(value)")
    } catch {
      #expect(error.reason == reason)
    }
  }

  @Test func `invalid UTF-8 is refused`() {
    #expect(throws: JSONSyntaxError.self) { try JSON.parse([0x22, 0xC3, 0x28, 0x22] as [UInt8]) }
  }
}
