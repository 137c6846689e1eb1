/// A JSON value with a canonical text: keys in byte order, no spaces, shortest numbers that read back exactly.
///
/// Checkpoints need two things that Foundation's coder does not give: the same bytes for the same value on every machine, and
/// a reader that refuses duplicate keys, trailing text and deep nesting.
package enum JSON: Sendable, Equatable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A finite number that is not an integer literal.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  package subscript(key: String) -> JSON? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  package var integerValue: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value) where value == value.rounded() && abs(value) < 9e15: Int(value)
    default: nil
    }
  }

  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  package var stringValue: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  package var boolValue: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  package var arrayValue: [JSON]? {
    if case .array(let values) = self { return values }
    return nil
  }

  package var objectValue: [String: JSON]? {
    if case .object(let members) = self { return members }
    return nil
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
}

extension JSON {
  /// The canonical text. `pretty` adds two-space indentation and a final newline, for files that people read.
  package func text(pretty: Bool = false) -> String {
    var out = ""
    write(into: &out, indentation: pretty ? 0 : nil)
    if pretty { out += "\n" }
    return out
  }

  private func write(into out: inout String, indentation: Int?) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value):
      precondition(value.isFinite, "JSON has no spelling for \(value)")
      out += "\(value)"
    case .string(let value): JSON.write(value, into: &out)
    case .array(let values):
      JSON.writeList(values, open: "[", close: "]", into: &out, indentation: indentation) { value, out, inner in
        value.write(into: &out, indentation: inner)
      }
    case .object(let members):
      let sorted = members.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
      JSON.writeList(sorted, open: "{", close: "}", into: &out, indentation: indentation) { member, out, inner in
        JSON.write(member.key, into: &out)
        out += inner == nil ? ":" : ": "
        member.value.write(into: &out, indentation: inner)
      }
    }
  }

  private static func writeList<Element>(
    _ list: [Element], open: String, close: String, into out: inout String, indentation: Int?,
    write: (Element, inout String, Int?) -> Void
  ) {
    out += open
    for (index, element) in list.enumerated() {
      if index > 0 { out += "," }
      if let indentation { out += "\n" + String(repeating: "  ", count: indentation + 1) }
      write(element, &out, indentation.map { $0 + 1 })
    }
    if let indentation, !list.isEmpty { out += "\n" + String(repeating: "  ", count: indentation) }
    out += close
  }

  private static func write(_ string: String, into out: inout String) {
    out += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
