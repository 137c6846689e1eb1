/// The layout of the profile's literals: one record a line, a line without `|` continues the record before it.
enum TableText {
  static func records(_ text: String) -> [String] {
    var records: [String] = []
    for line in text.split(separator: "\n") {
      let trimmed = line.drop { $0 == " " }
      if trimmed.contains("|") || records.isEmpty {
        records.append(String(trimmed))
      } else {
        records[records.count - 1] += " " + trimmed
      }
    }
    return records
  }
}
