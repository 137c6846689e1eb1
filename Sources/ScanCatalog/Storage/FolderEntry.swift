package import Foundation
import Glibc

/// Something that lies in a folder, by the bytes of its name: Foundation's listings leave out a name that is not UTF-8.
package struct FolderEntry: Sendable {
  package let name: [UInt8]
  /// File type bits, links not followed.
  package let kind: mode_t
  package let bytes: Int64
  /// With the folder's, as the system takes it.
  private let path: [UInt8]

  /// The name as text; nil for one that is not UTF-8, which ScanForge never gives.
  package var text: String? { String(validating: name, as: UTF8.self) }
  package var isFile: Bool { kind == S_IFREG }
  package var isFolder: Bool { kind == S_IFDIR }
  package var isHidden: Bool { name.first == UInt8(ascii: ".") }

  /// What lies in `folder`, by the bytes of the names.
  ///
  /// - Throws: `CatalogError` when the folder is not there, is something else, or cannot be read.
  package static func list(_ folder: URL) throws -> [FolderEntry] { try list(path: Array(folder.path.utf8)) }

  /// As `list`; empty for a folder that cannot be listed.
  package static func listIfAny(_ folder: URL) -> [FolderEntry] { (try? list(folder)) ?? [] }

  /// What lies in this folder.
  ///
  /// - Throws: as `list`.
  package func listed() throws -> [FolderEntry] { try Self.list(path: path) }

  /// As `listed`; empty for anything else and for a folder that cannot be listed.
  package var contents: [FolderEntry] { isFolder ? (try? listed()) ?? [] : [] }

  /// Removes it, with all that it holds; links are not followed.
  package func remove() throws {
    for entry in contents { try entry.remove() }
    let failed = Self.withPath(path) { isFolder ? rmdir($0) : unlink($0) } != 0
    if failed, errno != ENOENT { throw DurableFile.failure("remove") }
  }

  private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

  private static func list(path: [UInt8]) throws -> [FolderEntry] {
    let descriptor = withPath(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0, let stream = fdopendir(descriptor) else { throw DurableFile.failure("open") }
    defer { closedir(stream) }
    var entries: [FolderEntry] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      // The record is as long as its name: nothing behind the name's NUL may be touched.
      let start = UnsafeRawPointer(entry).advanced(by: nameOffset)
      let name = Array(UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
      guard name != [0x2E], name != [0x2E, 0x2E] else { continue }
      var status = stat()
      let full = path + [UInt8(ascii: "/")] + name
      guard withPath(full, { lstat($0, &status) }) == 0 else { continue }
      entries.append(FolderEntry(name: name, kind: status.st_mode & S_IFMT, bytes: Int64(status.st_size), path: full))
    }
    guard errno == 0 else { throw DurableFile.failure("readdir") }
    return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  private static func withPath<T>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> T) -> T {
    (path + [0]).withUnsafeBufferPointer { $0.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) } }
  }
}
