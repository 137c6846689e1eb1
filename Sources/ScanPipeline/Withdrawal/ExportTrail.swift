package import Foundation
package import ScanCatalog
package import ScanDeid

/// What a recorded export holds of one patient: its object is the `metadata.csv` that went out with it.
package struct ExportTrail: Sendable {
  package struct File: Sendable, Equatable {
    /// Below the export's root.
    package let path: String
    package let sha256: String
    /// Where the file still is, with the bytes that left; nil when it is not found on this machine.
    package let found: URL?
  }

  package let export: PatientTrace.Export
  /// Files that show the patient; empty when the metadata is gone.
  package let files: [File]
  /// Files that models behind the patient made.
  package let fromModels: Int

  package init(_ export: PatientTrace.Export, of patient: Pseudonym?, models: Set<String>, in catalog: Catalog) throws {
    self.export = export
    guard let digest = export.record.sha256, FileManager.default.fileExists(atPath: catalog.objects.url(of: digest).path),
      let table = try? CSVTable(String(decoding: catalog.objects.read(digest), as: UTF8.self)), let path = try? table.column("path"),
      let hash = try? table.column("sha256"), let owner = try? table.column("patient"), let model = try? table.column("model_sha256")
    else {
      (files, fromModels) = ([], 0)
      return
    }
    let root = export.place.map { URL(fileURLWithPath: $0, isDirectory: true) }
    files = table.rows.filter { $0[owner] == patient?.text }.map { row in
      let url = root?.appendingPathComponent(row[path])
      let isThere = url.flatMap { try? ObjectStore.digest(of: $0).0.hex } == row[hash]
      return File(path: row[path], sha256: row[hash], found: isThere ? url : nil)
    }
    fromModels = table.rows.count { models.contains($0[model]) && $0[owner] != patient?.text }
  }

  /// The metadata without the lines that tell of a patient; nil when there is none.
  static func redacted(_ export: PatientTrace.Export, of patient: Pseudonym, contents: Set<String>, in catalog: Catalog) throws -> [UInt8]? {
    guard let digest = export.record.sha256, FileManager.default.fileExists(atPath: catalog.objects.url(of: digest).path) else { return nil }
    let text = String(decoding: try catalog.objects.read(digest), as: UTF8.self)
    let kept = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      // Hexadecimal digits and pseudonyms are never quoted.
      !line.split(separator: ",").contains { $0 == patient.text || contents.contains(String($0)) }
    }
    return Array(kept.joined(separator: "\n").utf8)
  }
}
