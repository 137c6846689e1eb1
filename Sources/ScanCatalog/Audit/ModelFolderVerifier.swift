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
      guard let files = publications.last?.files, let folder = try? catalog.workspace.model(named: name) else { continue }
      strays.remove(name)
      guard !isLinked(folder, path: "models/\(name)") else { continue }
      var others = Set(names(in: folder))
      for (file, leaf) in files.sorted(by: { $0.key < $1.key }) {
        others.remove(file)
        count += 1
        try check(folder.appendingPathComponent(file), path: "models/\(name)/\(file)", leaf: leaf)
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

  private func check(_ url: URL, path: String, leaf: ContentDigest) throws {
    let row = try catalog.read { db in
      try Row.fetchOne(db, sql: "SELECT id, sha256 FROM artifact WHERE leaf = ?", arguments: [leaf.data])
    }
    // A changed row has its own finding.
    guard let row, let sha256 = row.text("sha256"), let id = row.integer("id") else { return }
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

  private func names(in folder: URL) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }
}
