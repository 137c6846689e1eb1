import GRDB
package import ScanDeid

/// The artifacts that one artifact was made from, or that were made from it, with the edges between them.
package struct Lineage: Sendable, Equatable {
  package struct Edge: Sendable, Equatable {
    package let child: ArtifactID
    package let parent: ArtifactID
    package let role: String
  }

  /// What stands above a data set or an export that was not walked through.
  package struct Summary: Sendable, Equatable {
    package let collection: ArtifactID
    /// Items with a patient of their own.
    package let items: Int
    /// Patients of the items, and those behind models that made items.
    package let patients: Int
    /// At most `listed` of them.
    package let pseudonyms: [Pseudonym]
    package static let listed = 1000
  }

  /// The artifacts asked for.
  package let roots: [ArtifactID]
  /// Roots included, by id; ids grow from parent to child.
  package let artifacts: [ArtifactRecord]
  package let edges: [Edge]
  package let summaries: [Summary]
  /// There are more artifacts than were asked for, those given are the nearest; or more edges between them than `mostEdgesEach` for each.
  package let isCut: Bool
  /// Images have one or two parents, items of data sets one child more; only a forged graph has so many.
  static let mostEdgesEach = 16
  /// Edges that no program of ours writes: from a later artifact to an earlier one, or to one that is not there.
  package let impossible: [Edge]
}

