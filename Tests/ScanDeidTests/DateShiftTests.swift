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
