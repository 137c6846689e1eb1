import Foundation
import GRDB

/// The answer to a SELECT of the user's.
package struct Selection: Sendable, Equatable {
  package let columns: [String]
  /// Blobs as hexadecimal text.
  package let rows: [[CanonicalJSON]]
}

extension Catalog {
  /// Most rows that a statement may give.
  package static let mostRows = 1_000_000

  /// Runs one statement that reads.
  ///
  /// - Throws: `CatalogError.tooManyRows`; `readOnlyStatement` for anything that could write, `malformedStatement` with SQLite's own words.
  package func select(_ sql: String) throws -> Selection {
    let first = sql.drop { $0.isWhitespace }.prefix { $0.isLetter }.uppercased()
    guard ["SELECT", "WITH", "VALUES", "EXPLAIN"].contains(first) else { throw CatalogError.readOnlyStatement }
    do {
      return try database.read { db in
        let statement = try db.makeStatement(sql: sql)
        guard statement.isReadonly else { throw CatalogError.readOnlyStatement }
        let rows = try Row.fetchCursor(statement)
        var values: [[CanonicalJSON]] = []
        while let row = try rows.next() {
          guard values.count < Self.mostRows else { throw CatalogError.tooManyRows(Self.mostRows) }
          values.append(row.databaseValues.map(Self.json))
        }
        return Selection(columns: statement.columnNames, rows: values)
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR || error.resultCode == .SQLITE_MISUSE {
      throw CatalogError.malformedStatement(error.message ?? "it is not SQL")
    } catch { throw Self.explained(error) }
  }

  /// Hands the rows of one of our own questions on, one by one, blobs as hexadecimal text; however many there are, none is kept.
  package func forEachRow(_ sql: String, _ body: (_ columns: [String], _ row: [CanonicalJSON]) throws -> Void) throws {
    try read { db in
      let statement = try db.makeStatement(sql: sql)
      let columns = statement.columnNames
      let rows = try Row.fetchCursor(statement)
      while let row = try rows.next() { try body(columns, row.databaseValues.map(Self.json)) }
    }
  }

  private static func json(_ value: DatabaseValue) -> CanonicalJSON {
    switch value.storage {
    case .null: .null
    case .int64(let number): .integer(number)
    case .double(let number): number.isFinite ? .number(number) : .null
    case .string(let text): .string(text)
    case .blob(let data): .string(data.map { String(format: "%02x", $0) }.joined())
    }
  }
}
