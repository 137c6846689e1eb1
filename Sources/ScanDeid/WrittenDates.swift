/// Finds calendar dates in text however they are written: digits alone or with signs between, years of 2 or 4 digits, names of months.
///
/// Text is read as dates and these are compared, so that no spelling has to be listed. Six digits count only as a group of their own.
struct WrittenDates: Sendable {
  /// Dates as the number YYYYMMDD.
  let dates: Set<Int>
  /// The same with the year modulo 100, and without the year.
  private let short: Set<Int>
  private let days: Set<Int>

  init(_ dates: Set<Int>) {
    self.dates = dates
    short = Set(dates.map { $0 % 1_000_000 })
    days = Set(dates.map { $0 % 10_000 })
  }

  /// Ranges of units of `text`, in order.
  ///
  /// - Complexity: the length of `text`; the dates are looked up.
  func matches(in text: FoldedText, of bytes: [UInt8]) -> [Range<Int>] {
    guard !dates.isEmpty else { return [] }
    let runs = text.runs
    var found: [Range<Int>] = []
    var index = 0
    while index < runs.count {
      let count = named(index, runs, text) ?? numeric(index, runs, text, bytes) ?? 0
      if count > 0 { found.append(runs[index].range.lowerBound..<runs[index + count - 1].range.upperBound) }
      index += max(1, count)
    }
    return found
  }

  private func isDate(_ year: Int, _ month: Int, _ day: Int, yearDigits: Int) -> Bool {
    guard month < 100, day < 100 else { return false }
    switch yearDigits {
    case 4: return dates.contains(year * 10_000 + month * 100 + day)
    case 2: return short.contains(year * 10_000 + month * 100 + day)
    default: return false
    }
  }

  // MARK: What a value means

  /// The dates that the value of a DA or DT may mean, as YYYYMMDD: also written otherwise than the standard has it.
  static func dates(inValue value: [UInt8]) -> [Int] {
    let digits = value.filter(IdentifierSet.isDigit).prefix(8)
    guard digits.count == 8 else {
      return dates(in: value.split(whereSeparator: { !IdentifierSet.isDigit($0) }))
    }
    let written = dates(in: [ArraySlice(digits)])
    return written.isEmpty ? [number(ArraySlice(digits))] : written
  }

  /// The calendar dates of a year of 4 digits that one group of 8 digits or three groups may mean.
  static func dates(in groups: [ArraySlice<UInt8>]) -> [Int] {
    var orders: [(year: Int, month: Int, day: Int)] = []
    if groups.count == 1, groups[0].count == 8 {
      let value = number(groups[0])
      let (front, a, b) = (value / 10_000, value / 1_000_000, value / 10_000 % 100)
      orders = [(front, value / 100 % 100, value % 100)]
      if !(1850...2100).contains(front) { orders = [(value % 10_000, b, a), (value % 10_000, a, b)] }
    } else if groups.count >= 3, groups[1].count <= 2 {
      let (a, b, c) = (number(groups[0]), number(groups[1]), number(groups[2]))
      if groups[0].count == 4, groups[2].count <= 2 { orders = [(a, b, c)] }
      if groups[2].count == 4, groups[0].count <= 2 { orders = [(c, b, a), (c, a, b)] }
    }
    return orders.filter { (1850...2100).contains($0.year) && (1...12).contains($0.month) && (1...31).contains($0.day) }
      .map { $0.year * 10_000 + $0.month * 100 + $0.day }
  }

  // MARK: With the name of the month

  private enum Part {
    case number(Int, digits: Int)
    case month(Int, isEnglish: Bool)
  }

  /// How many runs from `start` are a date with a month's name; nil for none.
  private func named(_ start: Int, _ runs: [FoldedText.Run], _ text: FoldedText) -> Int? {
    var parts: [Part] = []
    var ends: [Int] = []
    var index = start
    while index < runs.count, parts.count < 3, index < start + 6 {
      let units = text.units[runs[index].range]
      if runs[index].isDigits {
        guard units.count <= 6 else { break }
        parts.append(.number(WrittenDates.number(units), digits: units.count))
        ends.append(index)
      } else if let (month, isEnglish) = WrittenDates.months[String(decoding: units, as: UTF8.self)] {
        parts.append(.month(month, isEnglish: isEnglish))
        ends.append(index)
      } else if parts.isEmpty || !WrittenDates.fillers.contains(String(decoding: units, as: UTF8.self)) {
        break
      }
      index += 1
    }
    for count in [3, 2] where parts.count >= count && isNamedDate(Array(parts[..<count])) { return ends[count - 1] - start + 1 }
    return nil
  }

