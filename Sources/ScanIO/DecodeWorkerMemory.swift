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

  /// Bytes that move at a time. What has moved gives its memory back before the next piece comes, so that a large file is never there twice.
  private static let piece = 4 << 20

  /// Replaces the content with the first `count` bytes, which are lost.
  func write(_ bytes: consuming [UInt8], count: Int) throws(DecodeWorkerError) {
    precondition(count <= bytes.count, "DecodeWorkerMemory: \(count) of \(bytes.count) bytes")
    guard ftruncate(descriptor, off_t(count)) == 0 else { throw .memory }
    var done = 0
    while done < count {
      let written = bytes.withUnsafeMutableBytes { buffer in
        let start = buffer.baseAddress! + done
        let written = pwrite(descriptor, start, min(count - done, Self.piece), off_t(done))
        if written == Self.piece { Self.discard(start, written) }
        return written
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw .memory }
      done += written
    }
  }

  /// Gives the whole pages of a part of an array that will not be read again back to the system.
  private static func discard(_ start: UnsafeMutableRawPointer, _ count: Int) {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let (first, end) = (UInt(bitPattern: start), UInt(bitPattern: start) + UInt(count))
    let (low, high) = ((first + page - 1) / page * page, end / page * page)
    if high > low { _ = madvise(UnsafeMutableRawPointer(bitPattern: low), Int(high - low), MADV_DONTNEED) }
  }

  /// Moves a range out. Reading, not mapping: a worker that cuts the memory short must cause an error here, not a signal.
  package func read(offset: Int, count: Int) throws(DecodeWorkerError) -> [UInt8] {
    var status = stat()
    guard offset >= 0, count >= 0, fstat(descriptor, &status) == 0, offset <= Int(status.st_size), count <= Int(status.st_size) - offset
    else {
      throw .badReply
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress! + filled, min(count - filled, Self.piece), off_t(offset + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { return }
        if got == Self.piece { punch(offset + filled, got) }
        filled += got
      }
    }
    guard bytes.count == count else { throw .badReply }
    return bytes
  }

  /// Gives the memory of a range back; it reads as zeros afterwards. Refusal costs memory, nothing else.
  private func punch(_ offset: Int, _ count: Int) {
    let (keepsSize, punchesHole): (Int32, Int32) = (1, 2)  // FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
    _ = Self.fallocate?(descriptor, punchesHole | keepsSize, off_t(offset), off_t(count))
  }

  /// Gives the pages back.
  package func clear() { _ = ftruncate(descriptor, 0) }

  private typealias MemfdCreate = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
  private static let closeOnExec: UInt32 = 1  // MFD_CLOEXEC
  // glibc has them since 2.27 and 2.10; Swift's Glibc module does not show them.
  private static var memfdCreate: MemfdCreate? { dlsym(nil, "memfd_create").map { unsafeBitCast($0, to: MemfdCreate.self) } }
  private typealias Fallocate = @convention(c) (Int32, Int32, off_t, off_t) -> Int32
  private static let fallocate: Fallocate? = dlsym(nil, "fallocate").map { unsafeBitCast($0, to: Fallocate.self) }
}
