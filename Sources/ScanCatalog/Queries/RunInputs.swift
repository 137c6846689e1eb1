import GRDB

extension Catalog {
  /// A hash of what a run did, equal in any workspace that did the same: op, parameters, seed, program version and the contents that
  /// its artifacts were made from.
  package func activityDigest(of run: RunID) throws -> ContentDigest {
    try read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT op, params, seed, tool_version FROM run WHERE id = ?", arguments: [run.rawValue]) else {
        throw CatalogError.unknownArtifact("run \(run)")
      }
      let inputs = try String.fetchAll(db, sql: RunInputs.sql, arguments: [run.rawValue, run.rawValue]).compactMap { ContentDigest(hex: $0) }
      let activity = CanonicalJSON.object([
        "inputs": .string(MerkleTree(inputs).root.hex), "op": .string(row["op"]), "params": .string(row["params"]),
        "seed": (row["seed"] as Int64?).map { .whole($0) } ?? .null, "version": .string(row["tool_version"]),
      ])
      return ContentDigest(ofText: activity.text)
    }
  }
}

package enum RunInputs {
  /// Contents that a run (given twice) used and did not make, each once, sorted.
  package static let sql = """
    SELECT DISTINCT p.sha256 FROM artifact a CROSS JOIN derivation d ON d.child = a.id CROSS JOIN artifact p ON p.id = d.parent
    WHERE a.run_id = ? AND p.run_id != ? AND p.sha256 IS NOT NULL ORDER BY p.sha256
    """
}
