import GRDB

/// `artifact_content`: which artifacts have a content, by the first 12 digits of its SHA-256.
///
/// Hashes are random: an index over them that is kept with each row writes a page of its own for each. So this one is brought up to date when a run
/// ends, and while a long one goes on whenever it is an eighth behind. `content_reach` holds the last artifact that it covers; later ones are
/// looked at one by one. It repeats what the rows say, and `audit verify` compares the two.
package enum ContentIndex {
  static let prefixDigits = 12
  /// Rows that may always wait.
  private static let leastDue: Int64 = 65_536

  /// `artifact` of all whose SHA-256 may begin with the digits ?1, in a schema that has the table. The caller compares them whole.
  package static let sql = """
    SELECT artifact FROM artifact_content WHERE prefix >= substr(?1, 1, \(prefixDigits)) AND prefix < ?1 || 'g'
    UNION ALL SELECT id FROM artifact WHERE id > (SELECT artifact FROM content_reach) AND sha256 >= ?1 AND sha256 < ?1 || 'g'
    """

  /// The same for any schema: versions before 4 have an index over the whole hash.
  static func matches(_ db: Database) throws -> String {
    try isThere(db) ? sql : "SELECT id AS artifact FROM artifact WHERE sha256 >= ?1 AND sha256 < ?1 || 'g'"
  }

  static func isThere(_ db: Database) throws -> Bool { try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 >= 4 }

  /// Takes in all artifacts that it does not cover, in the order of the index.
  static func catchUp(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO artifact_content SELECT substr(sha256, 1, \(prefixDigits)), id FROM artifact
          WHERE id > (SELECT artifact FROM content_reach) AND sha256 IS NOT NULL ORDER BY 1, 2;
        UPDATE content_reach SET artifact = (SELECT coalesce(max(id), 0) FROM artifact)
        """)
  }

  /// - Parameter last: the last recorded artifact.
  static func catchUp(_ db: Database, ifDueAt last: Int64) throws {
    let reach = try Int64.fetchOne(db.cachedStatement(sql: "SELECT artifact FROM content_reach")) ?? 0
    if last - reach >= max(leastDue, reach / 8) { try catchUp(db) }
  }

  /// Forgets the contents of a patient or of one artifact whose rows a withdrawal is about to empty.
  ///
  /// - Parameter condition: over `artifact`, with one parameter.
  static func forget(_ db: Database, where condition: String, _ value: Int64) throws {
    try db.execute(
      sql: """
        DELETE FROM artifact_content WHERE (prefix, artifact) IN (
          SELECT substr(sha256, 1, \(prefixDigits)), id FROM artifact WHERE sha256 IS NOT NULL AND \(condition))
        """, arguments: [value])
  }
}

/// Compares `artifact_content` with the rows: both are added up, row by row, as hashes that nobody can know beforehand.
struct ContentIndexVerifier {
  /// Last artifact that the index covers; nil for a schema without it, or when it is not one number.
  private let reach: Int64?
  private let isExpected: Bool
  private let first: Int64
  private var sum = 0
  private var last: Int64 = 0

  /// - Parameter first: artifacts below this id are left out.
  init(_ db: Database, from first: Int64) throws {
    self.first = max(first, 1)
    isExpected = try ContentIndex.isThere(db)
    let reaches = isExpected ? try Row.fetchAll(db, sql: "SELECT artifact FROM content_reach LIMIT 2") : []
    reach = reaches.count == 1 ? reaches[0].integer(0) : nil
  }

  /// Takes in a row. They come in the order of their ids.
  mutating func add(_ id: Int64, _ sha256: UnsafeBufferPointer<UInt8>?) {
    last = id
    guard let reach, id <= reach, let sha256 else { return }
    sum &+= Self.term(id, UnsafeBufferPointer(rebasing: sha256.prefix(ContentIndex.prefixDigits)))
  }

  func conclude(_ db: Database, report: (AuditFinding) -> Void) throws {
    guard isExpected else { return }
    var stored = 0
    let entries = try BareStatement(db, "SELECT artifact, prefix FROM artifact_content")
    while try entries.next() {
      let id = entries.integer(0) ?? 0
      if id >= first { stored &+= entries.utf8(1).map { Self.term(id, $0) } ?? 1 }
    }
    if reach.map({ $0 > max(last, first - 1) }) ?? true || stored != sum {
      report(AuditFinding(.summaryChanged, "the index of contents does not agree with the artifacts"))
    }
  }

  /// Swift seeds its hashes anew in each process.
  private static func term(_ id: Int64, _ prefix: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(id)
    hasher.combine(bytes: UnsafeRawBufferPointer(prefix))
    return hasher.finalize()
  }
}
