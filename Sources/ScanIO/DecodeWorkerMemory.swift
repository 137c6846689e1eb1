import Foundation

/// Anonymous memory that a worker inherits as a file descriptor. It has no name, and goes with its last descriptor.
package struct DecodeWorkerMemory: ~Copyable {
  package let descriptor: Int32

  package init() throws(DecodeWorkerError) {
    guard let make = Self.memfdCreate else { throw .memory }
    let made = make("scanforge", Self.closeOnExec)
    guard made >= 0 else { throw .memory }
    // Away from the low numbers, which the worker's own descriptors are given.
    let moved = fcntl(made, F_DUPFD_CLOEXEC, 16)
    close(made)
    guard moved >= 0 else { throw .memory }
    descriptor = moved
  }

  deinit { close(descriptor) }

  /// Replaces the content with the first `count` bytes.
  func write(_ bytes: [UInt8], count: Int) throws(DecodeWorkerError) {
    precondition(count <= bytes.count, "DecodeWorkerMemory: \(count) of \(bytes.count) bytes")
    guard ftruncate(descriptor, off_t(count)) == 0 else { throw .memory }
    var done = 0
    while done < count {
      let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + done, count - done, off_t(done)) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw .memory }
      done += written
    }
  }

  /// Copies a range out. Reading, not mapping: a worker that cuts the memory short must cause an error here, not a signal.
  package func read(offset: Int, count: Int) throws(DecodeWorkerError) -> [UInt8] {
    var status = stat()
    guard offset >= 0, count >= 0, fstat(descriptor, &status) == 0, offset <= Int(status.st_size), count <= Int(status.st_size) - offset
    else {
      throw .badReply
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { return }
        filled += got
      }
    }
    guard bytes.count == count else { throw .badReply }
    return bytes
  }

  /// Gives the pages back.
  package func clear() { _ = ftruncate(descriptor, 0) }

  private typealias MemfdCreate = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
  private static let closeOnExec: UInt32 = 1  // MFD_CLOEXEC
  // glibc has it since 2.27; Swift's Glibc module does not show it.
  private static var memfdCreate: MemfdCreate? { dlsym(nil, "memfd_create").map { unsafeBitCast($0, to: MemfdCreate.self) } }
}
