import GRDB

/// All migrations in order, and what a catalog file must look like after them.
enum CatalogMigrations {
  /// `SFCG`
  static let applicationID: Int64 = 0x5346_4347
  static let version = 3
  static let identifiers = [Migration0001Initial.identifier, Migration0003Auditor.identifier]

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(Migration0001Initial.identifier) { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = 1")
      try db.execute(sql: Migration0001Initial.sql)
    }
    migrator.registerMigration(Migration0003Auditor.identifier, migrate: Migration0003Auditor.migrate)
    return migrator
  }

  /// Every `CREATE` statement by name, as `sqlite_schema` holds it.
  static func schema(_ db: Database) throws -> [String: String] {
    let rows = try Row.fetchAll(db, sql: "SELECT type || ' ' || name AS name, coalesce(sql, '') AS sql FROM sqlite_schema")
    return Dictionary(rows.map { ($0["name"], $0["sql"]) }, uniquingKeysWith: { first, _ in first })
  }

  /// The schema that the migrations of this program make.
  static func expectedSchema() throws -> [String: String] { try expected.get() }

  private static let expected = Result {
    let queue = try DatabaseQueue()
    try migrator.migrate(queue)
    return try queue.read { try schema($0) }
  }
}
