import ScanCatalog

/// `hf/README.md` and `hf/data/SPLIT/{metadata.jsonl,*.png}`: a folder that `datasets.load_dataset` reads.
///
/// Source: Hugging Face Datasets, "Create an image dataset" (ImageFolder with metadata) and "Dataset cards".
package struct HuggingFaceExport: PictureFormat {
  package static let name = "hf"
  package init() {}

  package func folder(of item: ExportItem) -> String { "data/\(item.part)" }

  package func documents(_ contents: ExportedSet) throws -> [ExportDocument] {
    // Generated images may have columns that others have not, such as what their generator was told.
    let blank = Dictionary(contents.files.flatMap { $0.columns.keys.map { ($0, CanonicalJSON.string("")) } }) { first, _ in first }
    var lines: [String: String] = [:]
    for file in contents.files { lines[file.item.part, default: ""] += Self.line(file, blank) }
    return lines.sorted { $0.key < $1.key }.map { ExportDocument("data/\($0.key)/metadata.jsonl", $0.value) }
      + [ExportDocument("README.md", HuggingFaceCard(contents).text)]
  }

  /// One JSON object. Every row has every column in one type, since the reader infers types part by part.
  private static func line(_ file: ExportedFile, _ blank: [String: CanonicalJSON]) -> String {
    var row = file.allColumns.merging(blank) { known, _ in known }
    row["file_name"] = .string(String(file.path.split(separator: "/").last ?? ""))
    let members = row.sorted { $0.key < $1.key }.map { "\(CanonicalJSON.string($0.key).text):\(typed($0.value))" }
    return "{\(members.joined(separator: ","))}\n"
  }

  /// A number always with a point, so that no part of the data reads as integers.
  private static func typed(_ value: CanonicalJSON) -> String {
    guard case .number = value else { return value.text }
    return value.text.contains { $0 == "." || $0 == "e" } ? value.text : value.text + ".0"
  }
}

/// The data set card: YAML that says which files are which split, then a table of what is inside.
struct HuggingFaceCard {
  private let contents: ExportedSet

  init(_ contents: ExportedSet) { self.contents = contents }

  /// The reader calls the validation part `validation`, however the folder is named.
  private static func split(_ part: String) -> String { part == "val" ? "validation" : part }

  var text: String {
    var lines = ["---", "pretty_name: ScanForge export", "license: \(contents.terms.isEmpty ? "unknown" : "other")"]
    lines += ["task_categories:", "- image-classification", "tags:", "- medical"]
    if contents.files.contains(where: \.isSynthetic) { lines.append("- synthetic") }
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for part in contents.parts { lines += ["  - split: \(Self.split(part))", "    path: data/\(part)/**"] }
    lines += ["---", "", "# Medical images, de-identified and synthetic", ""]
    lines += ["For research, not for diagnosis. Made by ScanForge; `synthetic` tells which images a model made or enlarged.", ""]
    if !contents.terms.isEmpty { lines += ["Terms of the source images: \(contents.terms.map(Self.cell).joined(separator: ", ")).", ""] }
    lines += ["| split | label | origin | images |", "| --- | --- | --- | --- |"]
    lines += ExportTally(contents.files).rows.map { "| \($0.part) | \(Self.cell($0.label)) | \($0.origin) | \($0.count) |" }
    lines += [
      "", "Each row has `file_name`, \(ExportedFile.commonColumns.map { "`\($0)`" }.joined(separator: ", ")); `path` is relative to the",
    ]
    lines += [
      "export's root, `patient` a pseudonym (empty for generated images), `window_low` and `window_high` the values that became 0 and 255."
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text that stays in its table cell.
  private static func cell(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("|", with: "\\|") }
}
