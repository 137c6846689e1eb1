package import Diagnostics
package import Foundation

/// Why a CSV file with labels cannot be used. Rows are named by number; their contents may identify someone and are not shown.
package enum CSVError: ExplainedError, Equatable {
  case unreadable
  case notText
  case noHeader(missing: String)
  case unevenRow(Int, expected: Int, found: Int)
  case openQuote(row: Int)
  /// A value that its column cannot hold; `form` says what it can.
  case badValue(row: Int, column: String, form: String)

  package var kind: FailureKind { self == .unreadable ? .surroundings : .request }
  package var code: String {
    switch self {
    case .unreadable: "csv.unreadable"
    case .notText: "csv.notText"
    case .noHeader: "csv.noHeader"
    case .unevenRow: "csv.unevenRow"
    case .openQuote: "csv.openQuote"
    case .badValue: "csv.badValue"
    }
  }
  package var place: String? {
    switch self {
    case .unevenRow(let row, _, _), .openQuote(let row), .badValue(let row, _, _): "row \(row)"
    default: nil
    }
  }
  package var what: String {
    switch self {
    case .unreadable: "The CSV file cannot be read"
    case .notText: "The CSV file is not UTF-8 text"
    case .noHeader(let missing): "The CSV file has no column \(missing)"
    case .unevenRow(_, let expected, let found): "\(found) fields where the header has \(expected)"
    case .openQuote: "A quote is never closed"
    case .badValue(_, let column, let form): "The column \(column) holds something else than \(form)"
    }
  }
  package var remedy: String {
    switch self {
    case .unreadable: "Check that the file exists and may be read."
    case .notText: "Save it as UTF-8."
    case .noHeader: "The first row must name the columns: path, label, and where known subject, split, modality, body_part, sex, age_band."
    case .badValue: "Mend the row; an empty field means unknown."
    case .unevenRow, .openQuote: "Mend the row; fields with commas or quotes need double quotes around them."
    }
  }
}

/// A comma-separated file with a header. RFC 4180: quoted fields may hold commas, quotes (doubled) and line breaks.
package struct CSVTable: Sendable {
  package let header: [String]
  package let rows: [[String]]

  package init(contentsOf url: URL) throws(CSVError) {
    guard let data = try? Data(contentsOf: url) else { throw .unreadable }
    guard let text = String(data: data, encoding: .utf8) else { throw .notText }
    try self.init(text)
  }

  package init(_ text: String) throws(CSVError) {
    var records: [[String]] = []
    var record: [String] = []
    var field = String.UnicodeScalarView()
    var isQuoted = false
    var wasQuoted = false
    let scalars = Array(text.unicodeScalars)
    var index = scalars.first == "\u{FEFF}" ? 1 : 0
    func endField() {
      record.append(String(field))
      field = String.UnicodeScalarView()
      wasQuoted = false
    }
    func endRecord() {
      if record.isEmpty && field.isEmpty && !wasQuoted { return }
      endField()
      records.append(record)
      record = []
    }
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      if isQuoted {
        if scalar != "\"" {
          field.append(scalar)
        } else if index < scalars.count, scalars[index] == "\"" {
          field.append("\"")
          index += 1
        } else {
          isQuoted = false
        }
        continue
      }
      switch scalar {
      case "\"" where field.isEmpty:
        isQuoted = true
        wasQuoted = true
      case ",": endField()
      case "\n": endRecord()
      case "\r": break
      default: field.append(scalar)
      }
    }
    if isQuoted { throw .openQuote(row: records.count + 1) }
    endRecord()
    guard let header = records.first else { throw .noHeader(missing: "path") }
    for (row, record) in records.enumerated() where record.count != header.count {
      throw .unevenRow(row + 1, expected: header.count, found: record.count)
    }
    self.header = header
    rows = Array(records.dropFirst())
  }

  /// A field as it stands in a file.
  static func field(_ text: String) -> String {
    text.contains { $0 == "," || $0 == "\"" || $0.isNewline } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  /// - Throws: `CSVError.noHeader` when there is no such column.
  package func column(_ name: String) throws(CSVError) -> Int {
    guard let index = header.firstIndex(of: name) else { throw .noHeader(missing: name) }
    return index
  }
}
