import Foundation
import Glibc
import ScanCatalog
import ScanIO

/// A hidden folder in the export root where a format is written before it takes its name.
///
/// Order of `place`: flush all files, remove the manifest, swap the format's folder, write the new manifest. So a root that has a
/// manifest is whole, whenever the program was killed.
package final class ExportStaging {
  static let prefix = ".scanforge-export-"
  /// Every folder that an export made has it.
  static let metadataName = "metadata.csv"

  private let root: URL
  private let format: String
  private let folder: URL
  /// Holds the root's lock.
  private let descriptor: Int32
  private var files: [String] = []
  /// Bytes, not strings: two spellings of one accented name are two folders.
  private var folders: Set<[UInt8]> = []

  /// Makes the root when there is none, and locks it until this value goes.
  ///
  /// - Throws: `ExportError.folderNotOurs` when the root has a folder of this name that no export made, `.otherWorkspace` when it holds
  ///   a format that is not renewed and that this catalog does not know, `.busy`.
  init(root: URL, format: String, renewing renewed: Set<String>, catalog: Catalog) throws {
    self.root = root
    self.format = format
    try Self.refuseForeign(root, renewed, catalog)
    let isNewRoot = !FileManager.default.fileExists(atPath: root.path)
    try Self.naming(root) { try DurableFile.makeFolder(root) }
    // The export is for others to read; what is in it is de-identified.
    if isNewRoot { chmod(root.path, 0o755) }
    descriptor = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError(FileWriteError(errno: errno), at: root.path) }
    folder = root.appendingPathComponent(Self.prefix + UUID().uuidString, isDirectory: true)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw ExportError.busy }
    for name in try FileManager.default.contentsOfDirectory(atPath: root.path) where name.hasPrefix(Self.prefix) {
      try? FileManager.default.removeItem(at: root.appendingPathComponent(name))
    }
    try Self.naming(root) { try makeFolder("") }
  }

  /// Says where a disk takes no more: the workspace, whose errors these are otherwise, may lie on another one.
  ///
  /// - Throws: `OutputError` in the place of `CatalogError.diskFull` and `.noPermission`.
  private static func naming<Value>(_ root: URL, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch CatalogError.diskFull {
      throw OutputError(.diskFull, at: root.path)
    } catch CatalogError.noPermission {
      throw OutputError(.permission, at: root.path)
    }
  }

  deinit { close(descriptor) }

  private static func refuseForeign(_ root: URL, _ renewed: Set<String>, _ catalog: Catalog) throws {
    for name in ExportRegistry.names {
      let folder = root.appendingPathComponent(name, isDirectory: true)
      guard FileManager.default.fileExists(atPath: folder.path) else { continue }
      let metadata = folder.appendingPathComponent(metadataName)
      guard FileManager.default.fileExists(atPath: metadata.path) else {
        // Another format's folder that is not ours is the user's own.
        if renewed.contains(name) { throw ExportError.folderNotOurs(name) }
        continue
      }
      guard !renewed.contains(name) else { continue }
      let digest = try ObjectStore.digest(of: metadata).0
      guard try catalog.artifacts(sha256: digest).contains(where: { $0.kind == .export }) else { throw ExportError.otherWorkspace(name) }
    }
  }

  /// Makes `relative` (below the format's folder) with its parents.
  private func makeFolder(_ relative: String) throws {
    guard folders.insert(Array(relative.utf8)).inserted else { return }
    if let slash = relative.lastIndex(of: "/") { try makeFolder(String(relative[..<slash])) }
    let path = relative.isEmpty ? folder.path : folder.path + "/" + relative
    guard mkdir(path, 0o755) == 0 else { throw DurableFile.failure("mkdir") }
    chmod(path, 0o755)
  }

  /// Writes one file and the folders above it; on disk after `place`.
  func write(_ bytes: [UInt8], to relative: String) throws {
    try Self.naming(root) {
      try makeFolder(relative.lastIndex(of: "/").map { String(relative[..<$0]) } ?? "")
      try DurableFile.write(bytes, to: folder.appendingPathComponent(relative), mode: 0o644)
    }
    files.append(relative)
  }

  /// Takes the format's name and renews the manifest over the whole root.
  func place() throws { try Self.naming(root) { try takeName() } }

  private func takeName() throws {
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
