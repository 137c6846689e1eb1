import Foundation
import GRDB
import Glibc

/// Compares `runs/<id>/` of every run that ended with what its end recorded.
struct RunFolderVerifier {
  let catalog: Catalog
  let history: EventReplay
  /// False while another program writes.
  let isQuiet: Bool
  let report: (AuditFinding) -> Void

  /// - Returns: number of files that were hashed.
  func verify(_ summary: inout AuditSummary) throws -> Int {
    let recorded = try rows()
    var status = stat()
    if lstat(catalog.workspace.runs.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      report(AuditFinding(.objectSymlink, "the folder of runs is something else", path: "runs"))
    }
    var count = 0
    var open = 0
    // A training that was cut off keeps its checkpoints here until it is resumed.
    for entry in FolderEntry.listIfAny(catalog.workspace.runs) where !(entry.text?.hasPrefix("training-") ?? false) {
      guard let id = entry.text.flatMap({ Int64($0) }), let run = history.runs[id] else {
        if isQuiet { report(AuditFinding(.objectUnrecorded, "something in runs belongs to no run", path: "runs")) }
        continue
      }
      if run.ended == nil || history.runFilesBegin.map({ run.event < $0 }) ?? true { open += 1 }
    }
    for (id, run) in history.runs.sorted(by: { $0.key < $1.key }) where run.ended != nil {
      guard let begin = history.runFilesBegin, run.event >= begin else { continue }
      count += try verify(id, recorded[id] ?? [:])
    }
    if open > 0 { summary.notChecked["runs.open"] = "the files of \(open) runs that did not end, or that an older scanforge made" }
    return count
  }

  private func rows() throws -> [Int64: [String: RunFile]] {
    guard history.schema >= 2 else { return [:] }
    return try catalog.read { db in
      var files: [Int64: [String: RunFile]] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT * FROM run_file") {
        if let file = RunFile(row: row) { files[file.run, default: [:]][file.name] = file }
      }
      return files
    }
  }

  private func verify(_ run: Int64, _ files: [String: RunFile]) throws -> Int {
    let folder = catalog.workspace.runs.appendingPathComponent(String(run), isDirectory: true)
    let path = "runs/\(run)"
    var count = 0
    var status = stat()
    if lstat(folder.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      report(AuditFinding(.objectSymlink, "the folder of run \(run) is something else", path: path))
      return 0
    }
    var missing = files
    for (name, entry) in RunFile.entries(in: folder) {
      guard let name, let file = missing.removeValue(forKey: name) else {
        report(AuditFinding(entry.isFile || entry.isFolder ? .objectUnrecorded : .objectSymlink, "something in the folder of run \(run) was not there when it ended", path: path))
        continue
      }
      guard entry.isFile else {
        report(AuditFinding(.objectSymlink, "a file of run \(run) is not a regular file", path: "\(path)/\(name)"))
        continue
      }
      count += 1
      let found = try? ObjectStore.digest(of: folder.appendingPathComponent(name))
      if found?.0 != file.sha256 || found?.1 != file.bytes {
        report(AuditFinding(.objectModified, "a file of run \(run) is not what it left", sha256: file.sha256.hex, path: "\(path)/\(name)"))
      }
    }
    for name in missing.keys.sorted() { report(AuditFinding(.objectMissing, "a file of run \(run) is gone", path: "\(path)/\(name)")) }
    return count
  }
}
