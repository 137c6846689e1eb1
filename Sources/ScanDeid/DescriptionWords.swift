/// What in a description may name somebody, by its shape: words that no vocabulary knows, long numbers, calendar dates, the local part of an
/// e-mail address.
///
/// A word counts from 5 letters on, or 4 with a capital (`Beck`, but not `MDDW`): shorter ones are abbreviations more often than names.
struct DescriptionWords {
  /// Letters, folded.
  private(set) var words: [[UInt8]] = []
  /// Digits, and e-mail addresses without their signs.
  private(set) var wholes: [[UInt8]] = []
  /// As YYYYMMDD.
  private(set) var dates: [Int] = []

  private let text: [UInt8]
  private let isTechnical: Bool

  /// - Parameters:
  ///   - text: ASCII, or letters of other scripts folded as in `FoldedText`.
  ///   - isTechnical: from a private attribute. There a word has to stand by itself, since parts of `LightSpeedApps2.4` and `*epfid2d1_64` are
  ///     repeated in attributes that stay.
  init(_ text: [UInt8], isTechnical: Bool, readsDates: Bool) {
    self.text = text
    self.isTechnical = isTechnical
    var numbers: [Range<Int>] = []
    var index = 0
    while index < text.count {
      let start = index
      if IdentifierSet.isDigit(text[index]) {
        while index < text.count, IdentifierSet.isDigit(text[index]) { index += 1 }
        numbers.append(start..<index)
      } else if isLetter(text[index]) {
        while index < text.count, isLetter(text[index]) { index += 1 }
        addWord(start..<index)
      } else {
        if text[index] == 0x40 { addLocalPart(upTo: index) }
        index += 1
      }
    }
    addNumbers(numbers)
    if readsDates { addDates(numbers) }
  }

  private mutating func addWord(_ range: Range<Int>) {
    let word = text[range]
    guard word.count >= 5 || word.count == 4 && isCapitalized(word) else { return }
    if isTechnical, !standsAlone(range) || hasInnerCapital(word) { return }
    let folded = word.map(IdentifierSet.lower)
    if !TechnicalVocabulary.contains(String(decoding: folded, as: UTF8.self)) { words.append(folded) }
  }

  private mutating func addNumbers(_ ranges: [Range<Int>]) {
    for range in ranges where range.count >= (isTechnical ? 6 : 5) && (!isTechnical || standsAlone(range)) { wholes.append(Array(text[range])) }
    guard !isTechnical else { return }
    // A telephone number: groups with one sign between, 9 digits or more.
    var start = 0
    while start < ranges.count {
      var end = start + 1
      while end < ranges.count, ranges[end].lowerBound - ranges[end - 1].upperBound == 1 { end += 1 }
      let digits = ranges[start..<end].flatMap { text[$0] }
      if end - start >= 2, (9...15).contains(digits.count), ranges[start..<end].allSatisfy({ $0.count >= 2 }) { wholes.append(digits) }
      start = end
    }
  }

  private mutating func addDates(_ ranges: [Range<Int>]) {
    for range in ranges where range.count == 8 { dates += WrittenDates.dates(in: [text[range]]) }
    guard ranges.count >= 3 else { return }
    for index in 0..<ranges.count - 2 {
      let group = ranges[index..<index + 3]
      let signs = zip(group, group.dropFirst()).map { $1.lowerBound - $0.upperBound }
      if signs.allSatisfy({ $0 <= 2 }) { dates += WrittenDates.dates(in: group.map { text[$0] }) }
    }
  }

  /// `anna.beck` of `anna.beck@example.org`: the whole, and each word of it that is not common.
  private mutating func addLocalPart(upTo end: Int) {
    var start = end
    while start > 0, IdentifierSet.isAlphanumeric(text[start - 1]) || [0x2B, 0x2D, 0x2E, 0x5F].contains(text[start - 1]) { start -= 1 }
    let folded = text[start..<end].map(IdentifierSet.lower)
    let whole = folded.filter(IdentifierSet.isAlphanumeric)
    if whole.count >= 5, !whole.allSatisfy(IdentifierSet.isDigit), !IdentifierCollector.isCommon(folded) { wholes.append(whole) }
    for word in folded.split(whereSeparator: { !isLetter($0) }) where word.count >= 4 && !IdentifierCollector.isCommon(Array(word)) {
      words.append(Array(word))
    }
  }

  private func isLetter(_ byte: UInt8) -> Bool { IdentifierSet.isLetter(byte) || byte >= 0x80 }

  private func isCapitalized(_ word: ArraySlice<UInt8>) -> Bool {
    word.first.map { (65...90).contains($0) } ?? false && word.dropFirst().allSatisfy { (97...122).contains($0) }
  }

  private func hasInnerCapital(_ word: ArraySlice<UInt8>) -> Bool {
    zip(word, word.dropFirst()).contains { (97...122).contains($0) && (65...90).contains($1) }
  }

  /// Not beside a sign that builds versions and names of sequences.
  private func standsAlone(_ range: Range<Int>) -> Bool {
    !joins(range.lowerBound - 1, range.lowerBound - 2) && !joins(range.upperBound, range.upperBound + 1)
  }

  private func joins(_ index: Int, _ beyond: Int) -> Bool {
    guard text.indices.contains(index) else { return false }
    switch text[index] {
    case 0x23, 0x2A, 0x5F: return true
    case 0x2D, 0x2E: return text.indices.contains(beyond) && IdentifierSet.isDigit(text[beyond])
    case let byte: return IdentifierSet.isAlphanumeric(byte)
    }
  }
}
