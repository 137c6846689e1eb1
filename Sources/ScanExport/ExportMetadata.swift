import ScanCatalog

/// `metadata.csv` of every format: the common columns, the format's own, then the hash that `audit lineage` takes.
enum ExportMetadata {
  static let artifactColumn = "artifact_sha256"

  static func text(of files: [ExportedFile]) -> String {
    let extra = Set(files.flatMap(\.columns.keys)).sorted()
    var table = CSVTable(columns: ExportedFile.commonColumns + extra + [artifactColumn])
    for file in files {
      let common = file.common
      table.append(
        ExportedFile.commonColumns.map { plain(common[$0]) } + extra.map { plain(file.columns[$0]) } + [file.item.sha256.hex])
    }
    return table.text
  }

  private static func plain(_ value: CanonicalJSON?) -> String { value.map { $0.stringValue ?? $0.text } ?? "" }
}
