import Foundation
import GRDB
import Glibc

/// What lies in a workspace and is in no row: objects that a killed writer had put in place, files of models and runs that were never recorded.
///
/// `audit verify` reports the same as `object.unrecorded` and `object.symlink`. What was recorded and changed is left alone: it is evidence.
package struct Leftovers: Sendable {
  package enum Place: String, Sendable, CaseIterable {
    case objects, models, runs, anchors
  }

  private var items: [(place: Place, url: URL, bytes: Int64)] = []

  package var isEmpty: Bool { items.isEmpty }
  package var count: Int { items.count }
  package var bytes: Int64 { items.reduce(0) { $0 + $1.bytes } }
  package var counts: [Place: Int] { Dictionary(items.map { ($0.place, 1) }, uniquingKeysWith: +) }

  /// Looks through the workspace of a catalog that is open for writing, so that no other writer's objects wait for their rows.
  package init(in catalog: Catalog) throws {
    precondition(catalog.mode == .readWrite, "leftovers are looked for under the writer's lock")
    try addObjects(catalog)
    try addModels(catalog)
    try addRuns(catalog)
    // A copy of an anchor that was being written.
    for name in Self.names(in: catalog.workspace.anchors) where name.hasPrefix(".") {
      add(.anchors, catalog.workspace.anchors.appendingPathComponent(name))
    }
  }

  /// Removes everything, after an event that says how much.
  package func remove(from catalog: Catalog) throws {
    guard !isEmpty else { return }
    let counts = Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, CanonicalJSON.integer(Int64($0.value))) })
    let run = try catalog.beginRun(op: "gc", parameters: .object(counts.merging(["bytes": .integer(bytes)]) { first, _ in first }))
    for item in items {
      do { try FileManager.default.removeItem(at: item.url) } catch { throw CatalogError.noPermission }
    }
    try run.finish()
  }

  private mutating func addObjects(_ catalog: Catalog) throws {
    let root = catalog.workspace.objects
    for folder in Self.names(in: root) {
      let url = root.appendingPathComponent(folder, isDirectory: true)
      guard folder.utf8.count == 2, folder.utf8.allSatisfy(ContentDigest.isHexDigit), Self.kind(url) == S_IFDIR else {
        add(.objects, root.appendingPathComponent(folder))
        continue
      }
      let recorded = try catalog.read { db in
        try String.fetchSet(
          db, sql: "SELECT a.sha256 FROM (\(ContentIndex.sql)) c CROSS JOIN artifact a ON a.id = c.artifact WHERE a.sha256 IS NOT NULL",
          arguments: [folder])
      }
      for name in Self.names(in: url) where !recorded.contains(folder + name) { add(.objects, url.appendingPathComponent(name)) }
    }
  }

  private mutating func addModels(_ catalog: Catalog) throws {
    let published = try catalog.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT name, file FROM model_file m WHERE event_seq = (SELECT max(event_seq) FROM model_file WHERE name = m.name)
          """
      ).map { "\($0["name"] as String)/\($0["file"] as String)" }
    }
    addStrays(.models, in: catalog.workspace.models, but: Set(published), folders: Set(published.map { String($0.prefix { $0 != "/" }) }))
  }

  private mutating func addRuns(_ catalog: Catalog) throws {
    let root = catalog.workspace.runs
    let (runs, open, files) = try catalog.read { db in
      (
        try Int64.fetchSet(db, sql: "SELECT id FROM run"),
        // They may go on, or are older than the records of files.
        try Int64.fetchSet(db, sql: Self.runsWithoutRecord),
        try Row.fetchAll(db, sql: "SELECT run_id, name FROM run_file").map { "\($0["run_id"] as Int64)/\($0["name"] as String)" }
      )
    }
    let recorded = Set(files)
    for name in Self.names(in: root) where !name.hasPrefix("training-") {
      let url = root.appendingPathComponent(name, isDirectory: true)
      guard let id = Int64(name), runs.contains(id), Self.kind(url) == S_IFDIR else {
        add(.runs, root.appendingPathComponent(name))
        continue
      }
      if open.contains(id) { continue }
      for (file, _) in RunFile.names(in: url) where !recorded.contains("\(id)/\(file)") { add(.runs, url.appendingPathComponent(file)) }
    }
  }

  /// Runs that did not end, and those of a workspace that was older when they ended.
  private static let runsWithoutRecord = """
    SELECT id FROM run WHERE ended_ms IS NULL OR event_seq < (
      SELECT min(seq) FROM event WHERE body ->> '$.type' IN ('catalog.created', 'catalog.migrated') AND body ->> '$.schema' >= 2)
    """

  private mutating func addStrays(_ place: Place, in root: URL, but recorded: Set<String>, folders: Set<String>) {
    for folder in Self.names(in: root) {
      let url = root.appendingPathComponent(folder, isDirectory: true)
      guard folders.contains(folder), Self.kind(url) == S_IFDIR else {
        add(place, root.appendingPathComponent(folder))
        continue
      }
      for name in Self.names(in: url) where !recorded.contains("\(folder)/\(name)") { add(place, url.appendingPathComponent(name)) }
    }
  }

  private mutating func add(_ place: Place, _ url: URL) {
    var status = stat()
    items.append((place, url, lstat(url.path, &status) == 0 ? Int64(status.st_size) : 0))
  }

  private static func names(in folder: URL) -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }

  /// File type bits of what is there, links not followed.
  private static func kind(_ url: URL) -> mode_t {
    var status = stat()
    // A trailing slash would follow a link.
    return lstat(url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }
}