/// SQL of the lineage questions. `CROSS JOIN` keeps SQLite on the index of each step: its planner otherwise may put a bloom filter
/// over all of `derivation` into the recursion (0.5 ms became 70 ms at 10^6 edges). `UNION` visits each artifact once, so even a
/// forged cycle ends.
package enum LineageQuery {
  /// Ids of ancestors, the given ids (a JSON array) included, the nearest ?2 of them.
  package static let ancestors = """
    WITH RECURSIVE reached (id) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT d.parent FROM reached CROSS JOIN derivation d ON d.child = reached.id
      LIMIT ?2
    ) SELECT id FROM reached ORDER BY id
    """

  /// As `ancestors`, but what stands above data sets and exports is left to their summaries.
  package static let summarizedAncestors = """
    WITH RECURSIVE reached (id) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT d.parent FROM reached CROSS JOIN artifact a ON a.id = reached.id AND a.kind NOT IN ('dataset', 'export')
        CROSS JOIN derivation d ON d.child = a.id
      LIMIT ?2
    ) SELECT id FROM reached ORDER BY id
    """

  /// Ids of descendants, the given ids (a JSON array) included, the nearest ?2 of them.
  package static let descendants = """
    WITH RECURSIVE reached (id) AS (
      SELECT value FROM json_each(?1)
      UNION SELECT d.child FROM reached CROSS JOIN derivation d ON d.parent = reached.id
      LIMIT ?2
    ) SELECT id FROM reached ORDER BY id
    """

  /// Models (weights) that learned from any image of the patient with this pseudonym, over any number of steps.
  package static let modelsOfPatient = """
    SELECT DISTINCT a.id FROM patient p CROSS JOIN dataset_patient s ON s.patient = p.id CROSS JOIN derivation d ON d.parent = s.dataset
    CROSS JOIN artifact a ON a.id = d.child
    WHERE p.pseudonym = ? AND a.kind = 'model' AND a.media = 'application/octet-stream' ORDER BY a.id
    """

  /// Ids of a patient's own artifacts and of everything that was made of them, over any number of steps.
  package static let touchedByPatient = """
    WITH RECURSIVE reached (id) AS (
      SELECT id FROM artifact WHERE patient_id = ?1
      UNION SELECT d.child FROM reached CROSS JOIN derivation d ON d.parent = reached.id
    ) SELECT id FROM reached
    """

  /// Whether an item of the collection ?1 is the patient's, whose random id is ?2.
  package static let holdsPatient =
    "SELECT EXISTS (SELECT 1 FROM derivation d CROSS JOIN artifact a ON a.id = d.parent WHERE d.child = ?1 AND a.patient_id = ?2)"

  /// Patients and items of a collection.
  package static let sizeOfCollection = "SELECT count(*) AS patients, coalesce(sum(n), 0) AS items FROM dataset_patient WHERE dataset = ?"

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
  package static let all = [
    ancestors, summarizedAncestors, descendants, touchedByPatient, modelsOfPatient, holdsPatient, sizeOfCollection, influenceOfPart, edgesOfChild, RunInputs.sql,
    MaskPairs.sql, ContentIndex.sql, ArtifactLeaf.keyQuery, CollectionSummary.patients, CollectionSummary.terms, CollectionSummary.erasedItems,
    TermsMemo.query,
  ]
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

  /// Everything above (`up`) or below (`down`) the given artifacts. SQLite keeps what it has visited in a file, so memory grows with `limit` alone.
  ///
  /// - Parameters:
  ///   - isSummarized: stop at data sets and exports on the way up, and tell of what is above them in `summaries`.
  ///   - limit: at most so many artifacts, the nearest ones.
  package func lineage(of ids: [ArtifactID], _ direction: LineageDirection, isSummarized: Bool = false, limit: Int = 100_000) throws -> Lineage {
    let seeds = CanonicalJSON.array(ids.map { .integer($0.rawValue) }).text
    let query = direction == .down ? LineageQuery.descendants : isSummarized ? LineageQuery.summarizedAncestors : LineageQuery.ancestors
    return try read { db in
      let found = try Int64.fetchAll(db, sql: query, arguments: [seeds, limit + 1])
      let reached = found.prefix(limit)
      let members = Set(reached)
      var isCut = found.count > limit
      var (records, edges, impossible, summaries): ([ArtifactRecord], [Lineage.Edge], [Lineage.Edge], [Lineage.Summary]) = ([], [], [], [])
      let edgeStatement = try db.cachedStatement(sql: LineageQuery.edgesOfChild)
      for id in reached {
        // A missing row is told by the edge that names it.
        guard let record = try Self.artifact(ArtifactID(rawValue: id), db) else { continue }
        records.append(record)
        if isSummarized, record.kind == .dataset || record.kind == .export {
          summaries.append(try Self.summary(of: record.id, db))
          continue
        }
        // One by one: a data set has an edge for each of its items, which may be many more than `limit`.
        let parents = try Row.fetchCursor(edgeStatement, arguments: [id])
        while let row = try parents.next() {
          guard members.contains(row["parent"]) else { continue }
          guard edges.count < Lineage.mostEdgesEach * members.count else {
            isCut = true
            break
          }
          let edge = Lineage.Edge(child: record.id, parent: ArtifactID(rawValue: row["parent"]), role: row["role"])
          edges.append(edge)
          if edge.parent >= edge.child { impossible.append(edge) }
        }
      }
      let known = Set(records.map(\.id))
      impossible += edges.filter { !known.contains($0.parent) }
      return Lineage(
        roots: ids, artifacts: records, edges: edges, summaries: summaries, isCut: isCut, impossible: impossible)
    }
  }

  private static func summary(of collection: ArtifactID, _ db: Database) throws -> Lineage.Summary {
    let size = try Row.fetchOne(db.cachedStatement(sql: LineageQuery.sizeOfCollection), arguments: [collection.rawValue])
    let pseudonyms = try String.fetchAll(
      db,
      sql: """
        SELECT p.pseudonym FROM dataset_patient s CROSS JOIN patient p ON p.id = s.patient
        WHERE s.dataset = ? AND p.pseudonym IS NOT NULL LIMIT \(Lineage.Summary.listed)
        """, arguments: [collection.rawValue])
    return Lineage.Summary(
      collection: collection, items: size?["items"] ?? 0, patients: size?["patients"] ?? 0,
      pseudonyms: pseudonyms.compactMap(Pseudonym.init(stored:)).sorted())
  }

  /// Models that learned from a patient's images.
  package func models(trainedOn patient: Pseudonym) throws -> [ArtifactRecord] {
    let ids = try read { try Int64.fetchAll($0, sql: LineageQuery.modelsOfPatient, arguments: [patient.text]) }
    return try artifacts(ids.map { ArtifactID(rawValue: $0) })
  }

  /// Patients with rows in more than one part, with the parts.
  package func patientsInTwoParts() throws -> [(patient: String, parts: [String])] {
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT coalesce(p.pseudonym, p.id) AS patient, group_concat(DISTINCT a.split) AS parts
          FROM artifact a CROSS JOIN patient p ON p.id = a.patient_id WHERE a.split IS NOT NULL
          GROUP BY p.id HAVING count(DISTINCT a.split) > 1 ORDER BY 1
          """)
    }
    return rows.map { ($0.text("patient") ?? "", ($0.text("parts") ?? "").split(separator: ",").map(String.init).sorted()) }
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
