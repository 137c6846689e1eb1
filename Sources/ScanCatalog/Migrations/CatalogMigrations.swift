import GRDB

/// All migrations in order, and what a catalog file must look like after them.
enum CatalogMigrations {
  /// `SFCG`
  static let applicationID: Int64 = 0x5346_4347

  /// Schema versions in order, as `PRAGMA user_version` and the log tell them. A new migration is a file in this folder and a line here.
  static let all: [(version: Int, identifier: String, migrate: @Sendable (Database) throws -> Void)] = [
    (1, Migration0001Initial.identifier, { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = 1")
      try db.execute(sql: Migration0001Initial.sql)
    }),
    (2, Migration0002Trust.identifier, { try $0.execute(sql: Migration0002Trust.sql) }),
    (3, Migration0003Auditor.identifier, Migration0003Auditor.migrate),
    (4, Migration0004Scale.identifier, Migration0004Scale.migrate),
    (Migration0005Shard.version, Migration0005Shard.identifier, { try $0.execute(sql: Migration0005Shard.sql) }),
  ]

  /// What this program makes.
  static let version = all[all.count - 1].version

  static func identifiers(upTo version: Int) -> [String] { all.filter { $0.version <= version }.map(\.identifier) }

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for migration in all {
      migrator.registerMigration(migration.identifier) { db in
        try migration.migrate(db)
        // A new catalog's first event tells its version.
        if try EventLog.head(db).seq > 0 { try EventLog.append(.migrated(schema: migration.version), db) }
      }
    }
    return migrator
  }

  /// Every `CREATE` statement by name, as `sqlite_schema` holds it.
  static func schema(_ db: Database) throws -> [String: String] {
    let rows = try Row.fetchAll(db, sql: "SELECT type || ' ' || name AS name, coalesce(sql, '') AS sql FROM sqlite_schema")
    return Dictionary(rows.map { ($0["name"], $0["sql"]) }, uniquingKeysWith: { first, _ in first })
  }

  /// The schema that the migrations up to `version` make.
  static func expectedSchema(version: Int) throws -> [String: String] {
    let queue = try DatabaseQueue()
    if let last = identifiers(upTo: version).last { try migrator.migrate(queue, upTo: last) }
    return try queue.read { try schema($0) }
  }
}
