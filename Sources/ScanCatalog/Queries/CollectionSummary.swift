import GRDB

/// Whose images and which terms stand above a data set or an export, over any number of steps: the tables `dataset_patient` and
/// `dataset_terms`, so that no question about a model or a generated image has to walk through its training items.
enum CollectionSummary {
  /// Everything above a collection; earlier collections are not walked through, since their own rows say what is above them.
  private static let above = """
    WITH RECURSIVE above (id) AS (
      SELECT parent FROM derivation WHERE child = ?1
      UNION SELECT d.parent FROM above CROSS JOIN artifact a ON a.id = above.id AND a.kind NOT IN ('dataset', 'export')
        CROSS JOIN derivation d ON d.child = a.id
    )
    """

  /// Patients of the items with the number of their items, and with 0 those behind models alone.
  static let patients = """
    \(above)
    SELECT patient, sum(n) AS n FROM (
      SELECT a.patient_id AS patient, count(*) AS n FROM (SELECT DISTINCT parent FROM derivation WHERE child = ?1) item
        CROSS JOIN artifact a ON a.id = item.parent WHERE a.patient_id IS NOT NULL GROUP BY a.patient_id
      UNION ALL SELECT DISTINCT a.patient_id, 0 FROM above CROSS JOIN artifact a ON a.id = above.id WHERE a.patient_id IS NOT NULL
      UNION ALL SELECT s.patient, 0 FROM above CROSS JOIN dataset_patient s ON s.dataset = above.id
    ) GROUP BY patient ORDER BY patient
    """

  /// Terms of the items with the number of their items, and with 0 those behind models alone.
  static let terms = """
    \(above)
    SELECT terms, sum(n) AS n FROM (
      SELECT a.attributes ->> '$.terms' AS terms, count(*) AS n FROM (SELECT DISTINCT parent FROM derivation WHERE child = ?1) item
        CROSS JOIN artifact a ON a.id = item.parent WHERE terms IS NOT NULL GROUP BY 1
      UNION ALL SELECT DISTINCT a.attributes ->> '$.terms' AS terms, 0 FROM above CROSS JOIN artifact a ON a.id = above.id WHERE terms IS NOT NULL
      UNION ALL SELECT s.terms, 0 FROM above CROSS JOIN dataset_terms s ON s.dataset = above.id
    ) GROUP BY terms ORDER BY terms
    """

  /// Writes the rows of a collection that was just recorded, or that an older program recorded.
  static func write(of collection: Int64, _ db: Database) throws {
    for (table, column, query) in [("dataset_patient", "patient", patients), ("dataset_terms", "terms", terms)] {
      try db.cachedStatement(sql: "INSERT INTO \(table) (dataset, \(column), n) SELECT ?1, \(column), n FROM (\(query))")
        .execute(arguments: [collection])
    }
  }

  /// Compares both tables with the edges.
  ///
  /// Terms of a withdrawn item are gone from its row, so a collection that holds one may have more of them than can be derived.
  static func verify(_ db: Database, report: (AuditFinding) -> Void) throws {
    let collections = try Int64.fetchSet(db, sql: "SELECT id FROM artifact WHERE kind IN ('dataset', 'export')")
    for table in ["dataset_patient", "dataset_terms"] {
      for stray in try Int64.fetchAll(db, sql: "SELECT DISTINCT dataset FROM \(table)") where !collections.contains(stray) {
        report(AuditFinding(.summaryChanged, "\(table) tells of artifact \(stray), which is no data set", artifact: stray))
      }
    }
    for id in collections.sorted() {
      let terms = try Row.fetchAll(db, sql: "SELECT terms, n FROM dataset_terms WHERE dataset = ? ORDER BY terms", arguments: [id])
      let derived = try Row.fetchAll(db, sql: self.terms, arguments: [id])
      let isErased = try Bool.fetchOne(db, sql: erasedItems, arguments: [id]) ?? false
      let stored = Dictionary(terms.map { ($0.text("terms") ?? "", $0.integer("n") ?? -1) }, uniquingKeysWith: max)
      let isTrue = isErased
        ? derived.allSatisfy { row in (stored[row.text("terms") ?? ""] ?? -1) >= (row.integer("n") ?? 0) } : terms == derived
      if try !isTrue || !hasItsPatients(id, db) {
        report(AuditFinding(.summaryChanged, "the summary of artifact \(id) does not follow from its items", artifact: id))
      }
    }
  }

  /// Compares row by row: a data set may have a million patients.
  private static func hasItsPatients(_ id: Int64, _ db: Database) throws -> Bool {
    let stored = try BareStatement(db, "SELECT patient, n FROM dataset_patient WHERE dataset = ? ORDER BY patient")
    let derived = try BareStatement(db, patients)
    stored.bind(id, at: 1)
    derived.bind(id, at: 1)
    while true {
      let (isStored, isDerived) = (try stored.next(), try derived.next())
      guard isStored == isDerived else { return false }
      guard isStored else { return true }
      guard stored.integer(0) == derived.integer(0), stored.integer(1) == derived.integer(1) else { return false }
    }
  }

  static let erasedItems = """
    \(above) SELECT EXISTS (SELECT 1 FROM above CROSS JOIN artifact a ON a.id = above.id WHERE a.state = 'withdrawn')
    """
}
