package import Foundation
import Glibc

/// Writes files that are either the old one or the new one, whole, whatever happens in between.
package enum AtomicFile {
  /// Writes to a hidden neighbor, flushes it to the disk, then renames it over `url`. A left-over neighbor of a killed
  /// process is overwritten by the next write.
  package static func write(_ bytes: Data, to url: URL) throws(CheckpointError) {
    let name = url.lastPathComponent
    let folder = url.deletingLastPathComponent()
    let neighbor = self.neighbor(of: url)
    func failure() -> CheckpointError { .unwritable(file: name, reason: String(cString: strerror(errno))) }

    let descriptor = open(neighbor.path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure() }
    var error: CheckpointError?
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else {
          error = failure()
          return
        }
        written += count
      }
    }
    if error == nil, fsync(descriptor) != 0 { error = failure() }
    if close(descriptor) != 0, error == nil { error = failure() }
    if error == nil, rename(neighbor.path, url.path) != 0 { error = failure() }
    if let error {
      unlink(neighbor.path)
      throw error
    }
    // The rename itself must survive a power cut; a file system that cannot sync a folder is left as it is.
    let folderDescriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      _ = fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }

  /// Where `write` prepares the new bytes of `url`.
  package static func neighbor(of url: URL) -> URL {
    url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).partial")
  }

  /// The system's sentence for a failed read, without the path.
  static func reason(of error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    if let underlying, underlying.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(underlying.code))) }
    if (error as NSError).code == CocoaError.fileReadNoSuchFile.rawValue { return String(cString: strerror(ENOENT)) }
    return "the file system refused"
  }
}
