import Foundation

/// The names in one folder, from the system's own listing: `FileManager` leaves out names that are not UTF-8 without a word.
struct FolderEntries {
  /// Valid UTF-8, without a leading dot, in no order.
  private(set) var names: [String] = []
  /// Names that begin with a dot, without `.` and `..`.
  private(set) var hidden = 0
  /// Other names that are not valid UTF-8.
  private(set) var unreadable = 0
  /// It holds `catalog.sqlite` and a folder `objects`.
  let isWorkspace: Bool

  private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

  /// nil when the folder cannot be read.
  init?(of folder: String) {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      // The record is as long as its name: nothing behind the name's NUL may be touched.
      let name = UnsafeRawPointer(entry).advanced(by: FolderEntries.nameOffset).assumingMemoryBound(to: UInt8.self)
      let bytes = Array(UnsafeBufferPointer(start: name, count: strlen(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))))
      if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
      if bytes.first == 0x2E {
        hidden += 1
      } else if let name = String(validating: bytes, as: UTF8.self) {
        names.append(name)
      } else {
        unreadable += 1
      }
    }
    guard errno == 0 else { return nil }
    var status = stat()
    isWorkspace =
      names.contains("catalog.sqlite") && lstat(folder + "/objects", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
