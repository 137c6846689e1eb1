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
  /// - Throws: `CatalogError.unreadable` when the file is damaged: that is no finding but the end of the audit. `AnchorError.none` when
  ///   `sinceAnchor` is asked for and there is no anchor.
  package func verify(
    progress: @escaping @Sendable (_ bytes: Int64) -> Void = { _ in }, found: (AuditFinding) -> Void
  ) throws -> AuditSummary {
    // Before the log: a run that ends meanwhile would leave an anchor that the rows read here do not know.
    let kept = catalog.keptAnchors()
    let anchors = AnchorCheck(given: request.anchor, fingerprint: request.fingerprint, kept: kept)
    var summary = AuditSummary()
    try withoutActuallyEscaping(found) { found in
      let tally = Tally(found)
      var history: EventReplay?
      var first = Int64.min
      do {
        (history, first) = try catalog.read { db in
          try verifyFile(db, tally.report)
          let isOurs = try verifySchema(db, tally.report)
          do {
            let first = try firstArtifact(db, kept)
            return (try Self.verifyRows(db, from: first, anchors, threads: threads, &summary, tally.report), first)
          } catch let error as DatabaseError where !isOurs && error.resultCode == .SQLITE_ERROR {
            // The changed schema is already reported; its rows cannot be read as ours.
            return (nil, .min)
          }
        }
      } catch CatalogError.unreadable(let reason) {
        anchors.unreadable.forEach(tally.report)
        throw CatalogError.unreadable(reason: reason)
      }
      anchors.findings(signers: Set(history?.signers.keys.map { $0 } ?? [])).forEach(tally.report)
      tell(of: anchors, first: first, in: &summary)
      if let history {
        verifySigningKey(history, tally.report)
        let isQuiet = isQuiet()
        if !isQuiet { summary.notChecked["object.unrecorded"] = "unrecorded objects: another scanforge is writing" }
        let objects = try ObjectVerifier(
          catalog: catalog, threads: threads, checksUnrecorded: isQuiet, first: first, share: request.sample ?? 1, progress: progress
        ).verify(report: tally.report)
        summary.objects = objects.checked
        summary.bytes = objects.bytes
        tell(of: objects, in: &summary)
        summary.modelFiles = try ModelFolderVerifier(catalog: catalog, history: history, report: tally.report).verify()
        summary.runFiles = try RunFolderVerifier(catalog: catalog, history: history, isQuiet: isQuiet, report: tally.report).verify(&summary)
      }
      summary.findings = tally.count
    }
    summary.ok = summary.findings == 0
    return summary
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

  /// The B-trees themselves. Complaints about a row's values are left to the checks of rows, which name the row.
  private func verifyFile(_ db: Database, _ report: (AuditFinding) -> Void) throws {
    let size = (try? FileManager.default.attributesOfItem(atPath: catalog.workspace.catalogFile.path)[.size] as? Int) ?? 0
    let check = size <= Self.everydayBytes ? "integrity_check" : "quick_check"
    let indexes = ["row ", "wrong # of entries", "non-unique entry"]
    let values = ["CHECK constraint failed", "NULL value in", "non-", "NUMERIC value in", "TEXT value in"]
    var isIndexReported = false
    // Nor are their constraints asked: JSON and GLOB for each row cost more than all else, and a changed value disagrees with the log.
    try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
    defer { try? db.execute(sql: "PRAGMA ignore_check_constraints = OFF") }
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

  /// Compares the rows of all tables with the log.
  static func verifyRows(
    _ db: Database, from first: Int64, _ anchors: AnchorCheck, threads: Int, _ summary: inout AuditSummary,
    _ report: @escaping (AuditFinding) -> Void
  ) throws -> EventReplay {
    let artifacts = try ArtifactVerifier(db, from: first, report: report)
    var history = EventReplay()
    try history.read(db, anchors: anchors, threads: threads, report: report, recorded: artifacts.verify)
    try artifacts.conclude(db, states: history.states)
    summary.events = history.count
    summary.artifacts = artifacts.artifacts
    summary.edges = artifacts.edges
    if try Int.fetchOne(db, sql: "PRAGMA user_version") != history.schema {
      report(AuditFinding(.schemaChanged, "the schema's version is not the one that the events tell of"))
    }
    let records = RecordVerifier(history: history, report: report)
    summary.runs = try records.verifyRuns(db)
    summary.patients = try records.verifyPatients(db)
    try records.verifySplits(db)
    try records.verifyModelRows(db)
    try records.verifyStages(db)
    guard history.schema >= 2 else { return history }
    try records.verifySigningKeys(db)
    try records.verifyRunFiles(db)
    guard history.schema >= 3 else { return history }
    try CollectionSummary.verify(db, report: report)
    try MemorizationVerifier.verify(history, db, report: report)
    guard history.schema >= Migration0005Shard.version else { return history }
    try records.verifyShards(db)
    return history
  }

  /// A key in `keys/` that was put in place of the recorded one. A copy of the workspace may have none.
  private func verifySigningKey(_ history: EventReplay, _ report: (AuditFinding) -> Void) {
    guard history.schema >= 2, let key = try? SigningKey.load(catalog.workspace), history.signers[key.signer] == nil else { return }
    report(AuditFinding(.keyRowChanged, "the signing key in keys is not one that was recorded", path: "keys/signing.key"))
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
