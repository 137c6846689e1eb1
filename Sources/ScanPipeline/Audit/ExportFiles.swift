import Foundation

/// Everything below an export's root that is no folder, from the system's own listing: `FileManager` leaves out names that are not UTF-8, links to
/// folders and links to nothing without a word.
struct ExportFiles {
  /// Relative to the root, sorted.
  private(set) var paths: [String] = []
  /// As `paths`, of those that are not UTF-8: each byte beyond ASCII stands as `\xNN`.
  private(set) var unnamed: [String] = []
  /// Folders that cannot be listed.
  private(set) var closed: [String] = []

  private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

  init(below root: String) {
    list(Array(root.utf8) + [UInt8(ascii: "/")], below: [])
    paths.sort()
    unnamed.sort()
    closed.sort()
  }

  private mutating func list(_ root: [UInt8], below folder: [UInt8]) {
    guard let entries = Self.entries(of: root + folder) else {
      closed.append(Self.shown(folder))
      return
    }
    for name in entries {
      let path = folder + name
      var status = stat()
      // A link is no folder, wherever it leads.
      if (root + path).withCString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR {
        list(root, below: path + [UInt8(ascii: "/")])
      } else if let text = String(validating: path, as: UTF8.self) {
        paths.append(text)
      } else {
        unnamed.append(Self.shown(path))
      }
    }
  }

  /// Names as the file system has them; nil when the folder cannot be read.
  private static func entries(of folder: [UInt8]) -> [[UInt8]]? {
    guard let stream = folder.withCString({ opendir($0) }) else { return nil }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      // The record is as long as its name: nothing behind the name's NUL may be touched.
      let name = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: CChar.self)
      let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
      if !bytes.elementsEqual(".".utf8), !bytes.elementsEqual("..".utf8) { names.append(Array(bytes)) }
    }
    return errno == 0 ? names : nil
  }

  private static func shown(_ path: [UInt8]) -> String {
    String(validating: path, as: UTF8.self)
      ?? path.map { $0 < 0x80 ? String(UnicodeScalar($0)) : String(format: "\\x%02x", $0) }.joined()
  }
}

extension [UInt8] {
  fileprivate func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (self + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
  }
}
