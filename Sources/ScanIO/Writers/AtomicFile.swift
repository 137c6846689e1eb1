package import Diagnostics
import Glibc

/// Writes a file as a whole or not at all.
///
/// The bytes go to a temporary file in the same folder, reach the disk, and only then take the final name; a crash, a full disk or
/// Ctrl-C leaves either the old file or the new one, never half of it under a name that looks finished.
package enum AtomicFile {
  /// - Parameters:
  ///   - path: replaced when it exists. Its folder must exist.
  ///   - mode: permissions before the process's umask.
  package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(FileWriteError) {
    do {
      try write(to: path, mode: mode) { try writeAll(bytes, to: $0) }
    } catch let error as FileWriteError {
      throw error
    } catch {
      preconditionFailure("AtomicFile: \(error)")
    }
  }

  /// Writes what `body` puts into an open file, for files that are too large for memory.
  ///
  /// - Parameter body: gets the descriptor of the temporary file, open for reading and writing. What it throws leaves no file.
  package static func write(to path: String, mode: UInt32 = 0o644, _ body: (_ descriptor: Int32) throws -> Void) throws {
    let folder = folder(of: path)
    let temporary = temporaryPath(in: folder)
    let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(mode))
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
    do {
      do {
        try body(descriptor)
        guard fsync(descriptor) == 0 else { throw FileWriteError(errno: errno) }
      } catch {
        close(descriptor)
        throw error
      }
      // Network file systems report a full disk here.
      guard close(descriptor) == 0 else { throw FileWriteError(errno: errno) }
      guard rename(temporary, path) == 0 else { throw FileWriteError(errno: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronize(folder: folder)
  }

  /// A name that nobody has, recognizable as left over should the process die.
  package static func temporaryPath(in folder: String) -> String {
    "\(folder)/.scanforge-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).partial"
  }

  /// Makes a folder with its parents; no error when it is there.
  package static func makeFolder(_ path: String) throws(FileWriteError) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw FileWriteError(errno: ENOTDIR) }
      return
    }
    let parent = folder(of: path)
    if parent != path, !parent.isEmpty { try makeFolder(parent) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileWriteError(errno: errno) }
  }

  /// Writes all bytes, going on after interruptions and short writes.
  package static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(FileWriteError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileWriteError(errno: errno)
      }
      done += count
    }
  }

  /// Makes the new name survive a power failure.
  private static func synchronize(folder: String) throws(FileWriteError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
    defer { close(descriptor) }
    // Some file systems cannot synchronize a folder and say EINVAL; the rename itself is done.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileWriteError(errno: errno) }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// Why a file could not be written. Texts name no path: output names may be the caller's own. `OutputError` adds the place that the user named.
package enum FileWriteError: ExplainedError, Equatable {
  case diskFull
  case permission
  case folderMissing
  case readOnly
  /// Anything else, by its `errno`.
  case system(Int32)

  package init(errno code: Int32) {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: self = .diskFull
    case EACCES, EPERM: self = .permission
    case ENOENT, ENOTDIR: self = .folderMissing
    case EROFS: self = .readOnly
    default: self = .system(code)
    }
  }

  package var kind: FailureKind { .surroundings }

  package var code: String {
    switch self {
    case .diskFull: "file.diskFull"
    case .permission: "file.permission"
    case .folderMissing: "file.folderMissing"
    case .readOnly: "file.readOnly"
    case .system: "file.write"
    }
  }

  package var what: String {
    switch self {
    case .diskFull: "the disk is full or the quota is used up"
    case .permission: "writing to the output folder is not permitted"
    case .folderMissing: "the output folder does not exist"
    case .readOnly: "the output folder is on a read-only file system"
    case .system(let number): "the output file cannot be written (\(String(cString: strerror(number))))"
    }
  }

  package var remedy: String {
    switch self {
    case .diskFull: "Free some space or choose another output folder, then run the command again."
    case .permission: "Change the folder's permissions or choose another output folder."
    case .folderMissing: "Create the folder or choose another one."
    case .readOnly, .system: "Choose another output folder."
    }
  }
}
