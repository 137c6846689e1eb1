import GRDB

extension CatalogAudit {
  /// Compares the rows of all tables with the log, table by table: one that cannot be read keeps none of the others from it.
  ///
  /// - Returns: what the log tells; nil when it cannot be read to its end, so that nothing can be compared with it.
  static func verifyRows(
    _ db: Database, from first: Int64, _ anchors: AnchorCheck, threads: Int, _ damage: TableDamage, _ summary: inout AuditSummary,
    _ report: @escaping (AuditFinding) -> Void
  ) throws -> EventReplay? {
    var artifacts = try damage.attempt(reading: "artifact", "derivation", "patient_split", "artifact_content", "content_reach") {
      try ArtifactVerifier(db, from: first, report: report)
    }
    var history = EventReplay()
    let isWhole = try damage.succeeds(reading: "event") {
      try history.read(db, anchors: anchors, threads: threads, report: report) { batch in
        if try !damage.succeeds(reading: "artifact", "derivation", work: { try artifacts?.verify(batch) }) { artifacts = nil }
      }
    }
    summary.events = history.count
    guard isWhole else { return nil }
    _ = try damage.succeeds(reading: "artifact", "derivation", "artifact_content", "content_reach") { try artifacts?.conclude(db, states: history.states) }
    summary.artifacts = artifacts?.artifacts ?? 0
    summary.edges = artifacts?.edges ?? 0
    if try Int.fetchOne(db, sql: "PRAGMA user_version") != history.schema {
      report(AuditFinding(.schemaChanged, "the schema's version is not the one that the events tell of"))
    }
    try verifyRecords(db, history, damage, &summary, report)
    return history
  }

  private static func verifyRecords(
    _ db: Database, _ history: EventReplay, _ damage: TableDamage, _ summary: inout AuditSummary, _ report: @escaping (AuditFinding) -> Void
  ) throws {
    let records = RecordVerifier(history: history, report: report)
    summary.runs = try damage.attempt(reading: "run") { try records.verifyRuns(db) } ?? 0
    summary.patients = try damage.attempt(reading: "patient") { try records.verifyPatients(db) } ?? 0
    try damage.attempt(reading: "patient_split", "split_rule") { try records.verifySplits(db) }
    try damage.attempt(reading: "model_file", "artifact") { try records.verifyModelRows(db) }
    try damage.attempt(reading: "stage") { try records.verifyStages(db) }
    guard history.schema >= 2 else { return }
    try damage.attempt(reading: "signing_key") { try records.verifySigningKeys(db) }
    try damage.attempt(reading: "run_file") { try records.verifyRunFiles(db) }
    guard history.schema >= 3 else { return }
    try damage.attempt(reading: "dataset_patient", "dataset_terms", "artifact", "derivation") { try CollectionSummary.verify(db, report: report) }
    try damage.attempt(reading: "memorization_check", "artifact") { try MemorizationVerifier.verify(history, db, report: report) }
    guard history.schema >= Migration0005Shard.version else { return }
    try damage.attempt(reading: "shard_run", "shard") { try records.verifyShards(db) }
  }
}
