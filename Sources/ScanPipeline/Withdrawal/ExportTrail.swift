package import Foundation
package import ScanCatalog
package import ScanDeid
import ScanExport

/// What a recorded export holds of one patient: its object is the `metadata.csv` that went out with it.
package struct ExportTrail: Sendable {
  package struct File: Sendable, Equatable {
    /// Below the export's root.
    package let path: String
    package let sha256: String
    /// Where the file still is, with the bytes that left, or the archive that holds it; nil when it is not found on this machine.
    package let found: URL?
  }

  package let export: PatientTrace.Export
  /// Files that show the patient, masks among them; empty when the metadata is gone.
  package let files: [File]
  /// Files that models behind the patient made.
  package let fromModels: Int
  /// Tables, lists and manifests that are still there and name the patient or a file of theirs.
  package let documents: [URL]

  package init(_ export: PatientTrace.Export, of patient: Pseudonym?, models: Set<String>, in catalog: Catalog) throws {
    self.export = export
    guard let patient, let table = try ExportedTable(of: export.record, in: catalog), let owner = table.column("patient"),
      let model = table.column("model_sha256")
    else {
      (files, fromModels, documents) = ([], 0, [])
      return
    }
    var place = export.place.map { ExportedPlace(URL(fileURLWithPath: $0, isDirectory: true)) }
    // An image, and the mask that some formats put beside it.
    var columns: [(path: Int, hash: Int)] = []
    for (path, hash) in [("path", "sha256"), ("mask_path", "mask_sha256")] {
      if let path = table.column(path), let hash = table.column(hash) { columns.append((path, hash)) }
    }
    var (own, stems, others): ([File], Set<String>, Int) = ([], [], 0)
    while let (row, _) = try table.next() {
      guard row[owner] == patient.text else {
        if models.contains(row[model]) { others += 1 }
        continue
      }
      for column in columns where !row[column.path].isEmpty {
        own.append(File(path: row[column.path], sha256: row[column.hash], found: place?.url(of: row[column.path], sha256: row[column.hash])))
        stems.insert(((row[column.path] as NSString).lastPathComponent as NSString).deletingPathExtension)
      }
    }
    (files, fromModels) = (own, others)
    documents = place?.documents(of: export.format, naming: [patient.text] + stems.subtracting([""])) ?? []
  }

  /// Stores the metadata without the lines that tell of a patient; nil when there is none.
  static func redacted(_ export: PatientTrace.Export, of patient: Pseudonym, contents: Set<String>, in catalog: Catalog) throws -> StoredObject? {
    guard let table = try ExportedTable(of: export.record, in: catalog) else { return nil }
    return try catalog.objects.store(unownedLines: { write in
      try write(table.headerLine)
      while let (row, line) = try table.next() {
        if !row.contains(where: { $0 == patient.text || contents.contains($0) }) { try write(line) }
      }
    })
  }
}

/// The folder that an export went to, as it is now on this machine.
private struct ExportedPlace {
  private let root: URL
  /// Contents of archives by member, as far as they were asked for.
  private var archives: [String: [String: Data]] = [:]

  init(_ root: URL) { self.root = root }

  /// Where a file of the export still is, with the bytes that left; of one in an archive, the archive.
  mutating func url(of path: String, sha256: String) -> URL? {
    guard let end = path.range(of: ".tar/") else {
      let url = root.appendingPathComponent(path)
      return (try? ObjectStore.digest(of: url).0.hex) == sha256 ? url : nil
    }
    let archive = String(path[..<end.lowerBound]) + ".tar"
    let url = root.appendingPathComponent(archive)
    if archives[archive] == nil {
      let data = (try? Data(contentsOf: url, options: .mappedIfSafe)) ?? Data()
      archives[archive] = Dictionary(TarReader.members(data).map { ($0.name, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    }
    guard let bytes = archives[archive]?[String(path[end.upperBound...])], ContentDigest(of: [UInt8](bytes)).hex == sha256 else { return nil }
    return url
  }

  /// Documents of a format, and the manifest over all, that hold one of the names.
  func documents(of format: String?, naming names: [String]) -> [URL] {
    let folder = format.map { root.appendingPathComponent($0) }
    let below = folder.flatMap { try? FileManager.default.subpathsOfDirectory(atPath: $0.path) } ?? []
    let all = below.compactMap { folder?.appendingPathComponent($0) } + [root.appendingPathComponent(Manifest.fileName)]
    return all.filter { ["csv", "json", "jsonl", "md", "sha256"].contains($0.pathExtension) && ByteSearch(names).isHit(in: $0) }
      .sorted { $0.path < $1.path }
  }
}

/// Looks for names in files, byte by byte.
struct ByteSearch {
  private let needles: [Data]

  init(_ names: some Sequence<String>) { needles = names.map { Data($0.utf8) } }

  func isHit(in file: URL) -> Bool {
    guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else { return false }
    return needles.contains { data.range(of: $0) != nil }
  }
}
