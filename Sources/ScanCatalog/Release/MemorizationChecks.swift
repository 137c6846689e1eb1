import Foundation
import GRDB

/// What `audit leaks` found about one generated image.
package struct MemorizationCheck: Sendable, Equatable {
  package let artifact: ArtifactID
  /// To the nearest training image; smaller is nearer. Without unit, of the measure that the run's parameters name.
  package let distance: Double
  /// The same of real images that no model saw: the smallest of them.
  package let baseline: Double
  /// Share of held-out real images that lie at least as near to a training image: near 0 for a copy.
  package let score: Double
  package let isFlagged: Bool

  package init(artifact: ArtifactID, distance: Double, baseline: Double, score: Double, isFlagged: Bool) {
    self.artifact = artifact
    self.distance = distance
    self.baseline = baseline
    self.score = score
    self.isFlagged = isFlagged
  }

  /// Binds the row to its event: SHA-256(leaf || canonical figures).
  static func digest(leaf: ContentDigest, distance: Double, baseline: Double, score: Double, flagged: Int64) -> ContentDigest {
    let figures = CanonicalJSON.array([.number(distance), .number(baseline), .number(score), .integer(flagged)])
    return ContentDigest(of: leaf.bytes, Array(figures.text.utf8))
  }
}

extension RunHandle {
  /// Records what was found, with one event over all of it.
  package func record(_ checks: [MemorizationCheck]) throws {
    guard !checks.isEmpty else { return }
    let checks = checks.sorted { $0.artifact < $1.artifact }
    try catalog.write { db in
      var tree = MerkleTree()
      for check in checks {
        let leaf = try Data.fetchOne(db.cachedStatement(sql: "SELECT leaf FROM artifact WHERE id = ?"), arguments: [check.artifact.rawValue])
        guard let leaf = leaf.flatMap({ ContentDigest(bytes: $0) }) else { throw CatalogError.unknownArtifact("artifact \(check.artifact)") }
        tree.append(
          MemorizationCheck.digest(
            leaf: leaf, distance: check.distance, baseline: check.baseline, score: check.score, flagged: check.isFlagged ? 1 : 0))
      }
      let sequence = try EventLog.append(.memorizationChecked(run: id.rawValue, count: Int64(checks.count), root: tree.root), db)
      let insert = try db.cachedStatement(
        sql: "INSERT INTO memorization_check (artifact, event_seq, distance, baseline, score, flagged) VALUES (?, ?, ?, ?, ?, ?)")
      for check in checks {
        try insert.execute(arguments: [check.artifact.rawValue, sequence, check.distance, check.baseline, check.score, check.isFlagged])
      }
    }
  }
}

extension Catalog {
  /// The last check of each artifact that has one.
  package func memorizationChecks(of ids: [ArtifactID]) throws -> [ArtifactID: MemorizationCheck] {
    let list = CanonicalJSON.array(ids.map { .integer($0.rawValue) }).text
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT m.* FROM json_each(?) i CROSS JOIN memorization_check m ON m.artifact = i.value
          WHERE m.event_seq = (SELECT max(event_seq) FROM memorization_check WHERE artifact = m.artifact)
          """, arguments: [list])
    }
    return Dictionary(
      rows.map { row in
        let id = ArtifactID(rawValue: row["artifact"])
        return (
          id,
          MemorizationCheck(
            artifact: id, distance: row["distance"], baseline: row["baseline"], score: row["score"], isFlagged: row["flagged"])
        )
      }, uniquingKeysWith: { _, last in last })
  }
}

/// Compares `memorization_check` with its events.
enum MemorizationVerifier {
  static func verify(_ history: EventReplay, _ db: Database, report: (AuditFinding) -> Void) throws {
    var trees: [Int64: (tree: MerkleTree, isWhole: Bool)] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT m.*, a.leaf FROM memorization_check m LEFT JOIN artifact a ON a.id = m.artifact ORDER BY m.event_seq, m.artifact
        """)
    while let row = try rows.next() {
      let event = row.integer("event_seq") ?? 0
      var entry = trees[event] ?? (MerkleTree(), true)
      if let leaf = row.digest("leaf"), let distance = row.real("distance"), let baseline = row.real("baseline"), let score = row.real("score"),
        let flagged = row.integer("flagged"), distance.isFinite, baseline.isFinite, score.isFinite
      {
        entry.tree.append(MemorizationCheck.digest(leaf: leaf, distance: distance, baseline: baseline, score: score, flagged: flagged))
      } else {
        entry.isWhole = false
      }
      trees[event] = entry
    }
    for event in Set(trees.keys).union(history.memorization.keys).sorted() {
      let recorded = history.memorization[event]
      guard let found = trees[event], found.isWhole, found.tree.root == recorded?.root, found.tree.count == Int(recorded?.count ?? -1) else {
        report(AuditFinding(.memorizationChanged, "the memorization figures are not those of event \(event)", event: event))
        continue
      }
    }
  }
}
