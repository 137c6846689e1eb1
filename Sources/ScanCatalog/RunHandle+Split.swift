import Foundation
import GRDB
package import ScanDeid

/// What a split left.
package struct SplitReport: Sendable, Equatable {
  /// Patients per part, all of them.
  package let patients: [Split: Int]
  /// Patients that were assigned by this call.
  package let assigned: Int
}

extension Catalog {
  /// Refuses a split that cannot be done, before a run is opened for it.
  ///
  /// - Throws: `CatalogError`: `noPatients`, `splitDiffers`.
  package func checkSplit(_ fractions: SplitFractions, seed: Int64) throws {
    try read { db in
      guard try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM patient)") == true else { throw CatalogError.noPatients }
      try Self.compare(try Row.fetchAll(db, sql: "SELECT * FROM split_rule ORDER BY position"), fractions, seed)
    }
  }

  fileprivate static func compare(_ rule: [Row], _ fractions: SplitFractions, _ seed: Int64) throws {
    guard !rule.isEmpty else { return }
    let isSame =
      rule.map { $0["split"] as String } == fractions.parts.map(\.split.rawValue)
      && rule.map { $0["fraction"] as Double } == fractions.parts.map(\.fraction) && rule.allSatisfy { $0["seed"] == seed }
    guard isSame else { throw CatalogError.splitDiffers }
  }
}

extension RunHandle {
  /// Divides the patients by rank. The first call fixes seed, fractions and the rank at which each part ends; a later call assigns
  /// newcomers by those ends and moves nobody.
  ///
  /// - Parameter rank: HMAC-SHA-256 of patient and seed under the workspace's key (or its first bytes), so nobody without the key can choose a
  ///   part by choosing an identifier.
  /// - Throws: `CatalogError`: `noPatients`, `splitDiffers`.
  package func split(_ fractions: SplitFractions, seed: Int64, rank: (Pseudonym) throws -> [UInt8]) throws -> SplitReport {
    try catalog.write { db in
      let waiting = try Row.fetchAll(
        db,
        sql: """
          SELECT id, pseudonym FROM patient WHERE state = 'active' AND NOT EXISTS
            (SELECT 1 FROM patient_split WHERE patient_id = patient.id)
          """)
      var ranked = try waiting.compactMap { row -> (id: Int64, pseudonym: Pseudonym, rank: PatientRank)? in
        guard let pseudonym = Pseudonym(stored: row["pseudonym"]) else { return nil }
        return (row["id"], pseudonym, PatientRank(try rank(pseudonym)))
      }
      ranked.sort { ($0.rank, $0.pseudonym) < ($1.rank, $1.pseudonym) }
      let rule = try Row.fetchAll(db, sql: "SELECT * FROM split_rule ORDER BY position")
      var assignments: [(id: Int64, split: String)] = []
      if rule.isEmpty {
        let known = try Int.fetchOne(db, sql: "SELECT count(*) FROM patient_split") ?? 0
        guard known + ranked.count > 0 else { throw CatalogError.noPatients }
        assignments = try self.fix(fractions, seed: seed, ranked: ranked.map { ($0.id, $0.rank) }, db)
      } else {
        try Catalog.compare(rule, fractions, seed)
        assignments = ranked.map { patient in
          let part = rule.first { row in (row["upper"] as Data?).map { patient.rank <= PatientRank([UInt8]($0)) } ?? true }
          return (patient.id, part?["split"] ?? fractions.parts[fractions.parts.count - 1].split.rawValue)
        }
      }
      try self.assign(assignments, db)
      return SplitReport(patients: try Self.patientCounts(db), assigned: assignments.count)
    }
  }

  /// Divides the patients by their rank under the workspace's key.
  package func split(_ fractions: SplitFractions, seed: UInt64, key: PseudonymKey) throws -> SplitReport {
    try split(fractions, seed: Int64(bitPattern: seed)) { patient in
      let rank = key.rank(of: patient, seed: seed)
      return withUnsafeBytes(of: rank.bigEndian) { Array($0) }
    }
  }

