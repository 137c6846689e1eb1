package import Foundation
import GRDB
import Glibc

extension Catalog {
  /// Copies the catalog as it is now, while others may read and write, into a new file of mode 0600 that needs no log beside it.
  ///
  /// - Returns: number of events in the copy.
  /// - Throws: `CatalogError.fileExists`, `diskFull`, `noPermission`, `unreadable` for a copy that is not sound.
  package func backUp(to file: URL) throws -> Int64 {
    try NewFile.write(file) { temporary in
      let copy = try DatabaseQueue(path: temporary.path)
      defer { try? copy.close() }
      try database.backup(to: copy)
      return try copy.writeWithoutTransaction { db in
        // The copy has the source's WAL mode, which a file on its own cannot use on read-only media.
        try db.execute(sql: "PRAGMA journal_mode = DELETE")
        guard try String.fetchAll(db, sql: "PRAGMA quick_check") == ["ok"] else {
          throw CatalogError.unreadable(reason: "its copy is damaged")
        }
        return try EventLog.head(db).seq
      }
    }
  }
}

/// A file that appears under its name when it is whole and on the disk, or not at all.
enum NewFile {
  /// - Parameter body: fills the file at the given place, which has mode 0600 and is empty.
  /// - Throws: `CatalogError.fileExists`; errors of `body`, SQLite's among them, as ours.
  static func write<T>(_ file: URL, _ body: (URL) throws -> T) throws -> T {
    var status = stat()
    guard lstat(file.path, &status) != 0 else { throw CatalogError.fileExists }
    let temporary = file.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString)")
    defer {
      for suffix in ["", "-wal", "-shm", "-journal"] { unlink(temporary.path + suffix) }
    }
    try DurableFile.write(Data(), to: temporary)
    let result: T
    do { result = try body(temporary) } catch { throw Catalog.explained(error) }
    try DurableFile.sync(temporary)
    // link, not rename: it fails when the name was taken meanwhile.
    if link(temporary.path, file.path) != 0 {
      guard errno != EEXIST else { throw CatalogError.fileExists }
      try DurableFile.move(temporary, to: file)
    }
    try DurableFile.sync(file.deletingLastPathComponent())
    return result
  }
}
