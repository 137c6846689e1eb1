import Foundation
import Glibc
import GRDB

/// The steps of a withdrawal within the catalog and `objects/`. In this order a program may be killed between any two of them: what is there
/// verifies, and the same withdrawal run again goes on.
extension RunHandle {
  /// First: the events and states. The patient's images and the exports that hold some are withdrawn, what models made of them is tainted, and
  /// the catalog forgets what the folders of `trace.runs` hold, which the caller empties next.
  package func markWithdrawn(_ trace: PatientTrace) throws {
    try catalog.write { db in
      for export in trace.exports where export.holdsOwn && Self.isToBeWithdrawn.contains(export.record.state) {
        try ArtifactStates.set(.withdrawn, of: [(export.record.id.rawValue, Catalog.leaf(of: export.record.id, db))], run: self.id.rawValue, db)
      }
      let touched = try TouchedByPatient(trace.patient, db)
      try touched.forEachBatch(.own, in: Self.isToBeWithdrawn) { try ArtifactStates.set(.withdrawn, of: $0, run: self.id.rawValue, db) }
      try touched.forEachBatch(.others(Self.isTainted), in: [.active]) { try ArtifactStates.set(.tainted, of: $0, run: self.id.rawValue, db) }
      try touched.drop()
      for run in trace.runs.sorted() {
        let hasFiles = "SELECT EXISTS (SELECT 1 FROM run_file WHERE run_id = ? AND sha256 IS NOT NULL)"
        if try Bool.fetchOne(db, sql: hasFiles, arguments: [run.rawValue]) == true { try RunFile.erase(of: run.rawValue, db) }
      }
      if !trace.isWithdrawn {
        // The tombstone: it names nobody but a random number.
        try EventLog.append(.patientState(run: self.id.rawValue, state: ArtifactState.withdrawn.rawValue, patients: [trace.patient]), db)
        try db.execute(sql: "UPDATE patient SET state = 'withdrawn' WHERE id = ?", arguments: [trace.patient])
      }
    }
  }

  private static let isToBeWithdrawn = [ArtifactState.active, .superseded, .tainted]
  /// What learned from the patient, and what that made. Data sets and exports hold what others gave, too.
  private static let isTainted = [ArtifactKind.model, .checkpoint, .image, .slice, .mask, .grid]

  /// Second: the objects, but for contents that someone else has as well.
  ///
  /// - Returns: number of objects that were removed.
  package func purgeObjects(of trace: PatientTrace) throws -> Int {
    let records = trace.images + trace.exports.filter(\.holdsOwn).map(\.record)
    var folders: Set<URL> = []
    var count = 0
    for digest in Set(records.compactMap(\.sha256)) {
      let isShared = try catalog.read { db in
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM (\(ContentIndex.sql)) c CROSS JOIN artifact a ON a.id = c.artifact
            WHERE a.sha256 = ?1 AND a.state != 'withdrawn')
            """, arguments: [digest.hex])
      }
      guard isShared == false else { continue }
      let url = catalog.objects.url(of: digest)
      if unlink(url.path) == 0 { count += 1 } else if errno != ENOENT { throw DurableFile.failure("unlink") }
      if access(url.deletingLastPathComponent().path, F_OK) == 0 { folders.insert(url.deletingLastPathComponent()) }
    }
    try DurableFile.sync(folders)
    return count
  }

  /// Third: what the rows tell of a person. Leaf, edges and the random id stay, so history still verifies.
  package func erase(_ trace: PatientTrace) throws {
    try catalog.eraseSecurely { db in
      func erase(where condition: String, _ value: Int64) throws {
        try ContentIndex.forget(db, where: "state = 'withdrawn' AND \(condition)", value)
        try db.execute(
          sql: """
            UPDATE artifact SET sha256 = NULL, key = NULL, salt = NULL, bytes = 0, label = NULL, attributes = '{}'
            WHERE state = 'withdrawn' AND sha256 IS NOT NULL AND \(condition)
            """, arguments: [value])
      }
      try erase(where: "patient_id = ?", trace.patient)
      for export in trace.exports where export.holdsOwn { try erase(where: "id = ?", export.record.id.rawValue) }
      try db.execute(sql: "UPDATE patient SET pseudonym = NULL, salt = NULL, consent = NULL WHERE id = ?", arguments: [trace.patient])
    }
    try catalog.scrub()
  }
}

extension Catalog {
  /// A write after which SQLite overwrites with zeros what it deletes.
  fileprivate func eraseSecurely(_ work: (Database) throws -> Void) throws {
    precondition(mode == .readWrite, "a catalog opened for reading cannot write")
    do {
      try database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA secure_delete = ON")
        try db.inTransaction(.immediate) {
          try work(db)
          return .commit
        }
      }
    } catch { throw Self.explained(error) }
  }

  /// For a disk that is nearly full: what was written before goes from the log into the file, and the log stays below a mebibyte or so, until the
  /// catalog is closed. Otherwise it grows to 32 MiB before that.
  package func keepLogShort() throws {
    precondition(mode == .readWrite, "a catalog opened for reading cannot write")
    do {
      try database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 128")
        // Someone who reads an older state holds it back; that is no reason to stop.
        _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
      }
    } catch { throw Self.explained(error) }
  }

  /// Last: rewrites the file without free pages and empties the log, where erased values may still stand. May be done again at any time.
  ///
  /// - Throws: `CatalogError.workspaceBusy` while someone reads an older state.
  package func scrub() throws {
    precondition(mode == .readWrite, "a catalog opened for reading cannot write")
    do {
      try database.writeWithoutTransaction { db in
        try checkpoint(db)
        try db.execute(sql: "VACUUM")
        try checkpoint(db)
      }
    } catch { throw Self.explained(error) }
  }

  private func checkpoint(_ db: Database) throws {
    // busy, pages in the log, pages moved
    let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    if row?[0] == 1 { throw CatalogError.workspaceBusy }
  }
}
