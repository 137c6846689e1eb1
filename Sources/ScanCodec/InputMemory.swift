import Glibc

/// The file to decode, for one request.
package final class InputMemory {
  let bytes: UnsafeRawBufferPointer
  /// Of shared memory; nil when the bytes are the caller's.
  private let mapping: UnsafeMutableRawPointer?
  private var released = 0

  /// Bytes that are given back at a time.
  private static let step = 4 << 20

  /// Maps the shared memory that holds the file.
  init(descriptor: Int32, count: Int) throws(CodecError) {
    // Written to by nobody; the system takes pages back only from a mapping that could be.
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED else { throw .memory }
    mapping = address
    bytes = UnsafeRawBufferPointer(start: address, count: count)
  }

  /// A file that lies in memory already and stays there.
  package init(borrowing bytes: UnsafeRawBufferPointer) {
    mapping = nil
    self.bytes = bytes
  }

  deinit {
    if let mapping { munmap(mapping, bytes.count) }
  }

  /// Gives the memory of the bytes before `end` back to the system, now and then; they read as zeros afterwards.
  func release(before end: Int) {
    let whole = min(end, bytes.count) / InputMemory.step * InputMemory.step
    guard let mapping, whole > released else { return }
    // Refusal costs memory, nothing else.
    _ = madvise(mapping + released, whole - released, MADV_REMOVE)
    released = whole
  }
}
