import ScanModel

/// Tells numbers, dates and times from what only stands in their place: an attribute that stays because numbers name nobody must hold numbers.
enum LegalValue {
  /// False when a value of a numeric VR, or a date or time, is text, has another width than its VR, or more values than PS3.6 gives the attribute.
  ///
  /// - Parameter most: the largest number of values; nil for any.
  static func mayBe(_ bytes: [UInt8], _ vr: VR, most: Int?) -> Bool {
    guard !bytes.isEmpty else { return true }
    switch vr {
    case .DS, .IS: return values(bytes).allSatisfy { $0.count <= 32 && isDecimal($0) }
    case .AS: return values(bytes).allSatisfy { isOf($0, signs: [0x44, 0x57, 0x4D, 0x59], most: 5) }
    // Ranges and the forms of ACR-NEMA (10:11:12, 2001.02.03) too.
    case .TM: return values(bytes).allSatisfy { isOf($0, signs: [0x2E, 0x3A, 0x2D], most: 28) }
    case .DA: return values(bytes).allSatisfy { isOf($0, signs: [0x2E, 0x2D], most: 21) }
    case .DT: return values(bytes).allSatisfy { isOf($0, signs: [0x2E, 0x2D, 0x2B], most: 54) }
    case .US, .SS, .UL, .SL, .AT, .FL, .FD, .UV, .SV:
      let width = vr == .AT ? 4 : vr.wordBytes
      guard bytes.count % width == 0, !holdsWords(bytes, vr) else { return false }
      if vr == .AT, holdsTagsOfLetters(bytes) { return false }
      if most == nil { return TextRun.improbable(in: bytes).isEmpty && !isShortText(bytes, vr) }
      return bytes.count / width <= (most ?? .max) && TextRun.longest(in: bytes) < 8
    default: return true
    }
  }

  static func mayBe(_ element: Element, _ entry: DataDictionary.Entry) -> Bool {
    element.bytes.map { mayBe($0, entry.vr, most: most(entry.vm)) } ?? true
  }

  private static func values(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] { bytes.split(separator: 0x5C) }

  /// Digits, spaces and padding with `signs`.
  private static func isOf(_ value: ArraySlice<UInt8>, signs: Set<UInt8>, most: Int) -> Bool {
    value.allSatisfy { isDigit($0) || $0 == 0x20 || $0 == 0 || signs.contains($0) } && value.count { $0 != 0x20 && $0 != 0 } <= most
  }

  /// A number in decimal, with what careless writers do: commas, spaces inside, `NaN` and `inf`.
  private static func isDecimal(_ value: ArraySlice<UInt8>) -> Bool {
    let letters = value.filter { !isDigit($0) && ![0x20, 0, 0x2B, 0x2C, 0x2D, 0x2E].contains($0) }.map(IdentifierSet.lower)
    return letters.isEmpty || letters == [0x65] || ["nan", "inf", "infinity"].contains(String(decoding: letters, as: UTF8.self))
  }

  /// Four or eight printable bytes that would be a number beyond 10¹⁵, as lower-case letters are: nothing that is measured is that large.
  static func holdsWords(_ bytes: [UInt8], _ vr: VR) -> Bool {
    guard [.FL, .FD, .OF, .OD].contains(vr) else { return false }
    let width = vr.wordBytes
    return stride(from: 0, through: bytes.count - width, by: width).contains { start in
      let word = bytes[start..<start + width]
      // The last byte holds the sign and the exponent: 58 is 10¹⁵ in 32 bits, 43 is 10¹⁶ in 64.
      return word.last! >= (width == 4 ? 0x58 : 0x43) && word.allSatisfy { (0x20...0x7E).contains($0) }
    }
  }

  /// Eight letters and digits in a row in a short list of numbers. The last byte of a float is a letter in most measured values, so floats
  /// have to be digits alone, or one of them beyond 5 · 10⁸ (4E).
  static func isShortText(_ bytes: [UInt8], _ vr: VR) -> Bool {
    guard bytes.count <= 64 else { return false }
    return TextRun.written(in: bytes, least: 8).contains { run in
      guard vr == .FL || vr == .OF else { return true }
      return bytes[run].allSatisfy(isDigit) || run.contains { $0 % 4 == 3 && bytes[$0] >= 0x4E }
    }
  }

  /// No tag of PS3.6, and no private one of any vendor known, is spelled by four letters or digits.
  private static func holdsTagsOfLetters(_ bytes: [UInt8]) -> Bool {
    stride(from: 0, through: bytes.count - 4, by: 4).contains { start in
      guard bytes[start..<start + 4].allSatisfy(TextRun.isText) else { return false }
      let words = (0..<2).map { UInt16(bytes[start + 2 * $0]) | UInt16(bytes[start + 2 * $0 + 1]) << 8 }
      return DataDictionary.entry(for: Tag(words[0], words[1])) == nil
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { IdentifierSet.isDigit(byte) }

  /// The largest number of values of a multiplicity such as `1`, `1-3`; nil for `1-n`.
  static func most(_ multiplicity: String) -> Int? { multiplicity.split(separator: "-").last.flatMap { Int($0) } }
}
