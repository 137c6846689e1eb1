import GRDB

/// What a patient's images went into, as a temporary table of ids that SQLite keeps in a file: walked once, and then asked many questions, also where
/// it is millions of artifacts.
struct TouchedByPatient {
  /// Random `patient.id`.
  let patient: Int64
  private let db: Database

  private static let table = "touched"

  /// Walks through the edges, each artifact once, so that a forged cycle ends.
  init(_ patient: Int64, _ db: Database) throws {
    (self.patient, self.db) = (patient, db)
    try db.execute(sql: "DROP TABLE IF EXISTS temp.\(Self.table); CREATE TEMP TABLE \(Self.table) (id INTEGER PRIMARY KEY)")
    try db.execute(sql: "INSERT INTO temp.\(Self.table) \(LineageQuery.touchedByPatient)", arguments: [patient])
  }

  func drop() throws { try db.execute(sql: "DROP TABLE temp.\(Self.table)") }

  enum Part {
    /// The patient's own.
    case own
    /// Of no patient or of another one.
    case others([ArtifactKind])

    var condition: String {
      switch self {
      case .own: "a.patient_id = ?1"
      case .others(let kinds): "a.patient_id IS NOT ?1 AND a.kind IN (\(kinds.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"
      }
    }
  }

  private static let from = "FROM temp.\(table) t CROSS JOIN artifact a ON a.id = t.id"

  func count(_ part: Part) throws -> Int {
    try Int.fetchOne(db, sql: "SELECT count(*) \(Self.from) WHERE \(part.condition)", arguments: [patient]) ?? 0
  }

  /// The first of them by id.
  func records(_ part: Part, limit: Int) throws -> [ArtifactRecord] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT \(ArtifactRecord.columns) \(Self.from) LEFT JOIN patient p ON p.id = a.patient_id
        WHERE \(part.condition) ORDER BY t.id LIMIT ?2
        """, arguments: [patient, limit]
    ).map(ArtifactRecord.init(row:))
  }

  /// Contents of models, as the tables of exports name them.
  func contents(_ part: Part) throws -> Set<String> {
    try String.fetchSet(db, sql: "SELECT a.sha256 \(Self.from) WHERE \(part.condition) AND a.sha256 IS NOT NULL", arguments: [patient])
  }

  /// Runs that made any of it but exports.
  func runs() throws -> Set<RunID> {
    Set(try Int64.fetchSet(db, sql: "SELECT DISTINCT a.run_id \(Self.from) WHERE a.kind != 'export'").map(RunID.init(rawValue:)))
  }

  /// Gives those in one of `states`, some thousand at a time.
  func forEachBatch(_ part: Part, in states: [ArtifactState], _ body: ([(id: Int64, leaf: ContentDigest)]) throws -> Void) throws {
    let list = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    var last = Int64.min
    while true {
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT a.id, a.leaf \(Self.from) WHERE t.id > ?2 AND \(part.condition) AND a.state IN (\(list)) ORDER BY t.id LIMIT \(Self.batch)
          """, arguments: [patient, last])
      guard let end = rows.last else { return }
      last = end["id"]
      try body(
        rows.map { row in
          guard let leaf = row.digest("leaf") else { throw CatalogError.unknownArtifact("artifact \(row["id"] as Int64)") }
          return (row["id"], leaf)
        })
    }
  }

  private static let batch = 10_000
}
