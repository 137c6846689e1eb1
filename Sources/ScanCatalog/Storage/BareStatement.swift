import GRDB
import GRDBSQLite

/// A prepared statement that is bound and read value by value, without an object for each row: for loops over millions of them.
///
/// A row may have been forged, so any type may stand in any column: reading another type than the one asked for gives nil. Columns count
/// from 0, parameters from 1. Not for two loops at a time.
final class BareStatement {
  private let statement: Statement
  private let handle: SQLiteStatement
  private var isAtEnd = false

  /// - Parameter isShared: keep the statement for the next one that asks for the same text, as writes do; a cursor needs one of its own.
  init(_ db: Database, _ sql: String, isShared: Bool = false) throws {
    statement = try isShared ? db.cachedStatement(sql: sql) : db.makeStatement(sql: sql)
    handle = statement.sqliteStatement
    restart()
  }

  /// - Returns: false after the last row, however often it is called.
  func next() throws -> Bool {
    if isAtEnd { return false }
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      isAtEnd = true
      sqlite3_reset(handle)
      return false
    case let code:
      let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
      sqlite3_reset(handle)
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }
  }

  /// Runs a statement that gives no row, from its start.
  func run() throws {
    restart()
    while try next() {}
  }

  /// Back to the start; parameters keep their values.
  func restart() {
    isAtEnd = false
    sqlite3_reset(handle)
  }

  func bind(_ value: Int64?, at place: Int32) {
    if let value { sqlite3_bind_int64(handle, place, value) } else { sqlite3_bind_null(handle, place) }
  }

  func bind(_ value: String?, at place: Int32) {
    guard var value else { return bindNull(at: place) }
    value.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) { _ = sqlite3_bind_text(handle, place, $0.baseAddress, Int32($0.count), Self.copied) }
    }
  }

  func bind(_ value: ContentDigest?, at place: Int32) {
    guard let value else { return bindNull(at: place) }
    value.withUnsafeBytes { _ = sqlite3_bind_blob(handle, place, $0.baseAddress, Int32($0.count), Self.copied) }
  }

  func bind(_ value: some Collection<UInt8>, at place: Int32) {
    _ = value.withContiguousStorageIfAvailable { sqlite3_bind_blob(handle, place, $0.baseAddress, Int32($0.count), Self.copied) }
      ?? Array(value).withUnsafeBufferPointer { sqlite3_bind_blob(handle, place, $0.baseAddress, Int32($0.count), Self.copied) }
  }

  func bindNull(at place: Int32) { sqlite3_bind_null(handle, place) }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func integer(_ column: Int32) -> Int64? {
    sqlite3_column_type(handle, column) == SQLITE_INTEGER ? sqlite3_column_int64(handle, column) : nil
  }

  /// Until the next call of `next`.
  func utf8(_ column: Int32) -> UnsafeBufferPointer<UInt8>? {
    guard sqlite3_column_type(handle, column) == SQLITE_TEXT else { return nil }
    return UnsafeBufferPointer(start: sqlite3_column_text(handle, column), count: Int(sqlite3_column_bytes(handle, column)))
  }

  func text(_ column: Int32) -> String? { utf8(column).map { String(decoding: $0, as: UTF8.self) } }

  /// Until the next call of `next`.
  func blob(_ column: Int32) -> UnsafeRawBufferPointer? {
    guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { return nil }
    return UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: Int(sqlite3_column_bytes(handle, column)))
  }

  func digest(_ column: Int32) -> ContentDigest? { blob(column).flatMap { ContentDigest(bytes: $0) } }

  /// `SQLITE_TRANSIENT`: SQLite takes a copy while the value is bound.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
