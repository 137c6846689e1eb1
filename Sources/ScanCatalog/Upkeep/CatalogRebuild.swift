package import Foundation
import GRDB
import Glibc

/// Makes `catalog.sqlite` anew from an event export, when it is lost or damaged.
///
/// The rows go into a new file, are compared with the events as `audit verify` does it, and take the catalog's place only when all of them agree.
/// Nothing is believed: an export that was changed gives findings, not a catalog.
package struct CatalogRebuild: Sendable {
  package struct Outcome: Sendable {
    package let events: Int
    package let rows: Int
    /// Events that the newest anchor in `anchors/` knows and the export does not: what came after it is lost.
    package let lostEvents: Int64
    /// Name that the catalog which was there got, nil when there was none.
    package let replaced: String?
  }

  /// - Parameters:
  ///   - root: folder of the workspace; `catalog.sqlite` may be missing.
  ///   - replaces: also when the catalog that is there can be read.
  ///   - found: gets what in the export does not agree.
  /// - Returns: nil when there were findings; nothing was replaced then.
  /// - Throws: `CatalogError.notAWorkspace`, `catalogIsThere`, `notAnEventExport`, `newerSchema`, `workspaceBusy` …
  package static func run(
    _ root: URL, from file: URL, replaces: Bool, found: (AuditFinding) -> Void
  ) throws -> Outcome? {
    let workspace = try Workspace.forRebuild(at: root)
    let lock = try WriterLock(workspace, patienceSeconds: 10)
    defer { withExtendedLifetime(lock) {} }
    if !replaces, let catalog = try? Catalog(workspace, mode: .readOnly), (try? catalog.head()) != nil { throw CatalogError.catalogIsThere }
    let temporary = workspace.root.appendingPathComponent("catalog.sqlite.rebuilt")
    func clear() { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(temporary.path + suffix) } }
    clear()
    defer { clear() }
    try DurableFile.write(Data(), to: temporary)
    let kept = Catalog.keptAnchors(of: workspace)
    do {
      let queue = try DatabaseQueue(path: temporary.path, configuration: importing)
      defer { try? queue.close() }
      let rows = try fill(queue, from: file)
      guard let history = try check(queue, kept: kept, found: found) else { return nil }
      try queue.close()
      try DurableFile.sync(temporary)
      let replaced = try setAside(workspace)
      try DurableFile.move(temporary, to: workspace.catalogFile)
      try DurableFile.sync(workspace.root)
      let known = kept.compactMap { $0.anchor?.sequence }.max() ?? 0
      return Outcome(events: history.count, rows: rows, lostEvents: max(0, known - history.lastSequence), replaced: replaced)
    } catch { throw Catalog.explained(error) }
  }

  private static var importing: Configuration {
    var configuration = Configuration()
    // The rows are compared with the events afterwards; SQLite checks the references once, at the end.
    configuration.foreignKeysEnabled = false
    return configuration
  }

  /// Bytes of a line: an event names up to some hundred thousand leaves.
  private static let longestLine = 1 << 28

  /// - Returns: number of rows.
  private static func fill(_ queue: DatabaseQueue, from file: URL) throws -> Int {
    var lines = try TextLines(file, longest: longestLine)
    guard let head = try lines.next().flatMap({ CanonicalJSON(parsing: $0) }), head["type"]?.stringValue == "scanforge.events",
      head["version"]?.integerValue == EventExport.version, let schema = head["schema"]?.integerValue.flatMap({ Int(exactly: $0) }),
      let last = CatalogMigrations.identifiers(upTo: schema).last
    else { throw CatalogError.notAnEventExport(line: 1) }
    guard schema <= CatalogMigrations.version else { throw CatalogError.newerSchema(found: schema, known: CatalogMigrations.version) }
    try CatalogMigrations.migrator.migrate(queue, upTo: last)
    return try queue.write { db in
      let tables = Set(try EventExport.tables(db))
      var statements: [String: Statement] = [:]
      var (rows, number) = (0, 1)
      while let line = try lines.next() {
        number += 1
        let json = CanonicalJSON(parsing: line)
        if json?["type"]?.stringValue == "end" {
          guard json?["rows"]?.integerValue == Int64(rows), try lines.next() == nil else { throw CatalogError.notAnEventExport(line: number) }
          guard try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil else { throw CatalogError.notAnEventExport(line: number) }
          if try ContentIndex.isThere(db) { try ContentIndex.catchUp(db) }
          return rows
        }
        guard let table = json?["table"]?.stringValue, tables.contains(table), let members = json?["row"]?.objectValue?.sorted(by: { $0.key < $1.key })
        else { throw CatalogError.notAnEventExport(line: number) }
        let columns = members.map(\.key)
        let values = members.compactMap { EventExport.value($0.value) }
        let known = Set(try db.columns(in: table).map(\.name))
        guard values.count == columns.count, !columns.isEmpty, known.isSuperset(of: columns) else { throw CatalogError.notAnEventExport(line: number) }
        let key = "\(table) \(columns.joined(separator: ","))"
        if statements[key] == nil {
          let places = columns.map { _ in "?" }.joined(separator: ", ")
          statements[key] = try db.makeStatement(sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))")
        }
        do {
          try statements[key]?.execute(arguments: StatementArguments(values))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT || error.resultCode == .SQLITE_MISMATCH {
          throw CatalogError.notAnEventExport(line: number)
        }
        rows += 1
      }
      // No last line: it was cut.
      throw CatalogError.notAnEventExport(line: number + 1)
    }
  }

  /// Compares rows and events; anchors of the workspace that know more events than the export has are no finding here.
  private static func check(
    _ queue: DatabaseQueue, kept: [(name: String, anchor: Anchor?)], found: (AuditFinding) -> Void
  ) throws -> EventReplay? {
    var count = 0
    let anchors = AnchorCheck(given: nil, fingerprint: nil, kept: kept.filter { $0.anchor?.isGenuine == true })
    let history = try withoutActuallyEscaping(found) { found in
      try queue.read { db in
        var summary = AuditSummary()
        let report = { (finding: AuditFinding) in
          count += 1
          found(finding)
        }
        return try CatalogAudit.verifyRows(
          db, from: .min, anchors, threads: ProcessInfo.processInfo.activeProcessorCount, TableDamage(report: report), &summary, report)
      }
    }
    for finding in anchors.findings(signers: Set(history?.signers.keys.map { $0 } ?? [])) where finding.code == .anchorMismatch {
      count += 1
      found(finding)
    }
    return count == 0 ? history : nil
  }

  /// Moves the catalog that is there out of the way, with its log.
  private static func setAside(_ workspace: Workspace) throws -> String? {
    let path = workspace.catalogFile.path
    var status = stat()
    var name: String?
    if lstat(path, &status) == 0 {
      let free = (1...).lazy.map { "catalog.sqlite.replaced-\($0)" }.first { lstat(workspace.root.appendingPathComponent($0).path, &status) != 0 }
      name = free
      for suffix in ["-wal", "-shm", ""] where lstat(path + suffix, &status) == 0 {
        try DurableFile.move(URL(fileURLWithPath: path + suffix), to: workspace.root.appendingPathComponent((free ?? "") + suffix))
      }
    } else {
      // Without its file a log is of no use, and SQLite would replay it into the new one.
      for suffix in ["-wal", "-shm", "-journal"] { unlink(path + suffix) }
    }
    return name
  }
}
