import Foundation
import Glibc
import GRDB

/// `audit verify`: every byte, row, edge and event of a workspace against the hash-chained log.
///
/// What is bound to what: an event to the one before it by its hash; artifact rows to events by Merkle roots of their leaves; edges
/// to their child's leaf; patients, runs, splits, publications and stages to events by their content; objects to rows by SHA-256. So
/// a change of anything but the whole log and all rows together is found here; that last one only an anchor kept elsewhere shows.
///
/// Memory grows with the patients, runs and publications, not with artifacts, edges, events or objects.
package struct CatalogAudit: Sendable {
  package let catalog: Catalog
  package let threads: Int
  package let request: AuditRequest

  package init(_ catalog: Catalog, threads: Int = ProcessInfo.processInfo.activeProcessorCount, request: AuditRequest = AuditRequest()) {
    self.catalog = catalog
    self.threads = threads
    self.request = request
  }

  /// - Parameters:
  ///   - progress: called from any thread with the bytes of each object that was hashed.
  ///   - found: called for each finding, in a fixed order.
  /// - Throws: `CatalogError.unreadable` when nothing of the file can be read: that is no finding but the end of the audit. A table with damaged
  ///   pages is a finding, and the others are gone on with. `AnchorError.none` when `sinceAnchor` is asked for and there is no anchor.
  package func verify(
    progress: @escaping @Sendable (_ bytes: Int64) -> Void = { _ in }, found: (AuditFinding) -> Void
  ) throws -> AuditSummary {
    // Before the log: a run that ends meanwhile would leave an anchor that the rows read here do not know.
    let kept = catalog.keptAnchors()
    let anchors = AnchorCheck(given: request.anchor, fingerprint: request.fingerprint, kept: kept)
    var summary = AuditSummary()
    try withoutActuallyEscaping(found) { found in
      let tally = Tally(found)
      let damage = TableDamage(report: tally.report)
      var compared: (history: EventReplay?, first: Int64)?
      do {
        try catalog.read { db in
          try verifyFile(db, damage, tally.report)
          let isOurs = try verifySchema(db, tally.report)
          // Pages of another file, such as another catalog's log: nothing in it can be told from what was ours.
          if !isOurs, !damage.isEmpty { throw CatalogError.unreadable(reason: "the file is damaged") }
          do {
            let first = try firstArtifact(db, kept)
            compared = (try Self.verifyRows(db, from: first, anchors, threads: threads, damage, &summary, tally.report), first)
          } catch let error as DatabaseError where !isOurs && error.resultCode == .SQLITE_ERROR {
            // The changed schema is already reported; its rows cannot be read as ours.
            compared = (nil, .min)
          }
        }
      } catch CatalogError.unreadable(let reason) {
        // Once SQLite has met a damaged page, it ends even a transaction that only read with that error.
        if damage.isEmpty || compared == nil {
          anchors.unreadable.forEach(tally.report)
          throw CatalogError.unreadable(reason: reason)
        }
      }
      let (history, first) = compared ?? (nil, .min)
      if !damage.isEmpty {
        summary.notChecked["tables.damaged"] = "what the damaged pages of \(damage.names) held, and what refers to it"
      }
      anchors.findings(signers: Set(history?.signers.keys.map { $0 } ?? [])).forEach(tally.report)
      tell(of: anchors, first: first, in: &summary)
      // Objects are compared with the rows alone; where the schema is not ours, there may be none.
      if history != nil || !damage.isEmpty { try verifyObjects(first, damage, &summary, progress, tally.report) }
      if let history { try verifyFolders(history, damage, &summary, tally.report) }
      summary.findings = tally.count
    }
    summary.ok = summary.findings == 0
    return summary
  }

  private func verifyObjects(
    _ first: Int64, _ damage: TableDamage, _ summary: inout AuditSummary, _ progress: @escaping @Sendable (_ bytes: Int64) -> Void,
    _ report: (AuditFinding) -> Void
  ) throws {
    let isQuiet = isQuiet()
    if !isQuiet { summary.notChecked["object.unrecorded"] = "unrecorded objects: another scanforge is writing" }
    if !damage.isEmpty { summary.notChecked["object.unrecorded"] = "unrecorded objects: rows cannot be read" }
    let objects = try ObjectVerifier(
      catalog: catalog, threads: threads, checksUnrecorded: isQuiet && damage.isEmpty, first: first, share: request.sample ?? 1, progress: progress
    ).verify(report: report)
    if objects.unreadFolders > 0 {
      damage.tellAll(["artifact", "artifact_content", "content_reach"])
      summary.notChecked["object.folders"] = "\(objects.unreadFolders) of 256 folders of objects, for want of their rows"
    }
    summary.objects = objects.checked
    summary.bytes = objects.bytes
    tell(of: objects, in: &summary)
  }

  private func verifyFolders(
    _ history: EventReplay, _ damage: TableDamage, _ summary: inout AuditSummary, _ report: @escaping (AuditFinding) -> Void
  ) throws {
    KeyFolderVerifier(catalog: catalog, history: history, report: report).verify()
    summary.modelFiles =
      try damage.attempt(reading: "model_file", "artifact") {
        try ModelFolderVerifier(catalog: catalog, history: history, report: report).verify()
      } ?? 0
    summary.runFiles =
      try damage.attempt(reading: "run_file") {
        try RunFolderVerifier(catalog: catalog, history: history, isQuiet: isQuiet(), report: report).verify(&summary)
      } ?? 0
  }

  /// Where `--since-anchor` lets the rows begin: after those of the anchor, if the log agrees with it.
  private func firstArtifact(_ db: Database, _ kept: [(name: String, anchor: Anchor?)]) throws -> Int64 {
    guard request.sinceAnchor else { return .min }
    guard let anchor = request.anchor.map({ $0.anchor }) ?? kept.last(where: { $0.anchor?.isGenuine == true })?.anchor else {
      if request.anchor != nil { return .min }
      throw AnchorError.none
    }
    let hash = try Row.fetchOne(db, sql: "SELECT hash FROM event WHERE seq = ?", arguments: [anchor.sequence])?.digest(0)
    guard anchor.isGenuine, hash == anchor.head, anchor.artifacts >= 0, anchor.artifacts < .max else { return .min }
    return anchor.artifacts + 1
  }

  private func tell(of anchors: AnchorCheck, first: Int64, in summary: inout AuditSummary) {
    if let anchor = request.anchor?.anchor {
      summary.anchor = anchor
    } else {
      summary.notChecked["history.rewritten"] = "whether the whole history was rewritten: that needs an anchor kept elsewhere"
      summary.notChecked["history.rolledBack"] = "whether the workspace was set back to an earlier state: that needs an anchor kept elsewhere"
    }
    if first > .min {
      summary.notChecked["artifacts.beforeAnchor"] =
        "rows, edges and bytes of artifacts 1 to \(first - 1): they were recorded before the anchor (events, patients, runs and splits are all checked)"
    }
  }

  private func tell(of objects: ObjectVerifier.Result, in summary: inout AuditSummary) {
    guard let share = request.sample else { return }
    summary.sample = AuditSample(share: share, checked: objects.checked, of: objects.checked + objects.leftOut)
    summary.notChecked["object.bytes"] = "the bytes of \(objects.leftOut) objects outside the sample"
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

  /// The B-trees themselves.
  private func verifyFile(_ db: Database, _ damage: TableDamage, _ report: (AuditFinding) -> Void) throws {
    let size = (try? FileManager.default.attributesOfItem(atPath: catalog.workspace.catalogFile.path)[.size] as? Int) ?? 0
    let check = size <= Self.everydayBytes ? "integrity_check" : "quick_check"
    // Nor are their constraints asked: JSON and GLOB for each row cost more than all else, and a changed value disagrees with the log.
    try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
    defer { try? db.execute(sql: "PRAGMA ignore_check_constraints = OFF") }
    let lines: [String]
    do {
      lines = try String.fetchAll(db, sql: "PRAGMA \(check)")
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      return try damage.search(db)
    }
    if lines.contains(where: FileComplaint.isOfPages) { return try damage.search(db) }
    if lines.contains(where: FileComplaint.isOfIndex) { report(AuditFinding(.schemaChanged, "an index does not agree with its table")) }
  }

  /// - Returns: true when tables, indexes, triggers and their versions are those that the migrations make.
  private func verifySchema(_ db: Database, _ report: (AuditFinding) -> Void) throws -> Bool {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let known = (1...CatalogMigrations.version).contains(version) ? version : CatalogMigrations.version
    let expected = try CatalogMigrations.expectedSchema(version: known)
    let actual = try CatalogMigrations.schema(db)
    var isOurs = true
    for name in Set(expected.keys).union(actual.keys).sorted() where expected[name] != actual[name] {
      isOurs = false
      let change = actual[name] == nil ? "is gone" : expected[name] == nil ? "was added" : "was changed"
      report(AuditFinding(.schemaChanged, expected[name] == nil ? "something in the schema \(change)" : "\(name) \(change)"))
    }
    let migrations = (try? String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")) ?? []
    if version != known || migrations != CatalogMigrations.identifiers(upTo: known) {
      isOurs = false
      report(AuditFinding(.schemaChanged, "the schema's version was changed"))
    }
    return isOurs
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
