import ScanModel

/// Texts that stay, without what no reader shows: bytes behind a NUL, values beyond the multiplicity, coded strings that are none.
enum LegalText {
  /// `element` when nothing has to go.
  ///
  /// - Parameters:
  ///   - vr: what the attribute is, whatever the file calls it.
  ///   - most: the largest number of values; nil for any.
  static func mended(_ element: Element, _ vr: VR, most: Int?, _ repertoire: Repertoire) -> Element {
    guard let bytes = element.bytes, vr.isText, !bytes.isEmpty else { return element }
    if element.tag == .specificCharacterSet { return CharacterSetTerms.mended(element) }
    if isPlain(bytes), vr != .CS || isCodedString(bytes[...], among: EnumeratedTerms.of(element.tag)),
      element.vr.isText || element.vr == .UN
    {
      return element
    }
    let isSingle = [.LT, .ST, .UT, .UR].contains(vr)
    var values = isSingle ? [bytes[...]] : split(bytes, repertoire)
    // Names and descriptions are text anyway, and their backslashes are often part of it.
    if [.CS, .AS, .DA, .DT, .TM, .UI].contains(vr), let most, values.count > most { values = Array(values.prefix(most)) }
    values = values.map { untilNUL($0) }
    if vr == .CS {
      let terms = EnumeratedTerms.of(element.tag)
      values = values.map { isCodedString($0, among: terms) ? $0 : DummyValue.bytes(.CS)[...] }
    }
    let joined = Array(values.joined(separator: [0x5C]))
    return joined.elementsEqual(trimmedEnd(bytes)) && (element.vr.isText || element.vr == .UN)
      ? element : Element(element.tag, vr, .bytes(Element.padded(joined, vr)))
  }

  /// One value with nothing behind a NUL, as nearly all are.
  private static func isPlain(_ bytes: [UInt8]) -> Bool {
    var hasEnded = false
    for byte in bytes {
      if byte == 0x5C || hasEnded && byte != 0 { return false }
      if byte == 0 { hasEnded = true }
    }
    return true
  }

  /// The value up to its first NUL; padding goes.
  private static func untilNUL(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> { value.prefix { $0 != 0 } }

  /// As `untilNUL` leaves a value that has NULs at its end alone.
  private static func trimmedEnd(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    var rest = bytes[...]
    while rest.last == 0 { rest.removeLast() }
    return rest
  }

  /// At backslashes that are no part of a 2-byte character.
  private static func split(_ bytes: [UInt8], _ repertoire: Repertoire) -> [ArraySlice<UInt8>] {
    guard bytes.contains(0x5C) else { return [bytes[...]] }
    var values: [ArraySlice<UInt8>] = []
    var (start, index) = (0, 0)
    var state = Repertoire.State()
    while index < bytes.count {
      let (_, length) = repertoire.character(at: index, bytes, &state)
      if length == 1, bytes[index] == 0x5C, !state.isWide {
        values.append(bytes[start..<index])
        start = index + 1
      }
      index += length
    }
    return values + [bytes[start...]]
  }

  /// Letters, digits, space and underscore (PS3.5 section 6.2), and what careless writers put in: small letters and a few signs.
  private static func isCodedString(_ value: ArraySlice<UInt8>, among terms: Set<String>?) -> Bool {
    var text = value
    while let last = text.last, last == 0x20 || last == 0 { text.removeLast() }
    while text.first == 0x20 { text.removeFirst() }
    guard !text.isEmpty else { return true }
    if let terms { return terms.contains(String(decoding: text, as: UTF8.self).uppercased()) }
    return text.count <= 32
      && text.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || isSign($0) }
  }

  /// Space # % & ( ) * + - . / : _
  private static func isSign(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x23, 0x25, 0x26, 0x28...0x2B, 0x2D...0x2F, 0x3A, 0x5F: true
    default: false
    }
  }
}
