/// A text as somebody else may read it: escapes resolved, Base64 or hexadecimal digits decoded, from the end to the start, or with the Latin
/// letters that letters of other scripts look like. Remembers where each byte came from.
///
/// Names and numbers are rarely hidden on purpose, but web forms, mail gateways and HL7 interfaces escape what they hand on.
struct TextReading {
  let bytes: [UInt8]
  /// Source bytes of each byte.
  private let sources: [Range<Int>]
  /// Shorter matches are chance.
  let shortestMatch: Int

  private init(_ pieces: Pieces, shortestMatch: Int) {
    bytes = pieces.bytes
    sources = pieces.sources
    self.shortestMatch = shortestMatch
  }

  /// The source bytes of a range of `bytes`.
  func source(of range: Range<Int>) -> Range<Int> {
    sources[range].reduce(sources[range.lowerBound]) { min($0.lowerBound, $1.lowerBound)..<max($0.upperBound, $1.upperBound) }
  }

  /// All readings of `text` that differ from it.
  ///
  /// - Complexity: the length of `text`.
  static func readings(of text: [UInt8], _ repertoire: Repertoire) -> [TextReading] {
    var readings: [TextReading] = []
    if let plain = TextEscapes.resolved(text) { readings.append(TextReading(plain, shortestMatch: 4)) }
    for decoded in EncodedStretches.decoded(text) { readings.append(TextReading(decoded, shortestMatch: 4)) }
    // Most texts are ASCII, and short.
    if text.allSatisfy({ $0 < 0x80 && $0 != 0x1B }) {
      if text.count >= shortestBackwards { readings.append(TextReading(Pieces(backwards: text), shortestMatch: shortestBackwards)) }
      return readings
    }
    let letters = characters(of: FoldedText(text, repertoire))
    for table in [LookalikeLetters.small, LookalikeLetters.capital] {
      if let latin = LookalikeLetters.latin(letters, table) { readings.append(TextReading(latin, shortestMatch: 4)) }
    }
    var backwards = Pieces()
    for (bytes, source) in letters.reversed() { backwards.append(bytes, source) }
    readings.append(TextReading(backwards, shortestMatch: shortestBackwards))
    return readings
  }

  private static let shortestBackwards = 6

  /// Folded letters and digits, and a space for whatever stands between.
  private static func characters(of text: FoldedText) -> [(bytes: [UInt8], source: Range<Int>)] {
    var characters: [(bytes: [UInt8], source: Range<Int>)] = []
    for (index, unit) in text.units.enumerated() {
      if index > 0, text.gaps[index] != text.gaps[index - 1] {
        characters.append(([0x20], text.sources[index - 1].upperBound..<text.sources[index].lowerBound))
      }
      if let last = characters.last, last.source == text.sources[index] {
        characters[characters.count - 1].bytes.append(unit)
      } else {
        characters.append(([unit], text.sources[index]))
      }
    }
    return characters
  }

  /// Bytes with their sources, being gathered.
  struct Pieces {
    private(set) var bytes: [UInt8] = []
    private(set) var sources: [Range<Int>] = []

    init() {}

    init(backwards text: [UInt8]) {
      bytes = text.reversed()
      sources = text.indices.reversed().map { $0..<$0 + 1 }
    }

    mutating func append(_ bytes: some Sequence<UInt8>, _ source: Range<Int>) {
      for byte in bytes {
        self.bytes.append(byte)
        sources.append(source)
      }
    }
  }
}

/// Escapes of web addresses (`%6D`), mail (`=6D`), HTML and XML (`&#109;`, `&#x6D;`, `&uuml;`), and programs (`\u006D`, `\x6D`).
enum TextEscapes {
  /// The text with its escapes resolved; nil when it has none.
  static func resolved(_ text: [UInt8]) -> TextReading.Pieces? {
    guard text.contains(where: { [0x25, 0x3D, 0x26, 0x5C].contains($0) }) else { return nil }
    var pieces = TextReading.Pieces()
    var index = 0
    var isChanged = false
    while index < text.count {
      if let (bytes, length) = escape(text[index...]) {
        pieces.append(bytes, index..<index + length)
        index += length
        isChanged = true
      } else {
        pieces.append(CollectionOfOne(text[index]), index..<index + 1)
        index += 1
      }
    }
    return isChanged ? pieces : nil
  }

  private static func escape(_ text: ArraySlice<UInt8>) -> (bytes: [UInt8], length: Int)? {
    let rest = text.dropFirst()
    switch text.first {
    case 0x25, 0x3D: return hexadecimal(rest, digits: 2).map { ([UInt8($0)], 3) }
    case 0x5C:
      switch rest.first {
      case 0x75: return hexadecimal(rest.dropFirst(), digits: 4).flatMap { (number: UInt32) in utf8(number).map { ($0, 6) } }
      case 0x78: return hexadecimal(rest.dropFirst(), digits: 2).map { ([UInt8($0)], 4) }
      default: return nil
      }
    case 0x26: return entity(rest)
    default: return nil
    }
  }

