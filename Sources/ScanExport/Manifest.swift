import Foundation
import Glibc
import ScanCatalog

/// `MANIFEST.sha256`: every file under an export root, in the form that `sha256sum --check` reads, sorted by path.
package enum Manifest {
  package static let fileName = "MANIFEST.sha256"

  /// Hashes everything below `root` but the manifest itself.
  ///
  /// - Throws: `ExportError.notARegularFile` for links and devices: their content is not the export's.
  static func text(of root: URL) throws -> String {
    var lines: [(path: String, digest: ContentDigest)] = []
    for path in try files(below: root) where path != fileName {
      lines.append((path, try ObjectStore.digest(of: root.appendingPathComponent(path)).0))
    }
    lines.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    return lines.map(line).joined()
  }

  /// `HEX  PATH`; a path with a backslash or line end is escaped and the line begins with a backslash, as coreutils does it.
  private static func line(_ entry: (path: String, digest: ContentDigest)) -> String {
    let escaped = entry.path.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\r", with: "\\r")
    return (escaped == entry.path ? "" : "\\") + "\(entry.digest)  \(escaped)\n"
  }

  private static func files(below root: URL) throws -> [String] {
    var found: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      let url = folder.isEmpty ? root : root.appendingPathComponent(folder, isDirectory: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: url.path) {
        // A label may be called like a staging folder; one of those stands in the root alone.
        if folder.isEmpty, name.hasPrefix(ExportStaging.prefix) { continue }
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        var status = stat()
        guard lstat(root.appendingPathComponent(path).path, &status) == 0 else { throw DurableFile.failure("stat") }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: folders.append(path)
        case S_IFREG: found.append(path)
        default: throw ExportError.notARegularFile
        }
      }
    }
    return found
  }
}
