import GRDB

/// One execution of an operation.
package struct RunRecord: Sendable, Equatable, Identifiable {
  package let id: RunID
  /// Verb or stage: `ingest`, `train` …
  package let op: String
  package let toolVersion: String
  package let buildSHA256: String
  /// Canonical JSON. Names no input path.
  package let params: String
  package let seed: Int64?
  package let actor: String
  package let host: String
  package let device: String
  package let startedMilliseconds: Int64
  package let endedMilliseconds: Int64?
  package let exit: Int32?
  package let determinism: String

  init(row: Row) {
    id = RunID(rawValue: row["id"])
    op = row["op"]
    toolVersion = row["tool_version"]
    buildSHA256 = row["build_sha256"]
    params = row["params"]
    seed = row["seed"]
    actor = row["actor"]
    host = row["host"]
    device = row["device"]
    startedMilliseconds = row["started_ms"]
    endedMilliseconds = row["ended_ms"]
    exit = row["exit"]
    determinism = row["determinism"]
  }

  /// The part of the row that is known when a run begins, as its event holds it.
  static func began(row: Row) -> CanonicalJSON {
    func text(_ column: String) -> CanonicalJSON { row.text(column).map { .string($0) } ?? .null }
    func integer(_ column: String) -> CanonicalJSON { row.integer(column).map { .whole($0) } ?? .null }
    return .object([
      "actor": text("actor"), "build_sha256": text("build_sha256"), "determinism": text("determinism"), "device": text("device"),
      "host": text("host"), "id": integer("id"), "op": text("op"), "params": text("params"), "seed": integer("seed"),
      "started_ms": integer("started_ms"), "tool_version": text("tool_version"),
    ])
  }

  /// Names what was asked for, not when or by which build: two runs with one fingerprint that record the same row record it once.
  static func fingerprint(op: String, params: String, seed: Int64?) -> ContentDigest {
    ContentDigest(ofText: CanonicalJSON.array([.string(op), .string(params), seed.map { .whole($0) } ?? .null]).text)
  }
}
