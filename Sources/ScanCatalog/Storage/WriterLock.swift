import Foundation
import Glibc

/// Holds a workspace's writer lock (flock(2) on `lock`) until it is let go: one program writes, any number read.
final class WriterLock: Sendable {
  private let descriptor: Int32

  /// Waits up to `patienceSeconds` for another writer to end.
  ///
  /// - Throws: `CatalogError.workspaceBusy`.
  init(_ workspace: Workspace, patienceSeconds: Double) throws {
    descriptor = open(workspace.lockFile.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw DurableFile.failure("open") }
    let deadline = Date().addingTimeInterval(patienceSeconds)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR, Date() < deadline else {
        let error = errno == EWOULDBLOCK ? CatalogError.workspaceBusy : DurableFile.failure("flock")
        close(descriptor)
        throw error
      }
      usleep(50_000)
    }
  }

  deinit { close(descriptor) }
}
