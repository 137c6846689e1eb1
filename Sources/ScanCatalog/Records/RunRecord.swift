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
    .object([
      "actor": .string(row["actor"]), "build_sha256": .string(row["build_sha256"]), "determinism": .string(row["determinism"]),
      "device": .string(row["device"]), "host": .string(row["host"]), "id": .integer(row["id"]), "op": .string(row["op"]),
      "params": .string(row["params"]), "seed": (row["seed"] as Int64?).map { .whole($0) } ?? .null, "started_ms": .integer(row["started_ms"]),
      "tool_version": .string(row["tool_version"]),
    ])
  }

  /// Names what was asked for, not when or by which build: two runs with one fingerprint that record the same row record it once.
  static func fingerprint(op: String, params: String, seed: Int64?) -> ContentDigest {
    ContentDigest(ofText: CanonicalJSON.array([.string(op), .string(params), seed.map { .whole($0) } ?? .null]).text)
  }
}
