/// What in a description may name somebody, by its shape: words that no vocabulary knows, long numbers, mixtures of letters and digits,
/// calendar dates, the local part of an e-mail address.
///
/// A word counts from 5 letters on, or 4 with a capital (`Beck`, but not `MDDW`): shorter ones are abbreviations more often than names.
struct DescriptionWords {
  /// Letters, folded.
  private(set) var words: [[UInt8]] = []
  /// Digits, digits with letters, and e-mail addresses without their signs.
  private(set) var wholes: [[UInt8]] = []
  /// As YYYYMMDD.
  private(set) var dates: [Int] = []

  private let text: [UInt8]
  private let isTechnical: Bool

  /// - Parameters:
  ///   - text: ASCII, or letters of other scripts folded as in `FoldedText`.
  ///   - isTechnical: from a private attribute. There a word has to stand by itself, since parts of `LightSpeedApps2.4` and `*epfid2d1_64`
  ///     are repeated in attributes that stay.
  init(_ text: [UInt8], isTechnical: Bool, readsDates: Bool) {
    self.text = text
    self.isTechnical = isTechnical
    var numbers: [Range<Int>] = []
    var months: [(month: Int, range: Range<Int>)] = []
    var index = 0
    while index < text.count {
      let start = index
      if IdentifierSet.isDigit(text[index]) {
        while index < text.count, IdentifierSet.isDigit(text[index]) { index += 1 }
        numbers.append(start..<index)
      } else if isLetter(text[index]) {
        while index < text.count, isLetter(text[index]) { index += 1 }
        addWord(start..<index)
        if readsDates, index - start >= 3, let month = WrittenDates.month(text[start..<index].map(IdentifierSet.lower)) {
          months.append((month, start..<index))
        }
      } else {
        if text[index] == 0x40 { addLocalPart(upTo: index) }
        index += 1
      }
    }
    addNumbers(numbers)
    if !isTechnical { addMixtures(numbers) }
    guard readsDates else { return }
    addDates(numbers)
    var next = 0
    for (month, range) in months {
      while next < numbers.count, numbers[next].lowerBound < range.upperBound { next += 1 }
      addDate(month, at: range, numbers, next)
    }
  }

  private mutating func addWord(_ range: Range<Int>) {
    let word = text[range]
    guard word.count >= 5 || word.count == 4 && isCapitalized(word) else { return }
    if isTechnical, !standsAlone(range) || hasInnerCapital(word) { return }
    let folded = word.map(IdentifierSet.lower)
    if !TechnicalVocabulary.contains(String(decoding: folded, as: UTF8.self)) { words.append(folded) }
  }

  private mutating func addNumbers(_ ranges: [Range<Int>]) {
    for range in ranges where isTechnical ? range.count >= 6 && standsAlone(range) : range.count >= 5 { wholes.append(Array(text[range])) }
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

  /// `AB12CD34`, `4711A`, `7H2X9`: digits among letters. Not a letter or two before a number, as in `b1000` and `TE0100`.
  private mutating func addMixtures(_ numbers: [Range<Int>]) {
    var end = 0
    for number in numbers where number.lowerBound >= end {
      var start = number.lowerBound
      while start > 0, isLetter(text[start - 1]) { start -= 1 }
      end = number.upperBound
      while end < text.count, isLetter(text[end]) || IdentifierSet.isDigit(text[end]) { end += 1 }
      let chunk = text[start..<end]
      let digits = chunk.count(where: IdentifierSet.isDigit)
      let turns = zip(chunk, chunk.dropFirst()).count { IdentifierSet.isDigit($0) != IdentifierSet.isDigit($1) }
      let prefix = number.lowerBound - start
      let isNumbered = digits >= 4 && digits < chunk.count && (turns >= 2 || prefix >= 3 || prefix == 0 && end - number.upperBound == 1)
      // Names of sequences change from letters to digits as often, in small letters.
      let isSerial = digits >= 3 && turns >= 4 && !chunk.contains { (97...122).contains($0) }
      guard isNumbered || isSerial else { continue }
      let folded = chunk.map(IdentifierSet.lower)
      let isKnown = prefix >= 3 && TechnicalVocabulary.contains(String(decoding: folded.prefix(prefix), as: UTF8.self))
      if !isKnown, ![0x64, 0x67, 0x6D, 0x73, 0x74].contains(turns == 1 && prefix == 0 ? folded.last : nil) { wholes.append(folded) }
    }
  }

  private mutating func addDates(_ ranges: [Range<Int>]) {
    for range in ranges where range.count == 8 { dates += WrittenDates.dates(in: [text[range]]) }
    guard ranges.count >= 3 else { return }
    for index in 0..<ranges.count - 2 {
      let group = ranges[index..<index + 3]
      let signs = zip(group, group.dropFirst()).map { Array(text[$0.upperBound..<$1.lowerBound]) }
      let digits = group.map { text[$0] }
      if signs.allSatisfy({ $0.count <= 2 }) { dates += WrittenDates.dates(in: digits) }
      // A year of 2 digits: 7.3.51.
      if digits[2].count == 2, signs[0] == signs[1], [[0x2E], [0x2F], [0x2D]].contains(signs[0]) {
        for century in ["19", "20"] { dates += WrittenDates.dates(in: [digits[0], digits[1], century.utf8 + digits[2]]) }
      }
    }
  }

  /// `7 March 1951`, `March 7th, 1951`, `1951 March 7`; `next` is the first number behind the month.
  private mutating func addDate(_ month: Int, at range: Range<Int>, _ numbers: [Range<Int>], _ next: Int) {
    func number(_ index: Int, isNear other: Range<Int>) -> ArraySlice<UInt8>? {
      guard numbers.indices.contains(index) else { return nil }
      let range = numbers[index]
      let gap = range.lowerBound >= other.upperBound ? range.lowerBound - other.upperBound : other.lowerBound - range.upperBound
      return gap <= 4 ? text[range] : nil
    }
    let before = number(next - 1, isNear: range)
    let after = number(next, isNear: range)
    let later = next < numbers.count ? number(next + 1, isNear: numbers[next]) : nil
    let named = Array("\(month)".utf8)[...]
    for (day, year) in [(before, after), (after, later), (after, before)] {
      if let day, let year, year.count == 4, day.count <= 2 { dates += WrittenDates.dates(in: [year, named, day]) }
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
    case 0x23, 0x2A: return true
    case 0x2D, 0x2E, 0x5F: return text.indices.contains(beyond) && IdentifierSet.isDigit(text[beyond])
    case let byte: return IdentifierSet.isAlphanumeric(byte)
    }
  }
}
