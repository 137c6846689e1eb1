/// Gathers what `IdentifierSpellings` searches for: folded words, joined words, whole values, and the digit cores of numbers.
struct SpellingCollector {
  /// Letters and digits of `FoldedText`.
  private(set) var tokens: Set<[UInt8]> = []
  /// Words of descriptions.
  private(set) var described: Set<[UInt8]> = []
  /// Names of 3 letters.
  private(set) var short: Set<[UInt8]> = []
  /// Dates as the number YYYYMMDD.
  private(set) var dates: Set<Int> = []
  /// Digits of record numbers and dates: what a decimal number must not be either. Numbers in descriptions and private attributes may be
  /// measurements.
  private(set) var records: Set<[UInt8]> = []

  mutating func subtract(_ other: SpellingCollector) {
    tokens.subtract(other.tokens)
    records.subtract(other.records)
    described.subtract(other.described)
    described.subtract(other.tokens)
    short.subtract(other.short)
    dates.subtract(other.dates)
  }

  /// Leaves out what `other` has, so that subtracting this does not take it away.
  mutating func keep(_ other: SpellingCollector) {
    tokens.subtract(other.tokens)
    described.subtract(other.tokens)
    short.subtract(other.short)
  }

  /// The words of a name, an institution or an address, and any two of them joined in either order.
  mutating func addWords(_ value: [UInt8], _ repertoire: Repertoire) {
    for text in SpellingCollector.spellings(value, repertoire) {
      addWhole(text)
      addCores(text)
      for run in text.runs where !run.isDigits && run.range.count >= 4 { addWord(Array(text.units[run.range])) }
      let words = text.words.prefix(8).map { Array(text.units[$0].prefix(64)) }
      for (index, first) in words.enumerated() {
        for (other, second) in words.enumerated() where other != index && first.count + second.count >= 5 {
          guard !(isCommon(first) && isCommon(second)), !(isNumber(first) || isNumber(second)) else { continue }
          tokens.insert(first + second)
        }
      }
    }
  }

  /// A person's name: its words as `addWords`; family, given and middle name also when they are short.
  mutating func addName(_ value: [UInt8], _ repertoire: Repertoire) {
    addWords(value, repertoire)
    let components = repertoire.split(value) { $0 == 0x5E }.prefix(3)
    let words = components.flatMap { component -> [[UInt8]] in
      let text = FoldedText(component, repertoire)
      return text.words.map { Array(text.units[$0]) }
    }.filter { $0.allSatisfy(IdentifierSet.isLetter) }
    for word in words where word.count == 3 && !isTechnical(word) { short.insert(word) }
    for (first, second) in zip(words, words.dropFirst()) where first.count == 2 && second.count == 2 {
      for joined in [first + second, second + first] where !isTechnical(joined) { tokens.insert(joined) }
    }
  }

  /// What in a description may name somebody.
  mutating func addDescription(_ value: [UInt8], _ repertoire: Repertoire, readsDates: Bool) {
    add(value, repertoire, isTechnical: false, readsDates: readsDates)
  }

  /// The same of a private attribute.
  mutating func addTechnical(_ value: [UInt8], _ repertoire: Repertoire, readsDates: Bool, except common: Set<[UInt8]>) {
    add(value, repertoire, isTechnical: true, readsDates: readsDates, except: common)
  }

  private mutating func add(
    _ value: [UInt8], _ repertoire: Repertoire, isTechnical: Bool, readsDates: Bool, except common: Set<[UInt8]> = []
  ) {
    let texts =
      value.allSatisfy { $0 < 0x80 && $0 != 0x1B } ? [value] : SpellingCollector.spellings(value, repertoire).map(\.spaced)
    for text in texts { add(DescriptionWords(text, isTechnical: isTechnical, readsDates: readsDates), except: common) }
  }

  private mutating func add(_ words: DescriptionWords, except common: Set<[UInt8]>) {
    for word in words.words where !common.contains(word) { described.insert(word) }
    for whole in words.wholes {
      if isNumber(whole) {
        addNumber(whole[...])
        addNumber(whole.drop { $0 == 0x30 })
      } else {
        tokens.insert(whole)
      }
    }
    dates.formUnion(words.dates)
  }

  /// A record number and the like: the whole, and runs of 5 digits or more in it.
  mutating func addIdentifier(_ value: [UInt8], _ repertoire: Repertoire) {
    let text = FoldedText(value, repertoire)
    addWhole(text)
    addCores(text)
  }

  /// - Parameter date: YYYYMMDD.
  mutating func addDate(_ date: Int) {
    dates.insert(date)
    records.insert(Array(String(date).utf8))
  }

