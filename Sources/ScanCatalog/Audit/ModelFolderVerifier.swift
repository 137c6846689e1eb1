import Foundation
import Glibc
import GRDB

/// Compares `models/<name>/` with the last publication of each name.
struct ModelFolderVerifier {
  let catalog: Catalog
  let history: EventReplay
  let report: (AuditFinding) -> Void

  /// - Returns: number of files.
  func verify() throws -> Int {
    var count = 0
    let root = catalog.workspace.models
    guard !isLinked(root, path: "models") else { return 0 }
    var strays = Set(names(in: root))
    for (name, publications) in history.models.sorted(by: { $0.key < $1.key }) {
      guard let (event, files) = publications.last, let folder = try? catalog.workspace.model(named: name) else { continue }
      strays.remove(Array(name.utf8))
      guard !isLinked(folder, path: "models/\(name)") else { continue }
      var others = Set(names(in: folder))
      for (file, leaf) in files.sorted(by: { $0.key < $1.key }) {
        others.remove(Array(file.utf8))
        count += 1
        let row = try recorded(name, file, event, leaf)
        // A changed row has its own finding.
        guard let sha256 = row?.text("sha256"), let id = row?.integer("id") else { continue }
        check(folder.appendingPathComponent(file), path: "models/\(name)/\(file)", sha256: sha256, id: id)
      }
      for _ in others { report(AuditFinding(.objectUnrecorded, "a file of model \(name) is in no row", path: "models/\(name)")) }
    }
    for _ in strays { report(AuditFinding(.objectUnrecorded, "something in models was never published", path: "models")) }
    return count
  }

  /// What lies behind a link is not the workspace's, whatever its bytes are today.
  private func isLinked(_ folder: URL, path: String) -> Bool {
    var status = stat()
    guard lstat(folder.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return false }
    report(AuditFinding(.objectSymlink, "a folder of models is something else", path: path))
    return true
  }

  /// The artifact that was published, if its row is still the one.
  private func recorded(_ name: String, _ file: String, _ event: Int64, _ leaf: ContentDigest) throws -> Row? {
    try catalog.read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT a.id, a.sha256 FROM model_file m CROSS JOIN artifact a ON a.id = m.artifact_id
          WHERE m.name = ? AND m.file = ? AND m.event_seq = ? AND a.leaf = ?
          """, arguments: [name, file, event, leaf.data])
    }
  }

  private func check(_ url: URL, path: String, sha256: String, id: Int64) {
    var status = stat()
    guard lstat(url.path, &status) == 0 else {
      report(AuditFinding(.objectMissing, "a file of a model is gone", artifact: id, sha256: sha256, path: path))
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      report(AuditFinding(.objectSymlink, "a file of a model is not a regular file", artifact: id, sha256: sha256, path: path))
      return
    }
    if (try? ObjectStore.digest(of: url))?.0.hex != sha256 {
      report(AuditFinding(.objectModified, "a file of a model is not what was published", artifact: id, sha256: sha256, path: path))
    }
  }

  private func names(in folder: URL) -> [[UInt8]] { FolderEntry.listIfAny(folder).map(\.name) }
}
