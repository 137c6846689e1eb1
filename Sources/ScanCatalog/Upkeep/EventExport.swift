package import Foundation
import GRDB
import Glibc

/// The event export: the log and every row that it binds, as lines of canonical JSON. A catalog can be made again from it, and anyone can read it.
///
/// ```
/// {"schema":2,"type":"scanforge.events","version":1}
/// {"row":{"body":"…","hash":{"blob":"…"},"prev":{"blob":"…"},"seq":1},"table":"event"}
/// {"row":{…},"table":"artifact"}
/// {"events":31,"rows":412,"type":"end"}
/// ```
/// All columns of all tables; blobs as `{"blob": hexadecimal}`, whole numbers beyond 2^53 as `{"integer": text}`. It holds what the catalog holds,
/// pseudonyms and hashes included: a withdrawal does not reach it, so keep it like a backup.
enum EventExport {
  static let version: Int64 = 1

  /// `event` first, the rest as they were made; the index of contents follows from the rows.
  static func tables(_ db: Database) throws -> [String] {
    let names = try String.fetchAll(
      db,
      sql: """
        SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
        AND name NOT IN ('grdb_migrations', 'artifact_content', 'content_reach') ORDER BY rowid
        """)
    return ["event"] + names.filter { $0 != "event" }
  }

  static func line(_ row: Row, of table: String) -> CanonicalJSON {
    var members: [String: CanonicalJSON] = [:]
    for (column, value) in row { members[column] = json(value) }
    return .object(["row": .object(members), "table": .string(table)])
  }

  private static func json(_ value: DatabaseValue) -> CanonicalJSON {
    switch value.storage {
    case .null: .null
    case .int64(let number): abs(Double(number)) <= 9_007_199_254_740_991 ? .integer(number) : .object(["integer": .string(String(number))])
    case .double(let number): .number(number)
    case .string(let text): .string(text)
    case .blob(let data): .object(["blob": .string(data.map { String(format: "%02x", $0) }.joined())])
    }
  }

  /// Reads a value back; nil for one that no export holds.
  static func value(_ json: CanonicalJSON) -> DatabaseValue? {
    switch json {
    case .null: return .null
    case .integer(let number): return number.databaseValue
    case .number(let number): return number.databaseValue
    case .string(let text): return text.databaseValue
    case .bool, .array: return nil
    case .object:
      if let text = json["integer"]?.stringValue { return Int64(text)?.databaseValue }
      guard let hex = json["blob"]?.stringValue, hex.utf8.count % 2 == 0 else { return nil }
      let digits = Array(hex.utf8).map { Character(Unicode.Scalar($0)).hexDigitValue }
      guard !digits.contains(nil) else { return nil }
      return Data(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }).databaseValue
    }
  }
}

extension Catalog {
  /// Writes the event export to a new file of mode 0600, of one state of the catalog.
  ///
  /// - Returns: numbers of events and of all rows.
  /// - Throws: `CatalogError.fileExists`, `diskFull`, `noPermission`.
  package func exportEvents(to file: URL) throws -> (events: Int64, rows: Int64) {
    try NewFile.write(file) { temporary in
      let writer = try LineWriter(temporary)
      return try read { db in
        try writer.write(
          .object([
            "schema": .integer(Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0), "type": .string("scanforge.events"),
            "version": .integer(EventExport.version),
          ]))
        var (events, rows): (Int64, Int64) = (0, 0)
        for table in try EventExport.tables(db) {
          let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM \(table) ORDER BY \(db.primaryKey(table).columns.joined(separator: ", "))")
          while let row = try cursor.next() {
            try writer.write(EventExport.line(row, of: table))
            rows += 1
            if table == "event" { events += 1 }
          }
        }
        try writer.write(.object(["events": .integer(events), "rows": .integer(rows), "type": .string("end")]))
        try writer.finish()
        return (events, rows)
      }
    }
  }
}

/// Collects lines and writes them in large pieces.
private final class LineWriter {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  init(_ url: URL) throws {
    descriptor = open(url.path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw DurableFile.failure("open") }
  }

  deinit { close(descriptor) }

  func write(_ line: CanonicalJSON) throws {
    line.write(to: &buffer)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= 1 << 20 { try finish() }
  }

  func finish() throws {
    try buffer.withUnsafeBytes { try DurableFile.write($0, to: descriptor) }
    buffer.removeAll(keepingCapacity: true)
  }
}
