package import Foundation
import GRDB
import Glibc

extension Catalog {
  /// Signs the head of the log as it is now.
  ///
  /// A workspace that has no recorded signing key gets one, with an event, and has to be opened for writing.
  /// - Throws: `AnchorError.signingKey`, `signingKeyNotRecorded`.
  package func makeAnchor() throws -> Anchor {
    let key = try recordedSigningKey()
    return try read { db in
      let head = try EventLog.head(db)
      return try Anchor(
        sequence: head.seq, head: head.hash, artifacts: Int64.fetchOne(db, sql: "SELECT max(id) FROM artifact") ?? 0,
        patients: Int64.fetchOne(db, sql: "SELECT count(*) FROM patient") ?? 0, runs: Int64.fetchOne(db, sql: "SELECT max(id) FROM run") ?? 0,
        timeMilliseconds: clock(), key: key)
    }
  }

  /// Writes an anchor to `file`, and a copy into `anchors/` where that may be written.
  ///
  /// - Throws: `AnchorError.notAnAnchor`, `disagrees` for a file that is there already and must not be lost.
  package func write(_ anchor: Anchor, to file: URL) throws {
    if access(file.path, F_OK) == 0 {
      guard let old = try Anchor.read(file) else { throw AnchorError.notAnAnchor }
      let hash = try read { try Data.fetchOne($0, sql: "SELECT hash FROM event WHERE seq = ?", arguments: [old.sequence]) }
      guard old.isGenuine, hash == old.head.data else { throw AnchorError.disagrees }
    }
    guard access(file.deletingLastPathComponent().path, F_OK) == 0 else { throw AnchorError.unreadable }
    try DurableFile.replace(file, with: anchor.fileBytes)
    do { try keep(anchor) } catch let error as CatalogError where error.isOfReadOnly {}
  }

  /// Puts a signed head of the log into `anchors/` and into the folder that `SCANFORGE_ANCHORS` names, as the end of each run does.
  ///
  /// The copy inside the workspace shows a catalog that was set back by mistake; against the owner of the workspace only a copy elsewhere helps.
  func keepAnchor() throws {
    let anchor = try makeAnchor()
    try keep(anchor)
    guard let elsewhere = ProcessInfo.processInfo.environment["SCANFORGE_ANCHORS"], !elsewhere.isEmpty else { return }
    let folder = URL(fileURLWithPath: elsewhere, isDirectory: true)
    guard access(folder.path, F_OK) == 0 else { throw AnchorError.folderMissing }
    try DurableFile.replace(folder.appendingPathComponent("\(anchor.signer.fingerprint)-\(Self.fileName(anchor))"), with: anchor.fileBytes)
  }

  private func keep(_ anchor: Anchor) throws {
    try DurableFile.makeFolder(workspace.anchors)
    try DurableFile.replace(workspace.anchors.appendingPathComponent(Self.fileName(anchor)), with: anchor.fileBytes)
  }

  /// Sorted by name, anchors stand in the order of their events.
  private static func fileName(_ anchor: Anchor) -> String { String(format: "%012lld.json", anchor.sequence) }

  /// The workspace's own anchors by file name; nil for a file that is none.
  package func keptAnchors() -> [(name: String, anchor: Anchor?)] { Self.keptAnchors(of: workspace) }

  static func keptAnchors(of workspace: Workspace) -> [(name: String, anchor: Anchor?)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: workspace.anchors.path)) ?? []
    // A name that begins with a dot is a copy that was being written.
    return names.filter { !$0.hasPrefix(".") }.sorted().map { name in
      (name, try? Anchor.read(workspace.anchors.appendingPathComponent(name)))
    }
  }

  /// The key that signs, after its public half was recorded by an event.
  func recordedSigningKey() throws -> SigningKey {
    if let key = try SigningKey.load(workspace), try isRecorded(key.signer) { return key }
    guard mode == .readWrite else { throw AnchorError.signingKeyNotRecorded }
    let key = try SigningKey.loadOrCreate(workspace)
    try write { db in
      let sequence = try EventLog.append(.signingKey(key.signer), db)
      try db.execute(
        sql: "INSERT INTO signing_key (public_key, event_seq) VALUES (?, ?)", arguments: [key.signer.publicKey, sequence])
    }
    return key
  }

  /// How many signing keys this workspace has had.
  package func signerCount() throws -> Int {
    try read { db in try db.tableExists("signing_key") ? Int.fetchOne(db, sql: "SELECT count(*) FROM signing_key") ?? 0 : 0 }
  }

  private func isRecorded(_ signer: Signer) throws -> Bool {
    try read { db in
      guard try db.tableExists("signing_key") else { return false }
      return try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM signing_key WHERE public_key = ?)", arguments: [signer.publicKey]) ?? false
    }
  }
}
