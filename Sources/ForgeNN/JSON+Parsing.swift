/// Why a text is not strict JSON; `offset` counts bytes from the start.
package struct JSONSyntaxError: Error, Equatable, Sendable {
  package var reason: String
  package var offset: Int
}

extension JSON {
  /// Reads one value and nothing after it but white space.
  ///
  /// Stricter than RFC 8259 asks: duplicate keys, invalid UTF-8, lone surrogates, numbers that overflow and nesting deeper
  /// than 32 are errors. Linear in the length; recursion is bounded.
  package static func parse(_ bytes: some Sequence<UInt8>) throws(JSONSyntaxError) -> JSON {
    var parser = JSONParser(bytes: Array(bytes))
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == parser.bytes.count else { throw parser.failure("text after the value") }
    return value
  }

  package static func parse(_ text: String) throws(JSONSyntaxError) -> JSON { try parse(text.utf8) }
}

private struct JSONParser {
  static let maximumDepth = 32
  let bytes: [UInt8]
  var position = 0

  func failure(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(reason: reason, offset: position) }
  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  mutating func consume(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  mutating func expect(_ word: StaticString, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    for index in 0..<word.utf8CodeUnitCount where !consume(word.utf8Start[index]) { throw failure("unknown word") }
    return value
  }

  mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    guard depth <= JSONParser.maximumDepth else { throw failure("nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try expect("true", .bool(true))
    case UInt8(ascii: "f"): return try expect("false", .bool(false))
    case UInt8(ascii: "n"): return try expect("null", .null)
    case .none: throw failure("the text ends too early")
    default: return try number()
    }
  }

  mutating func object(depth: Int) throws(JSONSyntaxError) -> JSON {
    position += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if consume(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a key must be a string") }
      let key = try string()
      skipSpace()
      guard consume(UInt8(ascii: ":")) else { throw failure("a colon is missing") }
      let member = try value(depth: depth + 1)
      guard members.updateValue(member, forKey: key) == nil else { throw failure("a key occurs twice") }
      skipSpace()
      if consume(UInt8(ascii: "}")) { return .object(members) }
      guard consume(UInt8(ascii: ",")) else { throw failure("a comma is missing") }
    }
  }

  mutating func array(depth: Int) throws(JSONSyntaxError) -> JSON {
    position += 1
    var values: [JSON] = []
    skipSpace()
    if consume(UInt8(ascii: "]")) { return .array(values) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if consume(UInt8(ascii: "]")) { return .array(values) }
      guard consume(UInt8(ascii: ",")) else { throw failure("a comma is missing") }
    }
  }

  mutating func number() throws(JSONSyntaxError) -> JSON {
    let start = position
    var isInteger = true
    _ = consume(UInt8(ascii: "-"))
    let wholeStart = position
    skipDigits()
    let wholeDigits = position - wholeStart
    guard wholeDigits > 0, wholeDigits == 1 || bytes[wholeStart] != UInt8(ascii: "0") else { throw failure("not a number") }
    if consume(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw failure("digits are missing after the point") }
    }
    if consume(UInt8(ascii: "e")) || consume(UInt8(ascii: "E")) {
      isInteger = false
      if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw failure("digits are missing in the exponent") }
    }
    guard position - start <= 64 else { throw failure("a number is too long") }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw failure("a number is out of range") }
    return .number(value)
  }

  @discardableResult mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    return position - start
  }

  mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    var utf8: [UInt8] = []
    while true {
      guard let byte = next else { throw failure("a string does not end") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: utf8, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &utf8)
      case 0..<0x20: throw failure("a control character stands in a string")
      default: utf8.append(byte)
      }
    }
  }

  mutating func escape(into utf8: inout [UInt8]) throws(JSONSyntaxError) {
    guard let byte = next else { throw failure("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(byte)
    case UInt8(ascii: "b"): utf8.append(0x08)
    case UInt8(ascii: "f"): utf8.append(0x0C)
    case UInt8(ascii: "n"): utf8.append(0x0A)
    case UInt8(ascii: "r"): utf8.append(0x0D)
    case UInt8(ascii: "t"): utf8.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code & 0xFC00 == 0xD800 {
        guard consume(UInt8(ascii: "\\")), consume(UInt8(ascii: "u")) else { throw failure("half of a surrogate pair is missing") }
        let low = try hexadecimal()
        guard low & 0xFC00 == 0xDC00 else { throw failure("half of a surrogate pair is missing") }
        code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair is missing") }
      utf8.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw failure("unknown escape")
    }
  }

  mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("the text ends too early") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw failure("not a hexadecimal digit") }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
