import GRDB

/// Tells of tables with damaged pages, each once, so that an audit goes on with the others.
final class TableDamage {
  private let report: (AuditFinding) -> Void
  private var tables: Set<String> = []

  init(report: @escaping (AuditFinding) -> Void) { self.report = report }

  var isEmpty: Bool { tables.isEmpty }
  /// For a sentence.
  var names: String { tables.map { $0.isEmpty ? "no table" : "the table \($0)" }.sorted().joined(separator: ", ") }

  /// - Parameter table: its name, or nil for pages of the file that no table has.
  func tell(_ table: String?) {
    guard tables.insert(table ?? "").inserted else { return }
    let what = table.map { "the table \($0) is damaged: rows of it are lost or cannot be read" } ?? "pages of the file that no table has are damaged"
    report(AuditFinding(.catalogUnreadable, what, table: table))
  }

  /// Does what reads `reading`; where their pages turn out to be damaged, says so and goes on.
  ///
  /// - Returns: nil when something could not be read.
  @discardableResult
  func attempt<Value>(reading tables: String..., work: () throws -> Value) throws -> Value? { try attempt(tables, work) }

  /// The same for work without a value.
  ///
  /// - Returns: false when something could not be read.
  func succeeds(reading tables: String..., work: () throws -> Void) throws -> Bool { try attempt(tables) { try work(); return true } ?? false }

  private func attempt<Value>(_ tables: [String], _ work: () throws -> Value) throws -> Value? {
    do {
      return try work()
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      tellAll(tables)
    } catch CatalogError.unreadable {
      tellAll(tables)
    }
    return nil
  }

  /// Where one of them is known to be damaged, it is the one.
  func tellAll(_ names: [String]) {
    if tables.isDisjoint(with: names) { names.forEach(tell) }
  }

  /// Asks SQLite which tables have damaged pages.
  func search(_ db: Database) throws {
    let names = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
    for name in names {
      let quoted = name.replacing("'", with: "''")
      _ = try attempt(reading: name) {
        if try String.fetchAll(db, sql: "PRAGMA quick_check('\(quoted)')").contains(where: FileComplaint.isOfPages) { tell(name) }
      }
    }
    if isEmpty { tell(nil) }
  }
}

/// What SQLite's check of a file says in a line.
enum FileComplaint {
  private static let ofIndexes = ["row ", "wrong # of entries", "non-unique entry"]
  /// Left to the checks of rows, which name the row.
  private static let ofValues = ["CHECK constraint failed", "NULL value in", "non-", "NUMERIC value in", "TEXT value in"]

  static func isOfIndex(_ line: String) -> Bool { ofIndexes.contains(where: line.hasPrefix) }

  /// The B-tree itself.
  static func isOfPages(_ line: String) -> Bool { line != "ok" && !isOfIndex(line) && !ofValues.contains(where: line.hasPrefix) }
}
