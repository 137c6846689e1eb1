import Foundation
import ScanCatalog

/// Everything below an export's root that is no folder, from the system's own listing: `FileManager` leaves out names that are not UTF-8, links to
/// folders and links to nothing without a word.
struct ExportFiles {
  /// Relative to the root, sorted.
  private(set) var paths: [String] = []
  /// As `paths`, of those that are not UTF-8: each byte beyond ASCII stands as `\xNN`.
  private(set) var unnamed: [String] = []
  /// Folders that cannot be listed.
  private(set) var closed: [String] = []

  init(below root: String) {
    list(try? FolderEntry.list(URL(fileURLWithPath: root)), below: [])
    paths.sort()
    unnamed.sort()
    closed.sort()
  }

  private mutating func list(_ entries: [FolderEntry]?, below folder: [UInt8]) {
    guard let entries else {
      closed.append(Self.shown(folder))
      return
    }
    for entry in entries {
      let path = folder + entry.name
      // A link is no folder, wherever it leads.
      if entry.isFolder {
        list(try? entry.listed(), below: path + [UInt8(ascii: "/")])
      } else if let text = String(validating: path, as: UTF8.self) {
        paths.append(text)
      } else {
        unnamed.append(Self.shown(path))
      }
    }
  }

  private static func shown(_ path: [UInt8]) -> String {
    String(validating: path, as: UTF8.self)
      ?? path.map { $0 < 0x80 ? String(UnicodeScalar($0)) : String(format: "\\x%02x", $0) }.joined()
  }
}
