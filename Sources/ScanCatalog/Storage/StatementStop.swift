import GRDB
import GRDBSQLite

/// Ends SQLite's statements when the user asks the program to stop: a walk over millions of edges does not run on.
final class StatementStop: Sendable {
  /// Some thousand steps take less than a millisecond.
  private static let steps: Int32 = 4096
  let isAsked: @Sendable () -> Bool

  init(_ isAsked: @escaping @Sendable () -> Bool) { self.isAsked = isAsked }

  /// Watches all statements of a connection, whose configuration must keep this value. One that is ended fails with `SQLITE_INTERRUPT`.
  func watch(_ db: Database) {
    sqlite3_progress_handler(
      db.sqliteConnection, Self.steps,
      { stop in stop.map { Unmanaged<StatementStop>.fromOpaque($0).takeUnretainedValue().isAsked() } == true ? 1 : 0 },
      Unmanaged.passUnretained(self).toOpaque())
  }
}
