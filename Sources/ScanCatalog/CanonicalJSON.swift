/// A JSON value with one spelling: RFC 8785 (keys sorted by UTF-16 code units, shortest numbers, no white space).
///
/// Event bodies, run parameters and artifact attributes are hashed, so their text must not depend on who wrote it.
package enum CanonicalJSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Finite.
  case number(Double)
  case string(String)
  case array([CanonicalJSON])
  case object([String: CanonicalJSON])

  /// An integer, or its decimal text where a JSON number (a double) could not hold it exactly.
  package static func whole(_ value: Int64) -> CanonicalJSON {
    abs(Double(value)) <= 9_007_199_254_740_991 ? .integer(value) : .string(String(value))
  }

  /// The canonical text.
  package var text: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  package subscript(key: String) -> CanonicalJSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  package var arrayValue: [CanonicalJSON]? { if case .array(let value) = self { value } else { nil } }
  package var objectValue: [String: CanonicalJSON]? { if case .object(let value) = self { value } else { nil } }
  package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// An integer, also one that `whole` had to write as text.
  package var integerValue: Int64? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    case .string(let value): Int64(value)
    default: nil
    }
  }

  package var numberValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  func write(to out: inout [UInt8]) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .integer(let value): out += String(value).utf8
    case .number(let value): out += Self.ecmaScript(value).utf8
    case .string(let value): Self.write(value, to: &out)
    case .array(let values):
      out.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        value.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      // Of ASCII texts, Swift's order is that of the bytes, and much faster.
      let isASCII = members.keys.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
      let keys = isASCII ? members.keys.sorted() : members.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
      for (index, key) in keys.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        Self.write(key, to: &out)
        out.append(UInt8(ascii: ":"))
        members[key]?.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  static func write(_ text: String, to out: inout [UInt8]) {
    var text = text
    text.withUTF8 { write(utf8: $0, to: &out) }
  }

  /// A JSON string of these bytes; what needs no escape goes in whole pieces.
  static func write(utf8 bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    var start = 0
    for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
      out += UnsafeBufferPointer(rebasing: bytes[start..<index])
      writeEscaped(byte, to: &out)
      start = index + 1
    }
    out += UnsafeBufferPointer(rebasing: bytes[start...])
    out.append(UInt8(ascii: "\""))
  }

  private static func writeEscaped(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): out += #"\""#.utf8
    case UInt8(ascii: "\\"): out += #"\\"#.utf8
    case 0x08: out += #"\b"#.utf8
    case 0x09: out += #"\t"#.utf8
    case 0x0A: out += #"\n"#.utf8
    case 0x0C: out += #"\f"#.utf8
    case 0x0D: out += #"\r"#.utf8
    case 0..<0x20: out += (#"\u00"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
    default: out.append(byte)
    }
  }

  /// Number-to-string of ECMAScript (ECMA-262, Number::toString), which RFC 8785 section 3.2.2.3 prescribes.
  static func ecmaScript(_ value: Double) -> String {
    precondition(value.isFinite, "canonical JSON has no \(value)")
    if value == 0 { return "0" }
    if value < 0 { return "-" + ecmaScript(-value) }
    // Swift prints the shortest digits that read back as `value`; only the placement of point and exponent differs.
    let parts = "\(value)".split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
    var digits = String(mantissa[0]) + fraction
    var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.hasPrefix("0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    let count = digits.count
    if count <= point, point <= 21 { return digits + String(repeating: "0", count: point - count) }
    if 0 < point, point <= 21 { return digits.prefix(point) + "." + digits.dropFirst(point) }
    if -6 < point, point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
    let exponent = (point > 0 ? "+" : "-") + String(abs(point - 1))
    return digits.prefix(1) + (count > 1 ? "." + digits.dropFirst() : "") + "e" + exponent
  }
}
