import ScanModel

/// The same identifiers however they are spelled: what is searched for in text that stays, compared as `FoldedText`.
struct IdentifierSpellings: Sendable {
  private let trie: TokenTrie
  private let dates: WrittenDates
  private let numbers: Set<[UInt8]>
  /// Record numbers of 5 and 6 digits.
  private let shortNumbers: Set<[UInt8]>
  let isEmpty: Bool

  init(_ collected: SpellingCollector) {
    var trie = TokenTrie()
    for token in collected.tokens { trie.insert(token, IdentifierSpellings.end(of: token)) }
    for word in collected.described { trie.insert(word, IdentifierSpellings.end(ofDescribed: word)) }
    for name in collected.short { trie.insert(name, .alone) }
    self.trie = trie
    dates = WrittenDates(collected.dates)
    numbers = Set(collected.records.map { IdentifierSpellings.significant($0) }.filter { $0.count >= 7 })
    shortNumbers = Set(collected.records.map { Array($0.drop { $0 == 0x30 }) }.filter { (5...6).contains($0.count) })
    isEmpty = collected.tokens.isEmpty && collected.described.isEmpty && collected.short.isEmpty && collected.dates.isEmpty
  }

  /// Whether a decimal number has the digits of a record number or date, at least 7 of them, wherever its point is.
  func isNumber(_ value: ArraySlice<UInt8>) -> Bool {
    guard !numbers.isEmpty, value.count >= 7 else { return false }
    return numbers.contains(IdentifierSpellings.significant(value.prefix { $0 | 0x20 != 0x65 }.filter(IdentifierSet.isDigit)))
  }

  /// Whether a decimal number is a record number of 5 or 6 digits, without a fraction. Shorter ones are too often something else.
  func isShortNumber(_ value: ArraySlice<UInt8>) -> Bool {
    guard !shortNumbers.isEmpty, value.count <= 20, let number = Double(String(decoding: value, as: UTF8.self).filter { $0 != " " && $0 != "\0" }),
      let whole = Int(exactly: number)
    else { return false }
    return shortNumbers.contains(Array(String(whole.magnitude).utf8))
  }

  /// Whether one of the binary numbers in a value is a record number or date, of at least 7 digits.
  func holdsNumber(in bytes: [UInt8], _ vr: VR) -> Bool {
    guard !numbers.isEmpty else { return false }
    return BinaryNumbers.wholes(in: bytes, vr).contains { isNumber(ArraySlice(String($0.magnitude).utf8)) }
  }

  /// Without the zeros at both ends.
  private static func significant(_ digits: [UInt8]) -> [UInt8] {
    var digits = digits[...]
    while digits.first == 0x30 { digits.removeFirst() }
    while digits.last == 0x30 { digits.removeLast() }
    return Array(digits)
  }

  /// Numbers stand alone; so do short words, and those that lie inside a medical word (`Corona` in `coronal`).
  private static func end(of token: [UInt8]) -> TokenTrie.End {
    let digits = token.count(where: IdentifierSet.isDigit)
    if digits == token.count { return .notBesideDigit }
    if digits > 0 { return token.count < 6 ? .notBesideLetterOrDigit : .anywhere }
    return token.count < 5 || MedicalVocabulary.hasFragment(String(decoding: token, as: UTF8.self)) ? .notBesideLetter : .anywhere
  }

  /// Words of descriptions are less certain to be names: short ones count as whole words alone.
  private static func end(ofDescribed word: [UInt8]) -> TokenTrie.End {
    word.count < 7 || MedicalVocabulary.hasFragment(String(decoding: word, as: UTF8.self)) ? .notBesideLetter : .anywhere
  }

  /// Where they stand in `bytes`; may overlap.
  ///
  /// - Parameter isCode: a coded string, in which 3 letters are no name.
  /// - Complexity: as `IdentifierSet.matches(in:)`.
  func matches(in bytes: [UInt8], _ repertoire: Repertoire, isCode: Bool) -> [Range<Int>] {
    guard !isEmpty else { return [] }
    let found = matches(in: FoldedText(bytes, repertoire), of: bytes, isCode: isCode)
    // Declared as something else, and UTF-8 nevertheless.
    guard repertoire != .western, bytes.contains(where: { $0 >= 0x80 }), String(validating: bytes, as: UTF8.self) != nil else {
      return found
    }
    return found + matches(in: FoldedText(bytes), of: bytes, isCode: isCode)
  }

  private func matches(in text: FoldedText, of bytes: [UInt8], isCode: Bool) -> [Range<Int>] {
    var found = dates.matches(in: text, of: bytes).map(text.source(of:))
    text.units.withUnsafeBufferPointer { units in
      var position = 0
      while position < units.count {
        let length = trie.match(at: position, units) { ($0 != .alone || !isCode) && mayStand($0, $1, text) }
        if length > 0 {
          let range = extended(position..<position + length, text)
          found.append(text.source(of: range))
          position = range.upperBound
        } else {
          position += 1
        }
      }
    }
    return found
  }

  /// Where they stand in bytes that are no text, as they are, of 6 bytes or more.
  func matches(inBinary bytes: [UInt8]) -> [Range<Int>] {
    guard !isEmpty else { return [] }
    return bytes.withUnsafeBufferPointer { buffer in
      var found: [Range<Int>] = []
      var position = 0
      while position < buffer.count {
        let length = trie.match(at: position, buffer) { kind, range in
          func neighbor(_ index: Int) -> UInt8 { buffer.indices.contains(index) && buffer[index] < 0x80 ? buffer[index] : 0 }
          return range.count >= 6 && TokenTrie.mayStand(kind, before: neighbor(range.lowerBound - 1), after: neighbor(range.upperBound))
        }
        if length > 0 { found.append(position..<position + length) }
        position += max(1, length)
      }
      return found
    }
  }

  private func mayStand(_ kind: TokenTrie.End, _ range: Range<Int>, _ text: FoldedText) -> Bool {
    var before = text.before(range.lowerBound)
    if kind == .notBesideDigit {
      // Leading zeros do not make another number.
      var start = range.lowerBound
      while before == 0x30, range.lowerBound - start < 16 {
        start -= 1
        before = text.before(start)
      }
    }
    // Spelled over several words it has to begin and end with one: `pel vista` is not Elvis.
    let isSplit = text.gaps[range.lowerBound] != text.gaps[range.upperBound - 1]
    if isSplit, kind == .alone { return false }
    let asked = isSplit && kind == .anywhere ? .notBesideLetterOrDigit : kind
    return TokenTrie.mayStand(asked, before: before, after: text.after(range.upperBound))
  }

  /// A number goes with the letters and zeros that touch it: `X4477881` is as good as the whole record number.
  private func extended(_ range: Range<Int>, _ text: FoldedText) -> Range<Int> {
    guard text.units[range].allSatisfy(IdentifierSet.isDigit) else { return range }
    var (start, end) = (range.lowerBound, range.upperBound)
    while text.before(start) != 0 { start -= 1 }
    while text.after(end) != 0 { end += 1 }
    return start..<end
  }
}
