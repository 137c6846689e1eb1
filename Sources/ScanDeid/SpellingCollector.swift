/// Gathers what `IdentifierSpellings` searches for: folded words, joined words, whole values, and the digit cores of numbers.
struct SpellingCollector {
  /// Letters and digits of `FoldedText`.
  private(set) var tokens: Set<[UInt8]> = []
  /// Dates as the number YYYYMMDD.
  private(set) var dates: Set<Int> = []

  mutating func subtract(_ other: SpellingCollector) {
    tokens.subtract(other.tokens)
    dates.subtract(other.dates)
  }

  /// The words of a name, an institution or an address, and any two of them joined in either order.
  mutating func addWords(_ value: [UInt8], _ repertoire: Repertoire) {
    for spelling in SpellingCollector.spellings(value, repertoire) {
      let text = FoldedText(spelling, repertoire)
      addWhole(text)
      addCores(text)
      for run in text.runs where !run.isDigits && run.range.count >= 4 { addWord(Array(text.units[run.range])) }
      let words = text.words.prefix(8).map { Array(text.units[$0]) }
      for (index, first) in words.enumerated() {
        for (other, second) in words.enumerated() where other != index && first.count + second.count >= 5 {
          guard !(isCommon(first) && isCommon(second)), !(isNumber(first) || isNumber(second)) else { continue }
          tokens.insert(first + second)
        }
      }
    }
  }

  /// A record number and the like: the whole, and runs of 5 digits or more in it.
  mutating func addIdentifier(_ value: [UInt8], _ repertoire: Repertoire) {
    let text = FoldedText(value, repertoire)
    addWhole(text)
    addCores(text)
  }

  /// - Parameter date: YYYYMMDD.
  mutating func addDate(_ date: Int) { dates.insert(date) }

  private mutating func addWhole(_ text: FoldedText) {
    guard text.units.count >= 4, !isNumber(text.units), !text.words.allSatisfy({ isCommon(Array(text.units[$0])) }) else { return }
    tokens.insert(text.units)
  }

  private mutating func addWord(_ word: [UInt8]) {
    if !isCommon(word) { tokens.insert(word) }
  }

  private mutating func addCores(_ text: FoldedText) {
    for range in text.digitRuns + text.runs.filter(\.isDigits).map(\.range) {
      addNumber(text.units[range])
      addNumber(text.units[range].drop { $0 == 0x30 })
    }
  }

  private mutating func addNumber(_ digits: ArraySlice<UInt8>) {
    guard digits.count >= 5, digits.contains(where: { $0 != digits.first }) else { return }
    tokens.insert(Array(digits))
  }

  private func isNumber(_ word: [UInt8]) -> Bool { word.allSatisfy(IdentifierSet.isDigit) }
  private func isCommon(_ word: [UInt8]) -> Bool { IdentifierCollector.isCommon(word) }

  /// `Müller` is also written Mueller, and the other way round; plain Muller is what both fold to.
  private static func spellings(_ value: [UInt8], _ repertoire: Repertoire) -> Set<[UInt8]> {
    guard repertoire == .western, !value.contains(0x1B) else { return [value] }
    guard let text = String(validating: value, as: UTF8.self) ?? latin(value) else { return [value] }
    var long = text
    var short = text.lowercased()
    for (umlaut, digraph, base) in [("ä", "ae", "a"), ("ö", "oe", "o"), ("ü", "ue", "u"), ("ø", "oe", "o"), ("å", "aa", "a")] {
      long = long.replacing(umlaut, with: digraph).replacing(umlaut.uppercased(), with: digraph)
      short = short.replacing(digraph, with: base)
    }
    return [value, Array(long.utf8), Array(short.utf8)]
  }

  private static func latin(_ value: [UInt8]) -> String? {
    String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
  }
}
