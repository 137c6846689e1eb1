package import Foundation
import GRDB

/// A run in progress: what records artifacts, splits and models under its name.
package final class RunHandle: Sendable {
  package let id: RunID
  package let catalog: Catalog
  /// Names the request: op, parameters and seed (see `RunRecord.fingerprint`).
  let request: ContentDigest

  init(id: RunID, catalog: Catalog, request: ContentDigest) {
    self.id = id
    self.catalog = catalog
    self.request = request
  }

  /// `runs/<id>/`, for logs and pictures that are not artifacts.
  package func folder() throws -> URL { try catalog.workspace.run(id) }

  /// Says that the run is over, records the files in its folder, and signs the head of the log (`anchors/`). A run that was cut off keeps
  /// `ended_ms` and `exit` NULL.
  ///
  /// - Parameters:
  ///   - exit: the program's exit code for this work.
  ///   - ended: milliseconds since 1970; nil for now.
  package func finish(exit: Int32 = 0, ended: Int64? = nil) throws {
    let files = try RunFile.present(in: catalog.workspace.runs.appendingPathComponent(id.description, isDirectory: true), of: id.rawValue)
    let ended = ended ?? catalog.clock()
    try catalog.write { db in
      try RunFile.record(files, of: id.rawValue, db)
      try EventLog.append(.runEnded(run: id.rawValue, endedMilliseconds: ended, exit: Int64(exit)), db)
      try db.execute(sql: "UPDATE run SET ended_ms = ?, exit = ? WHERE id = ?", arguments: [ended, exit, id.rawValue])
      try ContentIndex.catchUp(db)
    }
    try catalog.keepAnchor()
  }
}

extension Catalog {
  /// Opens a run.
  ///
  /// - Parameters:
  ///   - op: verb or stage.
  ///   - parameters: every option that bears on the result; never an input path, which may name a patient.
  ///   - seed: nil when nothing random was used.
  ///   - device: `cpu`, `cuda:NVIDIA …`.
  package func beginRun(
    op: String, parameters: CanonicalJSON, seed: Int64? = nil, device: String = "cpu", determinism: Determinism = .bitwise,
    identity: ToolIdentity = .current
  ) throws -> RunHandle {
    try beginRun(op: op, parameters: parameters, seed: seed, device: device, determinism: determinism, identity: identity, started: nil) { _, _ in }
  }

  /// - Parameters:
  ///   - started: milliseconds since 1970; nil for now.
  ///   - also: gets the new run's id in the same transaction.
  func beginRun(
    op: String, parameters: CanonicalJSON, seed: Int64?, device: String = "cpu", determinism: Determinism, identity: ToolIdentity, started: Int64?,
    also: (Database, Int64) throws -> Void
  ) throws -> RunHandle {
    let params = parameters.text
    let started = started ?? clock()
    let id = try write { db in
      let id = try (Int64.fetchOne(db, sql: "SELECT max(id) FROM run") ?? 0) + 1
      let event = try EventLog.nextSequence(db)
      let row: Row = [
        "id": id, "op": op, "tool_version": identity.version, "build_sha256": identity.buildSHA256, "params": params, "seed": seed,
        "actor": identity.actor, "host": identity.host, "device": device, "started_ms": started, "determinism": determinism.rawValue,
      ]
      try EventLog.append(.runBegan(RunRecord.began(row: row)), db)
      try db.execute(
        sql: """
          INSERT INTO run (id, op, tool_version, build_sha256, params, seed, actor, host, device, started_ms, determinism, event_seq)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, op, identity.version, identity.buildSHA256, params, seed, identity.actor, identity.host, device, started, determinism.rawValue, event,
        ])
      try also(db, id)
      return id
    }
    return RunHandle(id: RunID(rawValue: id), catalog: self, request: RunRecord.fingerprint(op: op, params: params, seed: seed))
  }

  /// All runs, oldest first.
  package func runs() throws -> [RunRecord] {
    try read { try Row.fetchAll($0, sql: "SELECT * FROM run ORDER BY id").map(RunRecord.init(row:)) }
  }
}