  private static func entity(_ text: ArraySlice<UInt8>) -> (bytes: [UInt8], length: Int)? {
    guard let end = text.prefix(10).firstIndex(of: 0x3B) else { return nil }
    let name = String(decoding: text[text.startIndex..<end], as: UTF8.self)
    let length = name.utf8.count + 2
    if name.hasPrefix("#x") || name.hasPrefix("#X") { return UInt32(name.dropFirst(2), radix: 16).flatMap(utf8).map { ($0, length) } }
    if name.hasPrefix("#") { return UInt32(name.dropFirst()).flatMap(utf8).map { ($0, length) } }
    if let letters = ligatures[name.lowercased()] { return (Array(letters.utf8), length) }
    // `&uuml;` and its kind are a letter and its sign.
    guard let letter = name.utf8.first, IdentifierSet.isLetter(letter), signs.contains(String(name.dropFirst())) else { return nil }
    return ([letter], length)
  }

  private static let signs: Set<String> = ["uml", "acute", "grave", "circ", "tilde", "cedil", "ring", "slash", "caron", "macr", "ogon", "breve"]
  private static let ligatures = [
    "szlig": "ss", "aelig": "ae", "oelig": "oe", "nbsp": " ", "amp": "&", "apos": "'", "quot": "\"", "shy": "", "eth": "d", "thorn": "th",
  ]

  private static func hexadecimal(_ text: ArraySlice<UInt8>, digits: Int) -> UInt32? {
    guard text.count >= digits, text.prefix(digits).allSatisfy(EncodedStretches.isHexadecimal) else { return nil }
    return UInt32(String(decoding: text.prefix(digits), as: UTF8.self), radix: 16)
  }

  private static func utf8(_ number: UInt32) -> [UInt8]? { Unicode.Scalar(number).map { Array(String($0).utf8) } }
}

/// Stretches of Base64 (RFC 4648, either alphabet) and of hexadecimal digits that decode to text.
enum EncodedStretches {
  /// One reading per alphabet, of all its stretches that are text, apart by spaces.
  static func decoded(_ text: [UInt8]) -> [TextReading.Pieces] {
    [read(text, isBase64, base64), read(text, isHexadecimal, hexadecimal)].compactMap { $0 }
  }

  private static let shortest = 8

  private static func read(
    _ text: [UInt8], _ belongs: (UInt8) -> Bool, _ decode: (ArraySlice<UInt8>) -> [UInt8]
  ) -> TextReading.Pieces? {
    guard text.count >= shortest else { return nil }
    var pieces = TextReading.Pieces()
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex { !belongs($0) } ?? text.count
      if end - start >= shortest {
        let bytes = decode(text[start..<end])
        // With the padding behind it.
        let padded = end + text[end...].prefix { $0 == 0x3D }.count
        if isText(bytes) { pieces.append(bytes + [0x20], start..<padded) }
      }
      start = end + 1
    }
    return pieces.bytes.isEmpty ? nil : pieces
  }

  private static func isText(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (9...13).contains($0) }
      && (bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil)
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    IdentifierSet.isDigit(byte) || IdentifierSet.isLetter(byte) || [0x2B, 0x2F, 0x2D, 0x5F].contains(byte)
  }

  static func isHexadecimal(_ byte: UInt8) -> Bool { IdentifierSet.isDigit(byte) || (97...102).contains(IdentifierSet.lower(byte)) }

  private static func base64(_ digits: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for digit in digits {
      let value: UInt8 =
        switch digit {
        case 65...90: digit - 65
        case 97...122: digit - 71
        case 48...57: digit + 4
        case 0x2B, 0x2D: 62
        default: 63
        }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> [UInt8] {
    func value(_ digit: UInt8) -> UInt8 { IdentifierSet.isDigit(digit) ? digit - 48 : IdentifierSet.lower(digit) - 87 }
    var bytes: [UInt8] = []
    var rest = digits
    while let high = rest.popFirst(), let low = rest.popFirst() { bytes.append(value(high) << 4 | value(low)) }
    return bytes
  }
}

/// Letters of other scripts that cannot be told from Latin ones. Source: Unicode Technical Standard 39, the letters of names among them.
enum LookalikeLetters {
  /// As small letters look.
  static let small: [String: String] = [
    "а": "a", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r",
    "ѕ": "s", "с": "c", "т": "t", "ѵ": "v", "ԝ": "w", "х": "x", "у": "y", "ь": "b", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʏ": "y",
    "α": "a", "β": "b", "γ": "y", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "u", "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "τ": "t", "υ": "u",
    "χ": "x", "ω": "w", "օ": "o", "ս": "u", "ո": "n", "հ": "h", "զ": "q", "յ": "j",
  ]

  /// As capitals look, which folding made small.
  static let capital: [String: String] = small.merging([
    "в": "b", "н": "h", "п": "n", "у": "y", "ц": "u", "η": "h", "μ": "m", "ν": "n", "υ": "y", "ζ": "z", "γ": "r",
  ]) { $1 }

  /// The text with these letters for those; nil when it has none of them.
  static func latin(_ characters: [(bytes: [UInt8], source: Range<Int>)], _ table: [String: String]) -> TextReading.Pieces? {
    guard characters.contains(where: { $0.bytes[0] >= 0x80 }) else { return nil }
    var pieces = TextReading.Pieces()
    for (bytes, source) in characters {
      let latin = bytes[0] < 0x80 ? nil : table[String(decoding: bytes, as: UTF8.self)]
      pieces.append(latin.map { Array($0.utf8) } ?? bytes, source)
    }
    return pieces
  }
}
