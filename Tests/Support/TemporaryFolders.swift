import Foundation

/// The one folder below the system's temporary folder in which a test process keeps all of its own.
enum TemporaryFolders {
  private static let prefix = "scanforge-tests-"

  /// Made on first use, removed at exit.
  static let root: URL = {
    let parent = FileManager.default.temporaryDirectory
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] where name.hasPrefix(prefix) {
      guard let owner = Int32(name.dropFirst(prefix.count)), kill(owner, 0) != 0, errno == ESRCH else { continue }
      remove(parent.appendingPathComponent(name))
    }
    let url = parent.appendingPathComponent("\(prefix)\(getpid())")
    atexit { TemporaryFolders.remove(TemporaryFolders.root) }
    return url
  }()

  /// Removes a folder with all in it; what is mounted there is unmounted first.
  private static func remove(_ folder: URL) {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    for line in mounts.split(separator: "\n").reversed() {
      let words = line.split(separator: " ")
      if words.count > 1, words[1].hasPrefix(folder.path + "/") { unmount(String(words[1])) }
    }
    try? FileManager.default.removeItem(at: folder)
  }

  /// `umount2(2)` with MNT_DETACH: also while a process still sits there.
  private static func unmount(_ path: String) {
    typealias Unmount = @convention(c) (UnsafePointer<CChar>, Int32) -> Int32
    guard let symbol = dlsym(nil, "umount2") else { return }
    _ = unsafeBitCast(symbol, to: Unmount.self)(path, 2)
  }
}
