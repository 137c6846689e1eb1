import Foundation
import Glibc
import ScanCatalog

/// A hidden folder in the export root where a format is written before it takes its name.
///
/// Order of `place`: flush all files, remove the manifest, swap the format's folder, write the new manifest. So a root that has a
/// manifest is whole, whenever the program was killed.
struct ExportStaging {
  static let prefix = ".scanforge-export-"
  /// Every folder that an export made has it.
  static let metadataName = "metadata.csv"

  let root: URL
  let format: String
  let folder: URL

  /// - Throws: `ExportError.folderNotOurs` when the root has a folder of this name that no export made.
  init(root: URL, format: String) throws {
    self.root = root
    self.format = format
    let target = root.appendingPathComponent(format, isDirectory: true)
    let hasTarget = FileManager.default.fileExists(atPath: target.path)
    guard !hasTarget || FileManager.default.fileExists(atPath: target.appendingPathComponent(Self.metadataName).path) else {
      throw ExportError.folderNotOurs(format)
    }
    let isNewRoot = !FileManager.default.fileExists(atPath: root.path)
    try DurableFile.makeFolder(root)
    // The export is for others to read; what is in it is de-identified.
    if isNewRoot { chmod(root.path, 0o755) }
    for name in try FileManager.default.contentsOfDirectory(atPath: root.path) where name.hasPrefix(Self.prefix) {
      try? FileManager.default.removeItem(at: root.appendingPathComponent(name))
    }
    folder = root.appendingPathComponent(Self.prefix + UUID().uuidString, isDirectory: true)
    try makeFolder("")
  }

  /// Makes `relative` (below the format's folder) with its parents.
  func makeFolder(_ relative: String) throws {
    let url = relative.isEmpty ? folder : folder.appendingPathComponent(relative, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    } catch {
      throw DurableFile.failure("mkdir")
    }
  }

  /// Writes one file; on disk after `place`.
  func write(_ bytes: [UInt8], to relative: String) throws {
    try DurableFile.write(bytes, to: folder.appendingPathComponent(relative), mode: 0o644)
  }

  /// Takes the format's name and renews the manifest over the whole root.
  func place(files: [String]) throws {
    try DurableFile.sync(files.map { folder.appendingPathComponent($0) })
    let manifest = root.appendingPathComponent(Manifest.fileName)
    if unlink(manifest.path) != 0, errno != ENOENT { throw DurableFile.failure("unlink") }
    try DurableFile.sync(root)
    let target = root.appendingPathComponent(format, isDirectory: true)
    if FileManager.default.fileExists(atPath: target.path) {
      let old = root.appendingPathComponent(Self.prefix + UUID().uuidString, isDirectory: true)
      try DurableFile.move(target, to: old)
      try DurableFile.move(folder, to: target)
      try? FileManager.default.removeItem(at: old)
    } else {
      try DurableFile.move(folder, to: target)
    }
    try DurableFile.replace(manifest, with: Array(Manifest.text(of: root).utf8), mode: 0o644)
  }

  func discard() { try? FileManager.default.removeItem(at: folder) }
}
