/// Comma-separated text (RFC 4180) with LF line ends.
struct CSVTable {
  private(set) var text: String
  let columns: [String]

  init(columns: [String]) {
    self.columns = columns
    text = columns.map(Self.field).joined(separator: ",") + "\n"
  }

  mutating func append(_ values: [String]) {
    precondition(values.count == columns.count, "CSVTable: \(values.count) values for \(columns.count) columns")
    text += values.map(Self.field).joined(separator: ",") + "\n"
  }

  private static func field(_ value: String) -> String {
    guard value.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else { return value }
    return "\"" + value.replacing("\"", with: "\"\"") + "\""
  }
}
