package import Diagnostics
package import Foundation
package import ScanModel

/// Where the label of an image comes from.
package enum LabelSource: Sendable, Equatable {
  case none
  /// The name of the folder that the file lies in.
  case folder
  /// A CSV file with the columns path (relative to the file) and label, and where known subject, split, modality, body_part, sex, age_band.
  case csv(String)
  /// An attribute of the de-identified object, by keyword.
  case attribute(keyword: String, Tag)

  /// The CSV file that is read.
  var table: String? { if case .csv(let path) = self { path } else { nil } }

  /// `folder`, `csv:FILE`, `attribute:KEYWORD`; nil for anything else or a keyword that the dictionary lacks.
  package init?(_ text: String) {
    if text == "folder" {
      self = .folder
    } else if text.hasPrefix("csv:"), text.count > 4 {
      self = .csv(String(text.dropFirst(4)))
    } else if text.hasPrefix("attribute:"), let tag = DataDictionary.tag(keyword: String(text.dropFirst(10))) {
      self = .attribute(keyword: String(text.dropFirst(10)), tag)
    } else {
      return nil
    }
  }
}

/// Where the subject of a TIFF or PNG comes from (DICOM has Patient ID).
package enum SubjectSource: Sendable, Equatable {
  /// Patient ID; a TIFF or PNG is its own subject unless the label's CSV file says otherwise.
  case standard
  case folder
  case csv(String)
  /// The part of the file name before the first `separator`: `00001281_000.tif` -> `00001281`.
  case prefix(separator: Character)

  /// The CSV file that is read.
  var table: String? { if case .csv(let path) = self { path } else { nil } }

  /// `folder`, `csv:FILE`, `prefix:C`; nil for anything else.
  package init?(_ text: String) {
    if text == "folder" {
      self = .folder
    } else if text.hasPrefix("csv:"), text.count > 4 {
      self = .csv(String(text.dropFirst(4)))
    } else if text.hasPrefix("prefix:"), text.count == 8, let separator = text.last {
      self = .prefix(separator: separator)
    } else {
      return nil
    }
  }
}

/// What the user says about the files that go in: labels, subjects, splits.
package struct ScanSheet: Sendable {
  private struct Row: Sendable {
    var label: String?
    var subject: String?
    var split: String?
    var attributes: [ScanAttribute: String] = [:]
    /// Of the CSV file with labels, counted from 1 with the header; nil for a row of another file.
    var number: Int?
  }

  private let labelSource: LabelSource
  private let subjectSource: SubjectSource
  private let rows: [String: Row]

  /// - Throws: `CSVError` when a CSV file cannot be used.
  package init(labels: LabelSource, subjects: SubjectSource) throws {
    labelSource = labels
    subjectSource = subjects
    var rows: [String: Row] = [:]
    if case .csv(let path) = labels { try ScanSheet.read(path, into: &rows, label: true) }
    if case .csv(let path) = subjects { try ScanSheet.read(path, into: &rows, label: false) }
    self.rows = rows
  }

  private static func read(_ path: String, into rows: inout [String: Row], label: Bool) throws {
    let url = URL(fileURLWithPath: path)
    let table = try CSVTable(contentsOf: url)
    let pathColumn = try table.column("path")
    let labelColumn = label ? try table.column("label") : nil
    let subjectColumn = label ? table.header.firstIndex(of: "subject") : try table.column("subject")
    let splitColumn = table.header.firstIndex(of: "split")
    let attributeColumns = ScanAttribute.allCases.compactMap { attribute in table.header.firstIndex(of: attribute.column).map { (attribute, $0) } }
    let folder = url.deletingLastPathComponent()
    for (number, record) in table.rows.enumerated() {
      let file = URL(fileURLWithPath: record[pathColumn], relativeTo: folder).standardizedFileURL.resolvingSymlinksInPath().path
      var row = rows[file] ?? Row()
      if let labelColumn {
        guard record[labelColumn].isEmpty || Label(record[labelColumn]) != nil else {
          throw CSVError.badValue(row: number + 2, column: "label", form: "text of at most 100 bytes, without \\ or control characters")
        }
        row.label = record[labelColumn]
        row.number = row.number ?? number + 2
      }
      if let subjectColumn, !record[subjectColumn].isEmpty { row.subject = record[subjectColumn] }
      if let splitColumn, !record[splitColumn].isEmpty { row.split = record[splitColumn] }
      for (attribute, column) in attributeColumns where !record[column].isEmpty {
        guard let value = attribute.value(record[column]) else {
          throw CSVError.badValue(row: number + 2, column: attribute.column, form: attribute.form)
        }
        row.attributes[attribute] = value
      }
      rows[file] = row
    }
  }

  /// A sentence on the rows with labels that are of none of `files`; nil when there are none. Rows are named by number, as in `CSVError`.
  package func warning(beside files: [URL]) -> String? {
    let met = Set(files.map { $0.standardizedFileURL.resolvingSymlinksInPath().path })
    let numbers = rows.filter { !met.contains($0.key) }.compactMap(\.value.number)
    guard let first = numbers.min() else { return nil }
    return "\(numbers.count) of the rows with labels match no file, the first is row \(first) of the CSV file; its column path is relative to the CSV file's folder"
  }

  private func row(_ file: URL) -> Row? { rows.isEmpty ? nil : rows[file.standardizedFileURL.resolvingSymlinksInPath().path] }

  /// The label of a file; `dataset` is the de-identified object. nil when there is none.
  package func label(of file: URL, dataset: Dataset) -> Label? {
    switch labelSource {
    case .none: nil
    case .folder: Label(file.deletingLastPathComponent().lastPathComponent)
    case .csv: row(file)?.label.flatMap { Label($0) }
    case .attribute(_, let tag): dataset.texts(tag).first.flatMap { Label($0) }
    }
  }

  /// The identity that the user gives a file's subject; nil for "as the file says".
  package func subject(of file: URL) -> Redacted<String>? {
    switch subjectSource {
    case .standard, .csv: row(file)?.subject.map { Redacted($0) }
    case .folder: Redacted(file.deletingLastPathComponent().lastPathComponent)
    case .prefix(let separator): file.lastPathComponent.split(separator: separator).first.map { Redacted(String($0)) }
    }
  }

  /// What the user says of a file beside its label; empty where a CSV file says nothing.
  package func attributes(of file: URL) -> [ScanAttribute: String] { row(file)?.attributes ?? [:] }

  /// The part of the data that the user wants a file in; nil when the split stage decides.
  package func split(of file: URL) -> String? { row(file)?.split }
}
