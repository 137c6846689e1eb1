import Glibc

/// The shared memory that holds the file to decode, mapped for one request.
final class InputMemory {
  let bytes: UnsafeRawBufferPointer
  private let mapping: UnsafeMutableRawPointer
  private var released = 0

  /// Bytes that are given back at a time.
  private static let step = 4 << 20

  init(descriptor: Int32, count: Int) throws(CodecError) {
    // Written to by nobody; the system takes pages back only from a mapping that could be.
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED else { throw .memory }
    mapping = address
    bytes = UnsafeRawBufferPointer(start: address, count: count)
  }

  deinit { munmap(mapping, bytes.count) }

  /// Gives the memory of the bytes before `end` back to the system, now and then; they read as zeros afterwards.
  func release(before end: Int) {
    let whole = min(end, bytes.count) / InputMemory.step * InputMemory.step
    guard whole > released else { return }
    // Refusal costs memory, nothing else.
    _ = madvise(mapping + released, whole - released, MADV_REMOVE)
    released = whole
  }
}
