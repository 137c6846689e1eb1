import Diagnostics
package import Foundation
import GRDB
import Glibc

/// The record of everything in a workspace: who made what from what, in an SQLite file with a hash-chained log.
///
/// One writer at a time holds the workspace's lock; readers come and go. Every write is one IMMEDIATE transaction, flushed to disk
/// before it returns, that holds its rows and one event over them.
package final class Catalog: Sendable {
  package enum Mode: Sendable {
    case readOnly, readWrite
  }

  package let workspace: Workspace
  package let objects: ObjectStore
  package let mode: Mode
  let database: any DatabaseWriter
  let clock: @Sendable () -> Int64
  private let lock: WriterLock?
  private let stop: StatementStop

  /// Opens a workspace's catalog; with `.readWrite` makes it when there is none.
  ///
  /// - Parameters:
  ///   - patienceSeconds: how long to wait for another writer.
  ///   - clock: milliseconds since 1970, for `run.started_ms` and `ended_ms`.
  ///   - isStopAsked: with `.readOnly`, ends statements with `CatalogError.interrupted` once it says true. Writers always finish theirs.
  /// - Throws: `CatalogError`: `notAWorkspace`, `unreadable`, `newerSchema`, `workspaceBusy`, `noPermission`, `diskFull`.
  package init(
    _ workspace: Workspace, mode: Mode, patienceSeconds: Double = 10,
    clock: @escaping @Sendable () -> Int64 = Catalog.now, isStopAsked: @escaping @Sendable () -> Bool = { false }
  ) throws {
    self.workspace = workspace
    self.mode = mode
    self.clock = clock
    objects = ObjectStore(workspace)
    stop = StatementStop(isStopAsked)
    switch mode {
    case .readOnly:
      lock = nil
      database = try Self.openReadOnly(workspace, stop)
    case .readWrite:
      lock = try WriterLock(workspace, patienceSeconds: patienceSeconds)
      database = try Self.openReadWrite(workspace)
      try objects.clearStaging()
      try write { db in
        if try EventLog.head(db).seq == 0 { try EventLog.append(.created(schema: CatalogMigrations.version), db) }
      }
      _ = try recordedSigningKey()
      try restoreModelFiles()
    }
  }

  /// Makes or opens the workspace at `url` for writing, as every writing verb does.
  package static func openOrCreate(at url: URL) throws -> Catalog { try Catalog(Workspace.create(at: url), mode: .readWrite) }

  /// Opens an existing workspace for reading.
  package static func openForReading(at url: URL) throws -> Catalog { try Catalog(Workspace.open(at: url), mode: .readOnly) }

  /// The same for questions alone, which end at once when the user asks the program to stop.
  package static func openForQuestions(at url: URL) throws -> Catalog {
    try Catalog(Workspace.open(at: url), mode: .readOnly, isStopAsked: { Interruption.isRequested })
  }

  /// A catalog of nothing, in memory and for reading: what a shard sees where the workspace's is not.
  package static func empty(_ workspace: Workspace) throws -> Catalog {
    let queue = try DatabaseQueue()
    try CatalogMigrations.migrator.migrate(queue)
    return Catalog(workspace, queue)
  }

  private init(_ workspace: Workspace, _ database: DatabaseQueue) {
    self.workspace = workspace
    self.database = database
    mode = .readOnly
    clock = Self.now
    lock = nil
    stop = StatementStop { false }
    objects = ObjectStore(workspace)
  }

  /// Milliseconds since 1970.
  package static let now: @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }

  /// Ends all connections now. Without it they end with the last reference, which may be another thread's.
  package func closeConnections() throws { try database.close() }

  /// - Throws: `CatalogError.interrupted` when the user asked to stop, for loops over files.
  func checkStop() throws { if stop.isAsked() { throw CatalogError.interrupted } }

  /// Last `seq` and `hash` of the event chain: what an anchor signs.
  package func head() throws -> (seq: Int64, hash: ContentDigest) { try read { try EventLog.head($0) } }

  func read<T>(_ work: (Database) throws -> T) throws -> T {
    do { return try database.read(work) } catch { throw Self.explained(error) }
  }

  func write<T>(_ work: (Database) throws -> T) throws -> T {
    precondition(mode == .readWrite, "a catalog opened for reading cannot write")
    do { return try database.write(work) } catch { throw Self.explained(error) }
  }

  /// Turns SQLite's errors into ours; other errors pass.
  static func explained(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_FULL: return CatalogError.diskFull
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: return CatalogError.noPermission
    case .SQLITE_BUSY, .SQLITE_LOCKED: return CatalogError.workspaceBusy
    case .SQLITE_CORRUPT: return CatalogError.unreadable(reason: "the file is damaged")
    case .SQLITE_NOTADB: return CatalogError.unreadable(reason: "it is not an SQLite file")
    case .SQLITE_CANTOPEN: return CatalogError.unreadable(reason: "the file cannot be opened")
    case .SQLITE_ERROR where error.message?.hasPrefix("no such table") == true: return CatalogError.olderSchema
    case .SQLITE_INTERRUPT: return CatalogError.interrupted
    case .SQLITE_IOERR: return CatalogError.unreadable(reason: "the disk reports an error")
    // What our own SQL may cause is a bug; anything else is the file's.
    case .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISUSE, .SQLITE_RANGE, .SQLITE_INTERNAL: return error
    default: return CatalogError.unreadable(reason: "SQLite reports error \(error.resultCode.rawValue)")
    }
  }

  static func openReadWrite(_ workspace: Workspace) throws -> any DatabaseWriter {
    let path = workspace.catalogFile.path
    try checkIsFile(path)
    // SQLite would make it readable by all; its -wal and -shm files take this mode.
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw DurableFile.failure("open") }
    close(descriptor)
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    configuration.label = "catalog"
    // Unique hashes touch a page of their own for each row: with SQLite's 2 MB of cache a large catalog is read and written over and over.
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000")
    }
    do {
      let pool = try DatabasePool(path: path, configuration: configuration)
      // One whose writer was killed before the first migration has the migrator's own table.
      let isNew = try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name != 'grdb_migrations'") == 0 }
      if !isNew { try pool.read { try checkIdentity($0) } }
      try CatalogMigrations.migrator.migrate(pool)
      return pool
    } catch { throw explained(error) }
  }

  private static func openReadOnly(_ workspace: Workspace, _ stop: StatementStop) throws -> any DatabaseWriter {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(30)
    configuration.label = "catalog"
    configuration.prepareDatabase { stop.watch($0) }
    let path = workspace.catalogFile.path
    try checkIsFile(path)
    func open(_ path: String) throws -> DatabaseQueue {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { try checkIdentity($0) }
      return queue
    }
    do {
      return try open(path)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN || error.resultCode == .SQLITE_READONLY {
      // A WAL catalog on read-only media: its shared memory cannot be made. Without a log to replay the file alone is complete.
      let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
      guard (log?[.size] as? Int ?? 0) == 0, access(path, R_OK) == 0 else { throw explained(error) }
      let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
      do { return try open("file://\(escaped)?immutable=1") } catch { throw explained(error) }
    } catch { throw explained(error) }
  }

  /// Refuses a link, pipe or folder in the catalog's place; one that is missing is left to SQLite.
  private static func checkIsFile(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    throw CatalogError.unreadable(reason: "catalog.sqlite is not a regular file")
  }

  private static func checkIdentity(_ db: Database) throws {
    guard try Int64.fetchOne(db, sql: "PRAGMA application_id") == CatalogMigrations.applicationID else {
      throw CatalogError.unreadable(reason: "it is not a ScanForge catalog")
    }
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard version <= CatalogMigrations.version else { throw CatalogError.newerSchema(found: version, known: CatalogMigrations.version) }
  }
}
