import ScanDeid
import ScanModel
import Testing

/// Shifts through the whole deidentifier, compared with plain day counting.
struct DateShiftTests {
  @Test func `days move by the calendar, leap years included`() throws {
    let deidentifier = try Deidentifier(options: [.retainLongitudinalModifiedDates], key: Planted.key)
    let days = Planted.key.dateShiftDays(of: Planted.key.pseudonym(of: "FAKE-4711"))
    // Every day of 22 years, counted one by one.
    let calendar = Calendar.days(from: 1985, to: 2006)
    let index = Dictionary(uniqueKeysWithValues: calendar.enumerated().map { ($0.element, $0.offset) })
    for text in calendar.dropFirst(4000).enumerated().filter({ $0.offset % 37 == 0 }).map(\.element) {
      var dataset = Planted.patient()
      dataset.set(.studyDate, .DA, text: text)
      let moved = try #require(try deidentifier.clean(Planted.scan(dataset)).dataset.text(.studyDate))
      let position = try #require(index[text])
      #expect(moved == calendar[position + days], "\(text)")
    }
  }

  @Test func `a month without a day stays a month`() throws {
    var dataset = Planted.patient()
    dataset.set(Tag(0x0008, 0x002A), .DT, text: "202002")
    let moved = try Planted.clean(dataset, [.retainLongitudinalModifiedDates]).dataset.text(Tag(0x0008, 0x002A))
    #expect(moved?.utf8.count == 6)
    #expect(moved != "202002")
  }

  /// A second date beside the moved one would tell by how much.
  @Test(arguments: [
    "20100110-20100120", "20100110101112+20110305", "20100110101112.20110305", "2010-01-10", "2010-01-10101112.5+0100", "1997.03.04101112", "2010-01",
    "20100110 101112", "20100110T101112", "201001102510", "20100110101112+1500", "20100110101112.1234567", "2010011010.5", "20100230",
  ]) func `what is not exactly a date and time is not moved`(text: String) throws {
    var dataset = Planted.patient()
    dataset.set(Tag(0x0008, 0x002A), .DT, text: text)
    let left = try Planted.clean(dataset, [.retainLongitudinalModifiedDates]).dataset.text(Tag(0x0008, 0x002A)) ?? ""
    #expect(!left.contains("2010") && !left.contains("0305") && !left.contains("03.04") && !left.contains("-01"), "\(left)")
  }

  @Test(arguments: ["20100110101112.123456+1400", "20100110101112-1200", "2010011010", "201001101011+0000", "2010", "2010+0100"])
  func `dates and times of every length move, and their times stay`(text: String) throws {
    var dataset = Planted.patient()
    dataset.set(Tag(0x0008, 0x002A), .DT, text: text)
    let moved = try #require(try Planted.clean(dataset, [.retainLongitudinalModifiedDates]).dataset.text(Tag(0x0008, 0x002A)))
    #expect(moved.count == text.count && moved.dropFirst(8) == text.dropFirst(8) && moved != text)
  }

  @Test(arguments: [
    ("101112", true), ("10", true), ("1011", true), ("101112.5", true), ("10:11:12.123456", true), ("10:11", true), ("235960", true),
    ("20100110", false), ("20100110101112", false), ("2010.01.10", false), ("20100110101112.5", false), ("250000", false), ("10:1112", false),
    ("101112.1234567", false), ("1011-1012", false),
  ]) func `only times of day stay as times`(text: String, isTime: Bool) throws {
    var dataset = Planted.patient()
    dataset.set(.studyTime, .TM, text: text)
    #expect((try Planted.clean(dataset, [.retainLongitudinalModifiedDates]).dataset.text(.studyTime) == text) == isTime)
  }

  private enum Calendar {
    static func days(from first: Int, to last: Int) -> [String] {
      var days: [String] = []
      for year in first...last {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        for (month, count) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
          for day in 1...count { days.append(String(year * 10_000 + (month + 1) * 100 + day)) }
        }
      }
      return days
    }
  }
}