  /// A UID as text may hold it, of 12 digits or more.
  mutating func addUID(_ uid: [UInt8]) {
    let digits = uid.filter(IdentifierSet.isDigit)
    if digits.count >= 12 { tokens.insert(digits) }
  }

  private mutating func addWhole(_ text: FoldedText) {
    guard text.units.count >= 4, !isNumber(text.units), !text.words.allSatisfy({ isCommon(Array(text.units[$0])) }) else { return }
    tokens.insert(text.units)
  }

  private mutating func addWord(_ word: [UInt8]) {
    guard !isCommon(word) else { return }
    tokens.insert(word)
    // Lindenstrasse is also written Lindenstr.
    if word.count > 10, word.suffix(7).elementsEqual("strasse".utf8) { tokens.insert(Array(word.dropLast(4))) }
  }

  private mutating func addCores(_ text: FoldedText) {
    for range in text.digitRuns + text.runs.filter(\.isDigits).map(\.range) {
      addNumber(text.units[range])
      addNumber(text.units[range].drop { $0 == 0x30 })
      records.insert(Array(text.units[range]))
    }
  }

  private mutating func addNumber(_ digits: ArraySlice<UInt8>) {
    guard digits.count >= 5, digits.contains(where: { $0 != digits.first }) else { return }
    tokens.insert(Array(digits))
  }

  private func isNumber(_ word: [UInt8]) -> Bool { word.allSatisfy(IdentifierSet.isDigit) }
  private func isCommon(_ word: [UInt8]) -> Bool { IdentifierCollector.isCommon(word) }
  private func isTechnical(_ word: [UInt8]) -> Bool {
    let text = String(decoding: word, as: UTF8.self)
    return TechnicalVocabulary.contains(text) || SpellingCollector.particles.contains(text)
  }

  /// Words of 3 letters that stand beside names, and common ones that are no names.
  private static let particles: Set<String> = [
    "van", "von", "der", "den", "des", "del", "dos", "das", "dal", "ten", "ter", "bin", "med", "phd", "dvm", "rad", "sir", "mrs",
    "esq", "iii", "jun", "sen", "dip", "and", "the", "not", "all", "new", "old", "one", "two", "non", "any", "out", "per", "for",
    "use", "set", "top", "low", "max", "mid", "mix", "avg", "sum", "sub", "raw", "roi", "cal", "mod", "ref", "rev", "ver", "std",
    "opt", "iso", "dim", "pos", "neg", "yes", "end", "ext", "int", "img", "vol", "seg", "adc", "fat", "wat", "iph", "oph", "nav",
    "hea", "nea", "spa", "lab", "usa", "inc", "ltd", "llc", "pty", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb",
    "mar", "apr", "may", "jul", "aug", "sep", "oct", "nov", "dec", "man", "boy", "day", "mcl", "nil", "tbd", "xxx", "aaa", "abc",
    "tmp", "pat", "dcm", "nih", "mit", "gov", "com", "org", "net", "edu", "www", "box", "can", "bed", "pad",
  ]

  /// The value folded; with `Müller` as Mueller, and the other way round (plain Muller is what both fold to); in another character set than
  /// the declared one as UTF-8, too, when the bytes are that; Greek and Cyrillic in Latin letters.
  private static func spellings(_ value: [UInt8], _ repertoire: Repertoire) -> [FoldedText] {
    var texts = [FoldedText(value, repertoire)]
    func add(_ spelling: [UInt8]) {
      let folded = FoldedText(spelling)
      if !texts.contains(where: { $0.units == folded.units && $0.gaps == folded.gaps }) { texts.append(folded) }
    }
    if value.allSatisfy({ $0 < 0x80 && $0 != 0x1B }) {
      let lower = value.map(IdentifierSet.lower)
      let short = shortened(lower)
      if short != lower { add(short) }
      return texts
    }
    guard let text = String(validating: value, as: UTF8.self) ?? repertoire.string(value) else { return texts }
    add(Array(text.utf8))
    for latin in Transliteration.latin(text) { add(Array(latin.utf8)) }
    var long = text.lowercased()
    for (letter, digraph) in [("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa"), ("đ", "dj")] {
      long = long.replacing(letter, with: digraph)
    }
    add(Array(long.utf8))
    add(shortened(Array(text.lowercased().utf8)))
    return texts
  }

  /// `mueller` as `muller`.
  private static func shortened(_ text: [UInt8]) -> [UInt8] {
    var short: [UInt8] = []
    short.reserveCapacity(text.count)
    for byte in text {
      switch (short.last, byte) {
      case (0x61, 0x65), (0x6F, 0x65), (0x75, 0x65), (0x61, 0x61), (0x64, 0x6A): continue
      default: short.append(byte)
      }
    }
    return short
  }
}
