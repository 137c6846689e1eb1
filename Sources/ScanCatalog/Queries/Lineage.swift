import GRDB
package import ScanDeid

/// The artifacts that one artifact was made from, or that were made from it, with the edges between them.
package struct Lineage: Sendable, Equatable {
  package struct Edge: Sendable, Equatable {
    package let child: ArtifactID
    package let parent: ArtifactID
    package let role: String
  }

  /// The artifacts asked for.
  package let roots: [ArtifactID]
  /// Roots included, by id; ids grow from parent to child.
  package let artifacts: [ArtifactRecord]
  package let edges: [Edge]
}

/// SQL of the lineage questions. `CROSS JOIN` keeps SQLite on the index of each step: its planner otherwise may put a bloom filter
/// over all of `derivation` into the recursion (0.5 ms became 70 ms at 10^6 edges). `UNION` visits each artifact once, so even a
/// forged cycle ends.
package enum LineageQuery {
  /// Ids of ancestors, the given ids (a JSON array) included.
  package static let ancestors = """
    WITH RECURSIVE reached (id) AS (
      SELECT value FROM json_each(?)
      UNION SELECT d.parent FROM reached CROSS JOIN derivation d ON d.child = reached.id
    ) SELECT id FROM reached ORDER BY id
    """

  /// Ids of descendants, the given ids (a JSON array) included.
  package static let descendants = """
    WITH RECURSIVE reached (id) AS (
      SELECT value FROM json_each(?)
      UNION SELECT d.child FROM reached CROSS JOIN derivation d ON d.parent = reached.id
    ) SELECT id FROM reached ORDER BY id
    """

  /// Models (weights) that learned from any image of the patient with this pseudonym.
  package static let modelsOfPatient = """
    WITH RECURSIVE reached (id) AS (
      SELECT a.id FROM patient p CROSS JOIN artifact a ON a.patient_id = p.id WHERE p.pseudonym = ?
      UNION SELECT d.child FROM reached CROSS JOIN derivation d ON d.parent = reached.id
    ) SELECT a.id FROM reached CROSS JOIN artifact a ON a.id = reached.id
    WHERE a.kind = 'model' AND a.media = 'application/octet-stream' ORDER BY a.id
    """

  /// What was made, over any number of steps, from the images of patients in a part: pairs of patient and artifact of another owner.
  package static let influenceOfPart = """
    WITH RECURSIVE reached (patient, id) AS (
      SELECT a.patient_id, a.id FROM patient_split s CROSS JOIN artifact a ON a.patient_id = s.patient_id WHERE s.split = ?
      UNION SELECT reached.patient, d.child FROM reached CROSS JOIN derivation d ON d.parent = reached.id
    ) SELECT p.pseudonym, a.id, a.kind, a.split, a.sha256 FROM reached CROSS JOIN artifact a ON a.id = reached.id
    CROSS JOIN patient p ON p.id = reached.patient
    WHERE a.patient_id IS NOT reached.patient AND a.state = 'active' ORDER BY a.id, p.pseudonym
    """

  package static let edgesOfChild = "SELECT parent, role FROM derivation WHERE child = ? ORDER BY parent, role"

  /// All of them, for the tests of their query plans.
  package static let all = [ancestors, descendants, modelsOfPatient, influenceOfPart, edgesOfChild, RunInputs.sql, MaskPairs.sql]
}

/// A held-out patient whose images reached something in another part.
package struct SplitLeak: Sendable, Equatable {
  package let patient: Pseudonym?
  package let patientSplit: Split
  package let artifact: ArtifactID
  package let kind: ArtifactKind
  package let artifactSplit: Split?
}

extension Catalog {
  package enum LineageDirection: Sendable {
    case up, down
  }

  /// Everything above (`up`) or below (`down`) the given artifacts.
  package func lineage(of ids: [ArtifactID], _ direction: LineageDirection) throws -> Lineage {
    let seeds = CanonicalJSON.array(ids.map { .integer($0.rawValue) }).text
    return try read { db in
      let reached = try Int64.fetchAll(db, sql: direction == .up ? LineageQuery.ancestors : LineageQuery.descendants, arguments: [seeds])
      let members = Set(reached)
      var records: [ArtifactRecord] = []
      var edges: [Lineage.Edge] = []
      let edgeStatement = try db.cachedStatement(sql: LineageQuery.edgesOfChild)
      for id in reached {
        guard let record = try Self.artifact(ArtifactID(rawValue: id), db) else { throw CatalogError.unknownArtifact("artifact \(id)") }
        records.append(record)
        for row in try Row.fetchAll(edgeStatement, arguments: [id]) where members.contains(row["parent"]) {
          edges.append(Lineage.Edge(child: record.id, parent: ArtifactID(rawValue: row["parent"]), role: row["role"]))
        }
      }
      return Lineage(roots: ids, artifacts: records, edges: edges)
    }
  }

  /// Models that learned from a patient's images.
  package func models(trainedOn patient: Pseudonym) throws -> [ArtifactRecord] {
    let ids = try read { try Int64.fetchAll($0, sql: LineageQuery.modelsOfPatient, arguments: [patient.text]) }
    return try artifacts(ids.map { ArtifactID(rawValue: $0) })
  }

  /// Held-out patients behind a model or behind an item of another part, over any number of steps. Empty when the split holds.
  ///
  /// A test patient may reach nothing but the test part, and a validation patient nothing in the training part; what they may reach
  /// is evaluation (data sets, grids, exports), which no model learns from.
  package func splitLeaks() throws -> [SplitLeak] {
    try read { db in
      var leaks: [SplitLeak] = []
      for part in [Split.test, .val] {
        for row in try Row.fetchAll(db, sql: LineageQuery.influenceOfPart, arguments: [part.rawValue]) {
          guard let kind = ArtifactKind(rawValue: row["kind"]) else { continue }
          let split = (row["split"] as String?).flatMap { Split(rawValue: $0) }
          let isLeak: Bool
          switch kind {
          case .model, .checkpoint: isLeak = part == .test
          case .image, .slice, .mask: isLeak = split == .train || (split == .val && part == .test)
          case .dataset, .grid, .export: isLeak = false
          }
          if isLeak {
            leaks.append(
              SplitLeak(
                patient: (row["pseudonym"] as String?).flatMap { Pseudonym(stored: $0) }, patientSplit: part,
                artifact: ArtifactID(rawValue: row["id"]), kind: kind, artifactSplit: split))
          }
        }
      }
      return leaks
    }
  }
}
