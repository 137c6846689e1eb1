import Foundation

/// Reads a file's bytes: regular files only, within a size limit, never mapped (a file that shrinks under a mapping raises a signal).
enum ScanFile {
  static let maximumBytes = 1 << 30

  static func bytes(atPath path: String, limit: Int = maximumBytes) throws(ScanFileError) -> [UInt8] {
    // O_NONBLOCK: opening a pipe that nobody writes to must not hang.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .directory
    default: throw .notRegular
    }
    let count = Int(status.st_size)
    guard count <= limit else { throw .tooLarge(limitBytes: limit) }
    var trouble: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = read(descriptor, buffer.baseAddress! + filled, count - filled)
        if got < 0 {
          if errno == EINTR { continue }
          trouble = errno
          return
        }
        if got == 0 { return }
        filled += got
      }
    }
    guard trouble == 0 else { throw failure(trouble) }
    guard bytes.count == count else { throw .changed }
    return bytes
  }

  private static func failure(_ number: Int32) -> ScanFileError {
    switch number {
    case ENOENT, ENOTDIR: .missing
    case EACCES, EPERM: .denied
    case EISDIR: .directory
    case ENXIO: .notRegular
    default: .unreadable(number)
    }
  }
}
