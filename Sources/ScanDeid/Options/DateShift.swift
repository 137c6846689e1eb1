import ScanModel

/// Moves dates by a whole number of days (Retain Longitudinal Temporal Information Modified Dates, PS3.15 section E.3.6).
///
/// Days are whole, so times of day and the intervals between all dates and times of a patient stay as they were.
struct DateShift: Sendable, Equatable {
  let days: Int

  /// - Returns: nil when `text` is no date (`YYYYMMDD`, or the old `YYYY.MM.DD`).
  func shifted(date text: String) -> String? {
    let bytes = Array(text.utf8)
    switch bytes.count {
    case 8: return moved(text)
    case 10 where bytes[4] == 0x2E && bytes[7] == 0x2E: return moved(String(decoding: bytes[..<4] + bytes[5..<7] + bytes[8...], as: UTF8.self))
    default: return nil
    }
  }

  /// - Returns: nil when `text` is not exactly a date and time (`YYYY[MM[DD[HH[MM[SS[.F]]]]]][+ZZXX]`, PS3.5 section 6.2): in anything else another
  ///   date might stand beside the moved one. A value without day or month moves as if it meant the middle, and stays that short.
  func shifted(dateTime text: String) -> String? {
    let bytes = Array(text.utf8)
    let digits = bytes.prefix(while: DateShift.isDigit).count
    guard digits >= 4, digits % 2 == 0, digits <= 14 else { return nil }
    let zone = bytes.dropFirst(digits).firstIndex { $0 == 0x2B || $0 == 0x2D } ?? bytes.count
    guard DateShift.isZone(bytes[zone...]), DateShift.isTimeOfDay(bytes[min(digits, 8)..<zone]) else { return nil }
    let date = String(text.prefix(min(digits, 8)))
    let whole = digits >= 8 ? date : digits == 6 ? date + "15" : date + "0701"
    guard let moved = moved(whole) else { return nil }
    return moved.prefix(min(digits, 8)) + String(decoding: bytes[min(digits, 8)...], as: UTF8.self)
  }

  /// True for a time of day (`HH[MM[SS[.F]]]`, or with colons), which stays as it is.
  static func isTime(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { return false }
    guard let colon = bytes.firstIndex(of: 0x3A) else { return isTimeOfDay(bytes[...]) }
    guard colon == 2, bytes.count == 5 || bytes.count > 6 && bytes[5] == 0x3A else { return false }
    return isTimeOfDay((bytes[..<2] + bytes[3..<5] + bytes.dropFirst(6))[...])
  }

  /// `[HH[MM[SS[.F]]]]` within the hours, minutes and seconds that there are, with up to six digits of a fraction.
  private static func isTimeOfDay(_ bytes: ArraySlice<UInt8>) -> Bool {
    let digits = Array(bytes.prefix(while: isDigit))
    let fraction = bytes.dropFirst(digits.count)
    guard digits.count % 2 == 0, digits.count <= 6 else { return false }
    for (place, limit) in zip(stride(from: 0, to: digits.count, by: 2), [23, 59, 60]) where number(digits[place...].prefix(2)) > limit { return false }
    guard let point = fraction.first else { return true }
    return point == 0x2E && digits.count == 6 && (2...7).contains(fraction.count) && fraction.dropFirst().allSatisfy(isDigit)
  }

  /// Nothing, or an offset from UTC: `+ZZXX`, from -1200 to +1400.
  private static func isZone(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.isEmpty || bytes.count == 5 && bytes.dropFirst().allSatisfy(isDigit) && number(bytes.dropFirst(3)) < 60
      && number(bytes.dropFirst()) <= (bytes.first == 0x2B ? 1400 : 1200)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  private static func number(_ digits: some Sequence<UInt8>) -> Int { digits.reduce(0) { $0 * 10 + Int($1 - 48) } }

  private func moved(_ digits: String) -> String? {
    guard digits.utf8.allSatisfy(DateShift.isDigit), let number = Int(digits) else { return nil }
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
