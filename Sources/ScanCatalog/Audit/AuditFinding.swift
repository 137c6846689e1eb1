/// Something that `audit verify` found wrong.
package struct AuditFinding: Sendable, Equatable {
  /// Public codes (docs/cli.md). Those after `catalogUnreadable` extend the list for tables that it does not name.
  package enum Code: String, Sendable, CaseIterable {
    case objectModified = "object.modified"
    case objectMissing = "object.missing"
    case objectUnrecorded = "object.unrecorded"
    case objectSymlink = "object.symlink"
    case artifactRowChanged = "artifact.row_changed"
    case artifactRowMissing = "artifact.row_missing"
    case lineageChanged = "lineage.changed"
    case eventGap = "event.gap"
    case eventChanged = "event.changed"
    case schemaChanged = "schema.changed"
    case anchorMismatch = "anchor.mismatch"
    case anchorRollback = "anchor.rollback"
    case catalogUnreadable = "catalog.unreadable"
    case objectUnreadable = "object.unreadable"
    case artifactRowUnrecorded = "artifact.row_unrecorded"
    case patientRowChanged = "patient.row_changed"
    case patientRowMissing = "patient.row_missing"
    case runRowChanged = "run.row_changed"
    case runRowMissing = "run.row_missing"
    case splitChanged = "split.changed"
    case modelRowChanged = "model.row_changed"
    case stageRowChanged = "stage.row_changed"
    case keyRowChanged = "key.row_changed"
    case runFileRowChanged = "run_file.row_changed"
    case summaryChanged = "summary.changed"
    case memorizationChanged = "memorization.changed"
    case shardRowChanged = "shard.row_changed"
  }

  package let code: Code
  /// One sentence: what is wrong.
  package let what: String
  /// `artifact.id`
  package var artifact: Int64?
  /// `event.seq`
  package var event: Int64?
  /// SHA-256 that the catalog expects, hexadecimal.
  package var sha256: String?
  /// Below the workspace; only names that ScanForge itself gives.
  package var path: String?
  /// Of the catalog.
  package var table: String?

  package init(
    _ code: Code, _ what: String, artifact: Int64? = nil, event: Int64? = nil, sha256: String? = nil, path: String? = nil, table: String? = nil
  ) {
    self.code = code
    self.what = what
    self.artifact = artifact
    self.event = event
    self.sha256 = sha256
    self.path = path
    self.table = table
  }

  /// `{"finding": code, "what": …}` and the places that are known.
  package var json: CanonicalJSON {
    var members: [String: CanonicalJSON] = ["finding": .string(code.rawValue), "what": .string(what)]
    if let artifact { members["artifact"] = .whole(artifact) }
    if let event { members["event"] = .whole(event) }
    if let sha256 { members["sha256"] = .string(sha256) }
    if let path { members["path"] = .string(path) }
    if let table { members["table"] = .string(table) }
    return .object(members)
  }
}

/// What a verification looked at.
package struct AuditSummary: Sendable, Equatable {
  package var ok = true
  package var findings = 0
  package var events = 0
  package var artifacts = 0
  package var edges = 0
  package var patients = 0
  package var runs = 0
  package var objects = 0
  package var modelFiles = 0
  package var runFiles = 0
  /// Bytes of objects that were hashed.
  package var bytes: Int64 = 0
  /// What could not be checked, as codes with a sentence each.
  package var notChecked: [String: String] = [:]
  /// The anchor that was given.
  package var anchor: Anchor?
  package var sample: AuditSample?

  package init() {}

  /// The last line of `audit verify --json`.
  package var json: CanonicalJSON {
    var members: [String: CanonicalJSON] = [
      "counts": .object([
        "artifacts": .integer(Int64(artifacts)), "bytes": .integer(bytes), "edges": .integer(Int64(edges)), "events": .integer(Int64(events)),
        "findings": .integer(Int64(findings)), "modelFiles": .integer(Int64(modelFiles)), "objects": .integer(Int64(objects)),
        "patients": .integer(Int64(patients)), "runFiles": .integer(Int64(runFiles)), "runs": .integer(Int64(runs)),
      ]),
      "notChecked": .array(
        notChecked.sorted { $0.key < $1.key }.map { .object(["code": .string($0.key), "what": .string($0.value)]) }), "ok": .bool(ok),
    ]
    if let anchor {
      members["anchor"] = .object([
        "fingerprint": .string(anchor.signer.fingerprint), "head": .string(anchor.head.hex), "seq": .integer(anchor.sequence),
        "time_ms": .integer(anchor.timeMilliseconds),
      ])
    }
    if let sample { members["sample"] = sample.json }
    return .object(members)
  }
}
