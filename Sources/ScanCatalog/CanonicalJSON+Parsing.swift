extension CanonicalJSON {
  /// Reads strict JSON (RFC 8259) of at most 64 levels; nil for anything else, and for a key that stands twice.
  ///
  /// The text need not be canonical: compare `CanonicalJSON(parsing: t)?.text == t` where that matters.
  package init?(parsing text: String) {
    var reader = Reader(bytes: Array(text.utf8))
    guard let value = reader.value(depth: 0) else { return nil }
    reader.skipSpace()
    guard reader.position == reader.bytes.count else { return nil }
    self = value
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    mutating func take(_ expected: UInt8) -> Bool {
      guard next == expected else { return false }
      position += 1
      return true
    }

    mutating func take(word: String) -> Bool {
      guard bytes[position...].starts(with: word.utf8) else { return false }
      position += word.utf8.count
      return true
    }

    mutating func value(depth: Int) -> CanonicalJSON? {
      guard depth < 64 else { return nil }
      skipSpace()
      switch next {
      case UInt8(ascii: "{"): return object(depth: depth)
      case UInt8(ascii: "["): return array(depth: depth)
      case UInt8(ascii: "\""): return string().map { .string($0) }
      case UInt8(ascii: "t"): return take(word: "true") ? .bool(true) : nil
      case UInt8(ascii: "f"): return take(word: "false") ? .bool(false) : nil
      case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
      default: return number()
      }
    }

    mutating func object(depth: Int) -> CanonicalJSON? {
      position += 1
      var members: [String: CanonicalJSON] = [:]
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      while true {
        skipSpace()
        guard next == UInt8(ascii: "\""), let key = string(), members[key] == nil else { return nil }
        skipSpace()
        guard take(UInt8(ascii: ":")), let member = value(depth: depth + 1) else { return nil }
        members[key] = member
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        guard take(UInt8(ascii: ",")) else { return nil }
      }
    }

    mutating func array(depth: Int) -> CanonicalJSON? {
      position += 1
      var values: [CanonicalJSON] = []
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(values) }
      while true {
        guard let element = value(depth: depth + 1) else { return nil }
        values.append(element)
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        guard take(UInt8(ascii: ",")) else { return nil }
      }
    }

    mutating func string() -> String? {
      position += 1
      // Most texts have no escape and are taken in one piece.
      if let end = bytes[position...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }),
        bytes[end] == UInt8(ascii: "\"")
      {
        defer { position = end + 1 }
        return String(validating: bytes[position..<end], as: UTF8.self)
      }
      var out: [UInt8] = []
      while let byte = next {
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return String(validating: out, as: UTF8.self)
        case UInt8(ascii: "\\"):
          guard escape(into: &out) else { return nil }
        case 0..<0x20: return nil
        default: out.append(byte)
        }
      }
      return nil
    }

    mutating func escape(into out: inout [UInt8]) -> Bool {
      guard let byte = next else { return false }
      position += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "f"): out.append(0x0C)
      case UInt8(ascii: "n"): out.append(0x0A)
      case UInt8(ascii: "r"): out.append(0x0D)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "u"):
        guard var unit = hexadecimal() else { return false }
        if (0xD800..<0xDC00).contains(unit) {
          guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hexadecimal(), (0xDC00..<0xE000).contains(low) else { return false }
          unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(unit) else { return false }
        out += String(Character(scalar)).utf8
      default: return false
      }
      return true
    }

    mutating func hexadecimal() -> UInt32? {
      guard position + 4 <= bytes.count else { return nil }
      let digits = bytes[position..<position + 4]
      guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
      position += 4
      return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    mutating func number() -> CanonicalJSON? {
      let start = position
      _ = take(UInt8(ascii: "-"))
      let whole = digits()
      guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else { return nil }
      var isInteger = true
      if take(UInt8(ascii: ".")) {
        isInteger = false
        guard digits() > 0 else { return nil }
      }
      if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
        isInteger = false
        if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
        guard digits() > 0 else { return nil }
      }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      if isInteger, let value = Int64(text) { return .integer(value) }
      guard let value = Double(text), value.isFinite else { return nil }
      return .number(value)
    }

    mutating func digits() -> Int {
      let start = position
      while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
      return position - start
    }
  }
}