  private func isNamedDate(_ parts: [Part]) -> Bool {
    var month = 0
    var isEnglish = false
    var numbers: [(value: Int, digits: Int)] = []
    for part in parts {
      switch part {
      case .month(let number, let english): (month, isEnglish) = (number, english)
      case .number(let value, let digits): numbers.append((value, digits))
      }
    }
    guard month > 0, numbers.count == parts.count - 1 else { return false }
    if numbers.count == 2 {
      let (a, b) = (numbers[0], numbers[1])
      return isDate(b.value, month, a.value, yearDigits: b.digits) || isDate(a.value, month, b.value, yearDigits: a.digits)
    }
    let (value, digits) = numbers[0]
    switch digits {
    // Jul0419 and Jul042019.
    case 4: return isDate(value % 100, month, value / 100, yearDigits: 2)
    case 6: return isDate(value % 10_000, month, value / 10_000, yearDigits: 4)
    case 1, 2: return isEnglish && days.contains(month * 100 + value)
    default: return false
    }
  }

  // MARK: Digits alone

  /// How many runs from `start` are a date in digits; nil for none.
  private func numeric(_ start: Int, _ runs: [FoldedText.Run], _ text: FoldedText, _ bytes: [UInt8]) -> Int? {
    var groups: [ArraySlice<UInt8>] = []
    if let length = eastAsian(start, runs, text) { return length }
    while groups.count < 3, start + groups.count < runs.count, runs[start + groups.count].isDigits {
      groups.append(text.units[runs[start + groups.count].range])
    }
    if groups.count == 3, isDate(groups) {
      // With a year of 2 digits the signs have to be alike and no fourth group may follow: 1.4.7.19 is a version.
      if groups.contains(where: { $0.count == 4 }) { return 3 }
      let sign = WrittenDates.sign(start + 1, runs, text, bytes)
      let isLonger =
        WrittenDates.sign(start, runs, text, bytes) == sign || WrittenDates.sign(start + 3, runs, text, bytes) == sign
      if sign == WrittenDates.sign(start + 2, runs, text, bytes), !isLonger || sign == [0x20] { return 3 }
    }
    if groups.count >= 2, [6, 8].contains(groups[0].count + groups[1].count), isCompact(groups[0] + groups[1]) { return 2 }
    if let first = groups.first, first.count == 6 || first.count >= 8, isCompact(first) { return 1 }
    return nil
  }

  /// 2019年7月4日, 2019년 7월 4일.
  private func eastAsian(_ start: Int, _ runs: [FoldedText.Run], _ text: FoldedText) -> Int? {
    guard start + 4 < runs.count, runs[start].isDigits, runs[start + 2].isDigits, runs[start + 4].isDigits,
      WrittenDates.yearSigns.contains(Array(text.units[runs[start + 1].range]))
    else { return nil }
    let groups = [0, 2, 4].map { text.units[runs[start + $0].range] }
    return isDate(groups) ? 5 : nil
  }

  /// The sign for year, folded.
  private static let yearSigns: Set<[UInt8]> = Set(["年", "년"].map { FoldedText(Array($0.utf8)).units })

  /// What stands between the digit runs `index - 1` and `index`; nil where these are not two runs of digits.
  private static func sign(_ index: Int, _ runs: [FoldedText.Run], _ text: FoldedText, _ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard index > 0, index < runs.count, runs[index - 1].isDigits, runs[index].isDigits else { return nil }
    return bytes[text.source(of: runs[index - 1].range).upperBound..<text.source(of: runs[index].range).lowerBound]
  }

