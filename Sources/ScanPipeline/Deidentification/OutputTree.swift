import Crypto
import Diagnostics
import Foundation
import ScanIO
import Synchronization

/// A folder that files are added to, each whole or not at all, none over another.
///
/// Bytes are staged in a hidden folder beside their destination, on any thread; when a group of them has reached the disk, publishing gives
/// them their names by hard links, which fail when a name is taken. So a run can be interrupted anywhere and repeated: what is there stays,
/// what is missing is added.
final class OutputTree: Sendable {
  enum Outcome: Sendable {
    case written
    /// The same bytes were there already.
    case unchanged
  }

  /// Bytes on disk that have no name yet.
  struct Staged: Sendable {
    fileprivate let path: String
    let bytes: Int
  }

  private static let stagingPrefix = ".scanforge-partial-"
  let root: String
  private let staging: String
  /// Folders that are there.
  private let known = Mutex<Set<String>>([])

  /// Makes the folder, and takes away what an interrupted run left in staging.
  init(root: String) throws(FileWriteError) {
    self.root = root
    staging = root + "/" + OutputTree.stagingPrefix + "\(getpid())"
    try AtomicFile.makeFolder(root)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] where name.hasPrefix(OutputTree.stagingPrefix) {
      let owner = Int32(name.dropFirst(OutputTree.stagingPrefix.count)) ?? 0
      // A process that still runs may be at work on the same folder.
      if owner == getpid() || owner <= 0 || (kill(owner, 0) != 0 && errno == ESRCH) {
        try? FileManager.default.removeItem(atPath: root + "/" + name)
      }
    }
    try AtomicFile.makeFolder(staging)
  }

  func stage(_ bytes: [UInt8]) throws(FileWriteError) -> Staged {
    let path = "\(staging)/\(UInt64.random(in: 0...UInt64.max))"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
    do {
      try AtomicFile.writeAll(bytes, to: descriptor)
    } catch {
      _ = Foundation.close(descriptor)
      throw error
    }
    // Network file systems report a full disk here.
    guard Foundation.close(descriptor) == 0 else { throw FileWriteError(errno: errno) }
    return Staged(path: path, bytes: bytes.count)
  }

  /// Waits until everything staged is on the disk: once for a group, since a file by itself costs as much.
  func synchronize() throws(FileWriteError) {
    let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
    defer { _ = Foundation.close(descriptor) }
    guard let synchronizeFileSystem = OutputTree.synchronizeFileSystem else { return sync() }
    guard synchronizeFileSystem(descriptor) == 0 else { throw FileWriteError(errno: errno) }
  }

  /// `syncfs(2)`, which Swift's view of the C library lacks.
  private static let synchronizeFileSystem: (@convention(c) (Int32) -> Int32)? = dlsym(nil, "syncfs").map {
    unsafeBitCast($0, to: (@convention(c) (Int32) -> Int32).self)
  }

  /// Bytes of the published file of that name; nil when there is none.
  func size(of path: String) -> Int? {
    var status = stat()
    guard lstat(root + "/" + path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Gives staged bytes that `synchronize` has waited for their name.
  ///
  /// - Parameter path: below the root, `/` between parts.
  /// - Throws: `OutputConflict` when another file has the name; `FileWriteError`.
  func publish(_ staged: Staged, as path: String) throws -> Outcome {
    let target = root + "/" + path
    let folder = (target as NSString).deletingLastPathComponent
    if !known.withLock({ $0.contains(folder) }) {
      try AtomicFile.makeFolder(folder)
      _ = known.withLock { $0.insert(folder) }
    }
    if link(staged.path, target) == 0 {
      unlink(staged.path)
      return .written
    }
    switch errno {
    case EEXIST: break
    case EPERM, ENOTSUP, ENOSYS, EMLINK:
      // A file system without hard links: nobody else writes here, so looking first is enough.
      if access(target, F_OK) != 0 {
        guard rename(staged.path, target) == 0 else { throw FileWriteError(errno: errno) }
        return .written
      }
    default: throw FileWriteError(errno: errno)
    }
    guard isPublished(staged, as: path) else { throw OutputConflict() }
    unlink(staged.path)
    return .unchanged
  }

  /// True when the file of that name holds the same bytes.
  func isPublished(_ staged: Staged, as path: String) -> Bool {
    var status = stat()
    guard lstat(root + "/" + path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return FileManager.default.contentsEqual(atPath: staged.path, andPath: root + "/" + path)
  }

  func digest(of staged: Staged) throws(FileWriteError) -> SHA256.Digest { try OutputTree.digest(ofFileAt: staged.path) }

  /// Of a published file.
  func digest(of path: String) throws(FileWriteError) -> SHA256.Digest { try OutputTree.digest(ofFileAt: root + "/" + path) }

  private static func digest(ofFileAt path: String) throws(FileWriteError) -> SHA256.Digest {
    guard let content = FileManager.default.contents(atPath: path) else { throw FileWriteError(errno: errno) }
    return SHA256.hash(data: content)
  }

  /// Takes the staging folder away and makes all names last.
  func close() {
    try? FileManager.default.removeItem(atPath: staging)
    try? synchronize()
  }

}

/// An output of that name exists and differs.
struct OutputConflict: ExplainedError, Equatable {
  var kind: FailureKind { .item }
  var code: String { "output.conflict" }
  var what: String { "another file is already there under this item's output name, with other content" }
  var remedy: String { "Choose an empty output folder, or remove the file if it is out of date." }
}
