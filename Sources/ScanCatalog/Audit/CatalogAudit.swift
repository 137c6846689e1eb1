import Foundation
import Glibc
import GRDB

/// `audit verify`: every byte, row, edge and event of a workspace against the hash-chained log.
///
/// What is bound to what: an event to the one before it by its hash; artifact rows to events by Merkle roots of their leaves; edges
/// to their child's leaf; patients, runs, splits, publications and stages to events by their content; objects to rows by SHA-256. So
/// a change of anything but the whole log and all rows together is found here; that last one only an anchor kept elsewhere shows.
package struct CatalogAudit: Sendable {
  package let catalog: Catalog
  package let threads: Int

  package init(_ catalog: Catalog, threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
    self.catalog = catalog
    self.threads = threads
  }

  /// - Parameters:
  ///   - progress: called from any thread with the bytes of each object that was hashed.
  ///   - found: called for each finding, in a fixed order.
  /// - Throws: `CatalogError.unreadable` when the file is damaged: that is no finding but the end of the audit.
  package func verify(
    progress: @escaping @Sendable (_ bytes: Int64) -> Void = { _ in }, found: (AuditFinding) -> Void
  ) throws -> AuditSummary {
    var summary = AuditSummary()
    summary.notChecked = [
      "history.rewritten": "whether the whole history was rewritten: that needs an anchor kept elsewhere",
      "history.rolledBack": "whether the workspace was set back to an earlier state: that needs an anchor kept elsewhere",
    ]
    try withoutActuallyEscaping(found) { found in
      let tally = Tally(found)
      let history = try catalog.read { db -> EventReplay? in
        try verifyFile(db, tally.report)
        let isOurs = try verifySchema(db, tally.report)
        do {
          return try verifyRows(db, &summary, tally.report)
        } catch let error as DatabaseError where !isOurs && error.resultCode == .SQLITE_ERROR {
          // The changed schema is already reported; its rows cannot be read as ours.
          return nil
        }
      }
      if let history {
        let isQuiet = isQuiet()
        if !isQuiet { summary.notChecked["object.unrecorded"] = "unrecorded objects: another scanforge is writing" }
        let objects = try ObjectVerifier(catalog: catalog, threads: threads, checksUnrecorded: isQuiet, progress: progress).verify()
        objects.findings.forEach(tally.report)
        summary.objects = objects.objects
        summary.bytes = objects.bytes
        summary.modelFiles = try ModelFolderVerifier(catalog: catalog, history: history, report: tally.report).verify()
      }
      summary.findings = tally.count
    }
    summary.ok = summary.findings == 0
    return summary
  }

  private final class Tally {
    private let found: (AuditFinding) -> Void
    private(set) var count = 0
    init(_ found: @escaping (AuditFinding) -> Void) { self.found = found }
    func report(_ finding: AuditFinding) {
      count += 1
      found(finding)
    }
  }

  /// Largest catalog whose indexes are compared with their tables each time: 64 MiB take a few seconds, 5 GB took six minutes.
  private static let everydayBytes = 64 << 20

  /// The B-trees themselves. Complaints about a row's values are left to the checks of rows, which name the row.
  private func verifyFile(_ db: Database, _ report: (AuditFinding) -> Void) throws {
    let size = (try? FileManager.default.attributesOfItem(atPath: catalog.workspace.catalogFile.path)[.size] as? Int) ?? 0
    let check = size <= Self.everydayBytes ? "integrity_check" : "quick_check"
    let indexes = ["row ", "wrong # of entries", "non-unique entry"]
    let values = ["CHECK constraint failed", "NULL value in", "non-", "NUMERIC value in", "TEXT value in"]
    var isIndexReported = false
    for line in try String.fetchAll(db, sql: "PRAGMA \(check)") where line != "ok" {
      if indexes.contains(where: line.hasPrefix) {
        if !isIndexReported { report(AuditFinding(.schemaChanged, "an index does not agree with its table")) }
        isIndexReported = true
      } else if !values.contains(where: line.hasPrefix) {
        throw CatalogError.unreadable(reason: "the file is damaged")
      }
    }
  }

  /// - Returns: true when tables, indexes, triggers and their versions are those that the migrations make.
  private func verifySchema(_ db: Database, _ report: (AuditFinding) -> Void) throws -> Bool {
    let expected = try CatalogMigrations.expectedSchema()
    let actual = try CatalogMigrations.schema(db)
    var isOurs = true
    for name in Set(expected.keys).union(actual.keys).sorted() where expected[name] != actual[name] {
      isOurs = false
      let change = actual[name] == nil ? "is gone" : expected[name] == nil ? "was added" : "was changed"
      report(AuditFinding(.schemaChanged, expected[name] == nil ? "something in the schema \(change)" : "\(name) \(change)"))
    }
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version")
    let migrations = (try? String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")) ?? []
    if version != CatalogMigrations.version || migrations != CatalogMigrations.identifiers {
      isOurs = false
      report(AuditFinding(.schemaChanged, "the schema's version was changed"))
    }
    return isOurs
  }

  private func verifyRows(_ db: Database, _ summary: inout AuditSummary, _ report: @escaping (AuditFinding) -> Void) throws -> EventReplay {
    var history = EventReplay()
    try history.read(db, report: report)
    summary.events = history.count
    let records = RecordVerifier(history: history, report: report)
    summary.runs = try records.verifyRuns(db)
    summary.patients = try records.verifyPatients(db)
    try records.verifySplits(db)
    try records.verifyModelRows(db)
    try records.verifyStages(db)
    try CollectionSummary.verify(db, report: report)
    try MemorizationVerifier.verify(history, db, report: report)
    var artifacts = ArtifactVerifier(history: history, report: report)
    try artifacts.verify(db)
    summary.artifacts = artifacts.artifacts
    summary.edges = artifacts.edges
    return history
  }

  /// True when no other writer holds the workspace.
  private func isQuiet() -> Bool {
    if catalog.mode == .readWrite { return true }
    let descriptor = open(catalog.workspace.lockFile.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0
  }
}
