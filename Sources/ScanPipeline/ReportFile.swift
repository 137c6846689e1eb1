package import Foundation
import ScanIO

/// Where a report, or another file that was asked for, goes: a file that is not there yet, in a folder that takes it.
package enum ReportFile {
  /// Finds out before the work whether the report can be written after it.
  ///
  /// - Parameter inputs: files and folders that are read; no report may lie inside one.
  /// - Throws: `EvaluationError.reportExists`, `.reportInsideInput`; `OutputError` when the folder is missing, is none or may not be written.
  package static func check(_ url: URL, inputs: [URL] = []) throws {
    if FileManager.default.fileExists(atPath: url.path) { throw EvaluationError.reportExists }
    let folder = url.standardizedFileURL.deletingLastPathComponent()
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw OutputError(.folderMissing, at: folder.path)
    }
    try OutputFolder.checkWritable(folder)
    let target = OutputFolder.resolved(url)
    if inputs.contains(where: { OutputFolder.holds(OutputFolder.resolved($0), target) }) { throw EvaluationError.reportInsideInput }
  }

  /// - Parameter mode: permissions before the process's umask.
  /// - Throws: as `check`.
  package static func write(_ bytes: [UInt8], to url: URL, mode: UInt32 = 0o644) throws {
    try check(url)
    try OutputError.naming(url.standardizedFileURL.deletingLastPathComponent().path) { try AtomicFile.write(bytes, to: url.path, mode: mode) }
  }
}
