import Foundation
import GRDB
import Glibc

/// A file of `runs/<id>/` as it was when its run ended: losses, pictures, reports.
struct RunFile {
  let run: Int64
  /// Below the run's folder.
  let name: String
  let bytes: Int64
  let sha256: ContentDigest
  let salt: [UInt8]

  /// SHA-256(salt || canonical row): what the event names, so that a row can be emptied and the log still holds.
  var leaf: ContentDigest {
    var row = CanonicalRow(capacity: 256)
    row.begin(salt: salt)
    row.add("bytes", bytes)
    row.add("name", name)
    row.add("run", run)
    row.add("sha256", sha256)
    return row.leaf()
  }

  /// nil for a row that is not whole.
  init?(row: Row) {
    guard let run = row.integer("run_id"), let name = row.text("name"), let bytes = row.integer("bytes"),
      let sha256 = row.text("sha256").flatMap({ ContentDigest(hex: $0) }), let salt = row.blob("salt")
    else { return nil }
    self.init(run: run, name: name, bytes: bytes, sha256: sha256, salt: salt)
  }

  private init(run: Int64, name: String, bytes: Int64, sha256: ContentDigest, salt: [UInt8]) {
    self.run = run
    self.name = name
    self.bytes = bytes
    self.sha256 = sha256
    self.salt = salt
  }

  /// The files that lie in `folder` now, by name.
  static func present(in folder: URL, of run: Int64) throws -> [RunFile] {
    try entries(in: folder).compactMap { name, entry in
      guard let name, entry.isFile else { return nil }
      let file = folder.appendingPathComponent(name)
      // Pictures and reports of patients, by whatever library they were written.
      chmod(file.path, 0o600)
      let (digest, count) = try ObjectStore.digest(of: file)
      return RunFile(run: run, name: name, bytes: count, sha256: digest, salt: Array(Salt()))
    }
  }

  /// Everything below `folder` but folders that hold something, by name; links are not followed. A name is nil where it is not UTF-8.
  static func entries(in folder: URL) -> [(name: String?, entry: FolderEntry)] {
    func below(_ entries: [FolderEntry], _ path: String?) -> [(name: String?, entry: FolderEntry)] {
      entries.flatMap { entry -> [(name: String?, entry: FolderEntry)] in
        let name = path.flatMap { path in entry.text.map { path + $0 } }
        let contents = entry.contents
        return contents.isEmpty ? [(name, entry)] : below(contents, name.map { $0 + "/" })
      }
    }
    return below(FolderEntry.listIfAny(folder), "")
  }

  /// Records them inside the current write transaction.
  static func record(_ files: [RunFile], of run: Int64, _ db: Database) throws {
    guard !files.isEmpty else { return }
    let leaves = Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.leaf) })
    let sequence = try EventLog.append(.runFiles(run: run, files: leaves), db)
    for file in files {
      try db.execute(
        sql: "INSERT INTO run_file (run_id, name, bytes, sha256, salt, event_seq) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [run, file.name, file.bytes, file.sha256.hex, Data(file.salt), sequence])
    }
  }

  /// Empties the rows of a run whose pictures may show a withdrawn patient, with an event. The caller removes the files.
  static func erase(of run: Int64, _ db: Database) throws {
    try EventLog.append(.runFilesErased(run: run), db)
    try db.execute(sql: "UPDATE run_file SET bytes = 0, sha256 = NULL, salt = NULL WHERE run_id = ?", arguments: [run])
  }
}