  private func isDate(_ groups: [ArraySlice<UInt8>]) -> Bool {
    let (a, b, c) = (WrittenDates.number(groups[0]), WrittenDates.number(groups[1]), WrittenDates.number(groups[2]))
    switch (groups[0].count, groups[1].count, groups[2].count) {
    case (4, 1...2, 1...2): return isDate(a, b, c, yearDigits: 4) || isDate(a, c, b, yearDigits: 4)
    case (1...2, 1...2, 4): return isDate(c, b, a, yearDigits: 4) || isDate(c, a, b, yearDigits: 4)
    case (1...2, 1...2, 1...2):
      if groups[2].count == 2, isDate(c, b, a, yearDigits: 2) || isDate(c, a, b, yearDigits: 2) { return true }
      return groups[0].count == 2 && isDate(a, b, c, yearDigits: 2)
    default: return false
    }
  }

  /// A group of 6 or 8 digits, or one that begins with a date and goes on with a time.
  private func isCompact(_ digits: ArraySlice<UInt8>) -> Bool {
    let digits = digits.prefix(8)
    let number = WrittenDates.number(digits)
    if digits.count == 6 {
      let (a, b, c) = (number / 10_000, number / 100 % 100, number % 100)
      return isDate(a, b, c, yearDigits: 2) || isDate(c, b, a, yearDigits: 2) || isDate(c, a, b, yearDigits: 2)
    }
    let (front, a, b) = (number / 10_000, number / 1_000_000, number / 10_000 % 100)
    return dates.contains(number) || isDate(front, number % 100, number / 100 % 100, yearDigits: 4)
      || isDate(number % 10_000, b, a, yearDigits: 4) || isDate(number % 10_000, a, b, yearDigits: 4)
  }

  /// ASCII digits as a number; 0 for more of them than any part of a date has.
  static func number(_ digits: ArraySlice<UInt8>) -> Int { digits.count > 9 ? 0 : digits.reduce(0) { $0 * 10 + Int($1) - 48 } }

  /// The number of a month by its name, folded, of 3 letters or more.
  static func month(_ name: [UInt8]) -> Int? { months[String(decoding: name, as: UTF8.self)]?.0 }

  private static let fillers: Set<String> = ["st", "nd", "rd", "th", "of", "the", "de", "den"]

  /// Months by name, folded: English first, then German, French, Spanish, Italian, Portuguese, Dutch where they differ;
  /// Polish, Czech, Swedish, Turkish, and Roman numerals.
  private static let months: [String: (Int, isEnglish: Bool)] = {
    let english = """
      january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|november nov|december dec
      """
    let others = """
      januar janvier janv enero ene gennaio gen janeiro januari|februar fevrier fevr fev febrero febbraio fevereiro februari|marz mrz maerz mars \
      marzo marco maart mrt|avril avr abril abr aprile|mai mayo maggio mag maio mei|juni juin junio giugno giu junho|juli juillet juil julio \
      luglio lug julho|aout agosto ago augustus|septembre septiembre settembre set setembro|oktober okt octobre octubre ottobre ott outubro \
      out|novembre noviembre novembro|dezember dez decembre diciembre dic dicembre dezembro
      """
    let more = """
      stycznia styczen ledna leden januari ocak i|lutego luty unora unor februari subat ii|marca marzec brezna brezen mars mart iii|\
      kwietnia kwiecien dubna duben nisan iv|maja kvetna kveten maj mayis v|czerwca czerwiec cervna cerven juni haziran vi|\
      lipca lipiec cervence cervenec juli temmuz vii|sierpnia sierpien srpna srpen augusti agustos viii|wrzesnia wrzesien zari eylul ix|\
      pazdziernika pazdziernik rijna rijen ekim x|listopada listopad kasim xi|grudnia grudzien prosince prosinec aralik xii
      """
    var months: [String: (Int, isEnglish: Bool)] = [:]
    for (list, isEnglish) in [(more, false), (others, false), (english, true)] {
      for (index, names) in list.split(separator: "|").enumerated() {
        for name in names.split(separator: " ") { months[String(name)] = (index + 1, isEnglish) }
      }
    }
    return months
  }()
}
