import Foundation
import GRDB

/// What lies in a workspace and is in no row: objects that a killed writer had put in place, files of models and runs that were never recorded.
///
/// `audit verify` reports the same as `object.unrecorded` and `object.symlink`. What was recorded and changed is left alone: it is evidence.
package struct Leftovers: Sendable {
  package enum Place: String, Sendable, CaseIterable {
    case objects, models, runs, anchors
  }

  private var items: [(place: Place, entry: FolderEntry)] = []

  package var isEmpty: Bool { items.isEmpty }
  package var count: Int { items.count }
  package var bytes: Int64 { items.reduce(0) { $0 + $1.entry.bytes } }
  package var counts: [Place: Int] { Dictionary(items.map { ($0.place, 1) }, uniquingKeysWith: +) }

  /// Looks through the workspace of a catalog that is open for writing, so that no other writer's objects wait for their rows.
  package init(in catalog: Catalog) throws {
    precondition(catalog.mode == .readWrite, "leftovers are looked for under the writer's lock")
    try addObjects(catalog)
    try addModels(catalog)
    try addRuns(catalog)
    // A copy of an anchor that was being written.
    add(.anchors, FolderEntry.listIfAny(catalog.workspace.anchors).filter(\.isHidden))
  }

  /// Removes everything, after an event that says how much.
  package func remove(from catalog: Catalog) throws {
    guard !isEmpty else { return }
    let counts = Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, CanonicalJSON.integer(Int64($0.value))) })
    let run = try catalog.beginRun(op: "gc", parameters: .object(counts.merging(["bytes": .integer(bytes)]) { first, _ in first }))
    for item in items { try item.entry.remove() }
    try run.finish()
  }

  private mutating func addObjects(_ catalog: Catalog) throws {
    for folder in FolderEntry.listIfAny(catalog.workspace.objects) {
      guard let prefix = folder.text, prefix.utf8.count == 2, prefix.utf8.allSatisfy(ContentDigest.isHexDigit), folder.isFolder else {
        add(.objects, [folder])
        continue
      }
      let recorded = try catalog.read { db in
        try String.fetchSet(
          db, sql: "SELECT a.sha256 FROM (\(ContentIndex.sql)) c CROSS JOIN artifact a ON a.id = c.artifact WHERE a.sha256 IS NOT NULL",
          arguments: [prefix])
      }
      add(.objects, folder.contents.filter { !($0.text.map { recorded.contains(prefix + $0) } ?? false) })
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
    let (runs, open, files) = try catalog.read { db in
      (
        try Int64.fetchSet(db, sql: "SELECT id FROM run"),
        // They may go on, or are older than the records of files.
        try Int64.fetchSet(db, sql: Self.runsWithoutRecord),
        try Row.fetchAll(db, sql: "SELECT run_id, name FROM run_file").map { "\($0["run_id"] as Int64)/\($0["name"] as String)" }
      )
    }
    let recorded = Set(files)
    for folder in FolderEntry.listIfAny(catalog.workspace.runs) where !(folder.text?.hasPrefix("training-") ?? false) {
      guard let id = folder.text.flatMap({ Int64($0) }), runs.contains(id), folder.isFolder else {
        add(.runs, [folder])
        continue
      }
      if open.contains(id) { continue }
      let url = catalog.workspace.runs.appendingPathComponent(String(id), isDirectory: true)
      add(.runs, RunFile.entries(in: url).filter { !($0.name.map { recorded.contains("\(id)/\($0)") } ?? false) }.map(\.entry))
    }
  }

  /// Runs that did not end, and those of a workspace that was older when they ended.
  private static let runsWithoutRecord = """
    SELECT id FROM run WHERE ended_ms IS NULL OR event_seq < (
      SELECT min(seq) FROM event WHERE body ->> '$.type' IN ('catalog.created', 'catalog.migrated') AND body ->> '$.schema' >= 2)
    """

  private mutating func addStrays(_ place: Place, in root: URL, but recorded: Set<String>, folders: Set<String>) {
    for folder in FolderEntry.listIfAny(root) {
      guard let name = folder.text, folders.contains(name), folder.isFolder else {
        add(place, [folder])
        continue
      }
      add(place, folder.contents.filter { !($0.text.map { recorded.contains("\(name)/\($0)") } ?? false) })
    }
  }

  private mutating func add(_ place: Place, _ entries: [FolderEntry]) { items += entries.map { (place, $0) } }
}
