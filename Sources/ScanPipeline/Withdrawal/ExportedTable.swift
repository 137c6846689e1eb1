import Foundation
import ScanCatalog

/// The `metadata.csv` of a recorded export, read line by line: it has a line for each image that left, which may be millions.
final class ExportedTable {
  let header: [String]
  /// As it stands in the file.
  let headerLine: String
  private var lines: TextLines

  /// - Returns: nil when the export's object is gone.
  init?(of export: ArtifactRecord, in catalog: Catalog) throws {
    guard let digest = export.sha256 else { return nil }
    let file = catalog.objects.url(of: digest)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    guard try ObjectStore.digest(of: file).0 == digest else { throw CatalogError.objectModified(digest) }
    var lines = try TextLines(file)
    headerLine = try lines.next() ?? ""
    header = Self.fields(headerLine)
    self.lines = lines
  }

  /// - Returns: nil when there is no such column.
  func column(_ name: String) -> Int? { header.firstIndex(of: name) }

  /// The fields of the next line as long as the header, with the line itself; nil after the last.
  func next() throws -> (fields: [String], line: String)? {
    while let line = try lines.next() {
      let fields = Self.fields(line)
      if fields.count == header.count { return (fields, line) }
    }
    return nil
  }

  private static func fields(_ line: String) -> [String] {
    guard line.utf8.contains(UInt8(ascii: "\"")) else { return line.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    return (try? CSVTable(line))?.header ?? []
  }
}
