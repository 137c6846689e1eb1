import Crypto
import Foundation

/// The key's file: 32 raw bytes, mode 0600, in a folder of mode 0700.
extension PseudonymKey {
  /// Reads the key at `path`, or makes the file (and its folder) with a new key when there is none.
  ///
  /// Two programs that start together agree: the file is created exclusively, and the loser reads the winner's.
  /// - Throws: `KeyFileError`.
  package static func loadOrCreate(_ path: String) throws(KeyFileError) -> (key: PseudonymKey, isNew: Bool) {
    if access(path, F_OK) == 0 { return (try load(path), false) }
    let key = random()
    do {
      try key.create(path)
      return (key, true)
    } catch .exists {
      return (try load(path), false)
    }
  }

  /// Reads the key at `path`. Permissions that let others read are taken away before the key is used.
  package static func load(_ path: String) throws(KeyFileError) -> PseudonymKey {
    // Without waiting: a pipe without a writer would hold the open for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw errno == ENOENT ? .missing : .unreadable(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAKey }
    if status.st_mode & 0o077 != 0, fchmod(descriptor, 0o600) != 0, errno != EROFS { throw .tooOpen }
    var bytes = [UInt8](repeating: 0, count: byteCount + 1)
    let count = read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw .unreadable(errno) }
    guard let key = PseudonymKey(bytes: Array(bytes.prefix(count))) else { throw .notAKey }
    return key
  }

  /// Writes the key to a new file; never over an old one.
  ///
  /// The bytes are complete on disk before the name appears, so an interruption leaves no half key.
  package func create(_ path: String) throws(KeyFileError) {
    // Not by NSString, which traps on a path of one character.
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    if !folder.isEmpty, access(folder, F_OK) != 0 {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw .unwritable(errno)
      }
    }
    let temporary = path + ".new-\(getpid())-\(UInt32.random(in: .min ... .max))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .unwritable(errno) }
    defer {
      close(descriptor)
      unlink(temporary)
    }
    let bytes = self.bytes
    guard fchmod(descriptor, 0o600) == 0, write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      throw .unwritable(errno)
    }
    // link, not rename: it fails when the name is taken.
    guard link(temporary, path) == 0 else { throw errno == EEXIST ? .exists : .unwritable(errno) }
  }

  /// Puts a new key in the place of the one at `path`, which is kept beside it as `<name>.<fingerprint>`.
  package static func rotate(_ path: String) throws(KeyFileError) -> (old: PseudonymKey, new: PseudonymKey) {
    let old = try load(path)
    let kept = path + "." + old.fingerprint
    guard link(path, kept) == 0 || errno == EEXIST else { throw .unwritable(errno) }
    let new = random()
    let staged = path + ".next"
    unlink(staged)
    try new.create(staged)
    guard rename(staged, path) == 0 else { throw .unwritable(errno) }
    return (old, new)
  }
}
