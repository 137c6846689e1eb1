/// The same identifiers however they are spelled: what is searched for in text that stays, compared as `FoldedText`.
struct IdentifierSpellings: Sendable {
  private let trie: TokenTrie
  private let dates: WrittenDates
  let isEmpty: Bool

  init(_ collected: SpellingCollector) {
    var trie = TokenTrie()
    for token in collected.tokens { trie.insert(token, IdentifierSpellings.end(of: token)) }
    self.trie = trie
    dates = WrittenDates(collected.dates)
    isEmpty = collected.tokens.isEmpty && collected.dates.isEmpty
  }

  /// Numbers stand alone; so do short words, and those that lie inside a medical word (`Corona` in `coronal`).
  private static func end(of token: [UInt8]) -> TokenTrie.End {
    let digits = token.count(where: IdentifierSet.isDigit)
    if digits == token.count { return .notBesideDigit }
    if digits > 0 { return token.count < 6 ? .notBesideLetterOrDigit : .anywhere }
    return token.count < 5 || MedicalVocabulary.hasFragment(String(decoding: token, as: UTF8.self)) ? .notBesideLetter : .anywhere
  }

  /// Where they stand in `bytes`; may overlap.
  ///
  /// - Complexity: as `IdentifierSet.matches(in:)`.
  func matches(in bytes: [UInt8], _ repertoire: Repertoire) -> [Range<Int>] {
    guard !isEmpty else { return [] }
    let text = FoldedText(bytes, repertoire)
    var found = dates.matches(in: text, of: bytes).map(text.source(of:))
    text.units.withUnsafeBufferPointer { units in
      var position = 0
      while position < units.count {
        let length = trie.match(at: position, units) { mayStand($0, $1, text) }
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