  /// Records parts that the data came with (`split` column of a label file). Those already in that part are left alone.
  ///
  /// - Throws: `CatalogError.patientInTwoSplits`.
  package func assignSplits(_ splits: [Pseudonym: Split]) throws {
    try catalog.write { db in
      var assignments: [(id: Int64, split: String)] = []
      for (pseudonym, split) in splits.sorted(by: { $0.key < $1.key }) {
        let row = try Row.fetchOne(
          db,
          sql: """
            SELECT patient.id, patient_split.split FROM patient LEFT JOIN patient_split ON patient_split.patient_id = patient.id
            WHERE pseudonym = ?
            """, arguments: [pseudonym.text])
        guard let row else { continue }
        if let known = row["split"] as String? {
          guard known == split.rawValue else { throw CatalogError.patientInTwoSplits(pseudonym.text) }
        } else {
          assignments.append((row["id"], split.rawValue))
        }
      }
      try self.assign(assignments, db)
    }
  }

  private func fix(
    _ fractions: SplitFractions, seed: Int64, ranked: [(id: Int64, rank: PatientRank)], _ db: Database
  ) throws -> [(id: Int64, split: String)] {
    let counts = fractions.counts(of: ranked.count)
    var assignments: [(id: Int64, split: String)] = []
    var rules: [(split: String, fraction: Double, upper: PatientRank?)] = []
    var end = 0
    var cumulative = 0.0
    for (index, part) in fractions.parts.enumerated() {
      let start = end
      end += counts[index]
      cumulative += part.fraction
      assignments += ranked[start..<end].map { ($0.id, part.split.rawValue) }
      let isLast = index == fractions.parts.count - 1
      // Where this part has no patient, its end must not fall below the end of the part before.
      let last = ([end > 0 ? ranked[end - 1].rank : nil] + rules.map(\.upper)).compactMap { $0 }.max()
      let boundary = PatientRank.boundary(last: last, next: end < ranked.count ? ranked[end].rank : nil, ideal: PatientRank(fraction: cumulative))
      rules.append((part.split.rawValue, part.fraction, isLast ? nil : boundary))
    }
    let sequence = try EventLog.append(
      .splitRule(
        run: id.rawValue, seed: seed, parts: rules.map { ($0.split, $0.fraction, $0.upper.flatMap { ContentDigest(bytes: $0.bytes)?.hex }) }), db)
    for (position, rule) in rules.enumerated() {
      try db.execute(
        sql: "INSERT INTO split_rule (position, split, fraction, upper, seed, event_seq) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [position, rule.split, rule.fraction, rule.upper.map { Data($0.bytes) }, seed, sequence])
    }
    return assignments
  }

  private func assign(_ assignments: [(id: Int64, split: String)], _ db: Database) throws {
    guard !assignments.isEmpty else { return }
    let sequence = try EventLog.append(.splitAssigned(run: id.rawValue, patients: assignments), db)
    let insert = try db.cachedStatement(sql: "INSERT INTO patient_split (patient_id, split, event_seq) VALUES (?, ?, ?)")
    // The rows of a patient repeat the part; the trigger lets through this one value, once.
    let repeated = try db.cachedStatement(sql: "UPDATE artifact SET split = ? WHERE patient_id = ?")
    for assignment in assignments {
      try insert.execute(arguments: [assignment.id, assignment.split, sequence])
      try repeated.execute(arguments: [assignment.split, assignment.id])
    }
  }

  private static func patientCounts(_ db: Database) throws -> [Split: Int] {
    let rows = try Row.fetchAll(db, sql: "SELECT split, count(*) AS n FROM patient_split GROUP BY split")
    return Dictionary(uniqueKeysWithValues: rows.compactMap { row in Split(rawValue: row["split"]).map { ($0, row["n"]) } })
  }
}
