import ScanModel

/// Moves dates by a whole number of days (Retain Longitudinal Temporal Information Modified Dates, PS3.15 section E.3.6).
///
/// Days are whole, so times of day and the intervals between all dates and times of a patient stay as they were.
struct DateShift: Sendable, Equatable {
  let days: Int

  /// - Returns: nil when `text` is no date (`YYYYMMDD`, or the old `YYYY.MM.DD`).
  func shifted(date text: String) -> String? {
    let digits = text.filter { $0 != "." }
    guard digits.utf8.count == 8, text.utf8.count == 8 || text.utf8.count == 10 else { return nil }
    return moved(digits)
  }

  /// - Returns: nil when `text` is no date and time. A value without day or month moves as if it meant the middle, and stays that short.
  func shifted(dateTime text: String) -> String? {
    let bytes = Array(text.utf8)
    let digits = bytes.prefix { (48...57).contains($0) }.count
    guard digits >= 4, digits % 2 == 0, digits <= 14 else { return nil }
    // What follows the date: time, fraction and zone, all of digits and these signs.
    let rest = bytes.dropFirst(min(digits, 8))
    guard rest.allSatisfy({ (48...57).contains($0) || [0x2B, 0x2D, 0x2E].contains($0) }) else { return nil }
    let date = String(text.prefix(min(digits, 8)))
    let whole = digits >= 8 ? date : digits == 6 ? date + "15" : date + "0701"
    guard let moved = moved(whole) else { return nil }
    return moved.prefix(min(digits, 8)) + String(decoding: rest, as: UTF8.self)
  }

  /// True for a time of day (`HH[MM[SS[.F]]]`, or with colons): it stays as it is.
  static func isTime(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count >= 2 && bytes.count <= 16 && bytes.allSatisfy { (48...58).contains($0) || $0 == 0x2E }
  }

  private func moved(_ digits: String) -> String? {
    guard let number = Int(digits) else { return nil }
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
    guard year > 0, (1...12).contains(month), (1...DateShift.daysInMonth(year, month)).contains(day) else { return nil }
    let target = DateShift.civil(DateShift.ordinal(year, month, day) + days)
    guard (1...9999).contains(target.year) else { return nil }
    let text = String(target.year * 10_000 + target.month * 100 + target.day)
    return String(repeating: "0", count: 8 - text.utf8.count) + text
  }

  private static func daysInMonth(_ year: Int, _ month: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 0000-03-01 in the proleptic Gregorian calendar: years begin in March, so that the leap day comes last.
  private static func ordinal(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let y = month > 2 ? year : year - 1
    let m = (month + 9) % 12
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1
  }

  private static func civil(_ ordinal: Int) -> (year: Int, month: Int, day: Int) {
    // A year estimate that is at most one too large, then corrected.
    var year = (10_000 * ordinal + 14_780) / 3_652_425
    var rest = ordinal - (365 * year + year / 4 - year / 100 + year / 400)
    if rest < 0 {
      year -= 1
      rest = ordinal - (365 * year + year / 4 - year / 100 + year / 400)
    }
    let m = (100 * rest + 52) / 3060
    return (year + (m + 2) / 12, (m + 2) % 12 + 1, rest - (m * 306 + 5) / 10 + 1)
  }
}
