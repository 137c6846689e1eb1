import Foundation
import GRDB
import ScanDeid

/// What the catalog knows of shards.
extension Catalog {
  /// The shards of a work that are in, by number.
  func admittedShards(of job: String) throws -> [AdmittedShard] {
    try read { db in
      let sql = "SELECT event.body FROM shard JOIN event ON event.seq = shard.event_seq WHERE shard.job = ? ORDER BY shard.number"
      return try String.fetchAll(db, sql: sql, arguments: [job]).map { body in
        guard case .shardAdmitted(let shard)? = CatalogEvent(body: body) else {
          throw CatalogError.unreadable(reason: "the event of a shard is not one that scanforge writes")
        }
        return shard
      }
    }
  }

  /// Says that shards are in, in one transaction.
  func markAdmitted(_ shards: [(keyUses: [KeyUse], shard: AdmittedShard)]) throws {
    try write { db in
      for (keyUses, shard) in shards {
        for use in keyUses { try EventLog.append(.keyUsed(use), db) }
        let sequence = try EventLog.append(.shardAdmitted(shard), db)
        try db.execute(
          sql: "INSERT INTO shard (job, number, count, content, event_seq) VALUES (?, ?, ?, ?, ?)",
          arguments: [shard.job, shard.shard.number, shard.shard.count, shard.content, sequence])
      }
    }
  }

  /// The run that holds what the shards of a work did at `position`.
  func shardRun(of job: String, at position: Int) throws -> RunID? {
    try read { db in
      try Int64.fetchOne(db, sql: "SELECT run_id FROM shard_run WHERE job = ? AND position = ?", arguments: [job, position]).map(RunID.init(rawValue:))
    }
  }

  func isOpen(_ run: RunID) throws -> Bool {
    try read { try Bool.fetchOne($0, sql: "SELECT ended_ms IS NULL FROM run WHERE id = ?", arguments: [run.rawValue]) ?? false }
  }

  /// The rows that `leaves` bind, as far as there are any.
  func parents(_ leaves: Set<ContentDigest>) throws -> [ContentDigest: (id: ArtifactID, state: ArtifactState)] {
    try read { db in
      try ArtifactLeaf.rows(with: leaves, db).compactMapValues { row in
        ArtifactState(rawValue: row.state).map { (ArtifactID(rawValue: row.id), $0) }
      }
    }
  }

  /// The part that a patient is in.
  func split(of patient: Pseudonym) throws -> Split? {
    try read { db in
      let sql = "SELECT split FROM patient_split WHERE patient_id = (SELECT id FROM patient WHERE pseudonym = ?)"
      return try String.fetchOne(db, sql: sql, arguments: [patient.text]).flatMap { Split(rawValue: $0) }
    }
  }

  /// Whether a withdrawal of a patient has begun.
  func isWithdrawn(_ patient: Pseudonym) throws -> Bool {
    try read { try String.fetchOne($0, sql: "SELECT state FROM patient WHERE pseudonym = ?", arguments: [patient.text]) == "withdrawn" }
  }
}
