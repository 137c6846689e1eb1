import ScanModel

/// Tells numbers from what only stands in a number's place: an attribute that stays because numbers name nobody must hold numbers.
enum LegalValue {
  /// False when a value of a numeric VR is text, has another width than its VR, or more values than PS3.6 gives the attribute.
  static func mayBe(_ element: Element, _ entry: DataDictionary.Entry) -> Bool {
    guard let bytes = element.bytes, !bytes.isEmpty else { return true }
    switch entry.vr {
    case .DS, .IS: return bytes.split(separator: 0x5C).allSatisfy(isDecimal)
    case .AS, .TM: return bytes.allSatisfy { isDigit($0) || [0x20, 0, 0x5C, 0x2E, 0x3A, 0x44, 0x57, 0x4D, 0x59].contains($0) }
    case .US, .SS, .UL, .SL, .AT, .FL, .FD, .UV, .SV:
      let width = width(entry.vr)
      guard bytes.count % width == 0 else { return false }
      guard let most = most(entry.vm) else { return true }
      return bytes.count / width <= most && !holdsText(bytes)
    default: return true
    }
  }

  /// A number in decimal, with what careless writers do: commas, spaces inside, `NaN` and `inf`.
  private static func isDecimal(_ value: ArraySlice<UInt8>) -> Bool {
    let letters = value.filter { !isDigit($0) && ![0x20, 0, 0x2B, 0x2C, 0x2D, 0x2E].contains($0) }.map(IdentifierSet.lower)
    return letters.isEmpty || letters == [0x65] || ["nan", "inf", "infinity"].contains(String(decoding: letters, as: UTF8.self))
  }

  /// Eight letters and digits in a row. Chance gives them to one double in 80,000 of random bits, and measured values have none.
  static func holdsText(_ bytes: [UInt8]) -> Bool {
    var length = 0
    for byte in bytes {
      length = isDigit(byte) || IdentifierSet.isLetter(byte) ? length + 1 : 0
      if length == 8 { return true }
    }
    return false
  }

  private static func isDigit(_ byte: UInt8) -> Bool { IdentifierSet.isDigit(byte) }

  private static func width(_ vr: VR) -> Int {
    switch vr {
    case .US, .SS: 2
    case .FD, .UV, .SV: 8
    default: 4
    }
  }

  /// The largest number of values of a multiplicity such as `1`, `1-3`; nil for `1-n`.
  private static func most(_ multiplicity: String) -> Int? { multiplicity.split(separator: "-").last.flatMap { Int($0) } }
}
