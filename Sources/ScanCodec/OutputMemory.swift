import Glibc

/// The shared memory that a reply's dataset and words are written into: `[dataset][padding to a page][words]`.
package final class OutputMemory {
  private let descriptor: Int32
  private let limit: Int
  private var mapping: UnsafeMutableRawPointer?
  private var mappedBytes = 0

  /// - Parameter limit: bytes that one reply may take.
  package init(descriptor: Int32, limit: Int) {
    self.descriptor = descriptor
    self.limit = limit
  }

  deinit { release() }

  /// Empties the memory for the next reply.
  package func reset() throws(CodecError) {
    release()
    guard ftruncate(descriptor, 0) == 0 else { throw .memory }
  }

  /// Writes the dataset at the start.
  func write(dataset: UnsafeRawBufferPointer) throws(CodecError) {
    guard dataset.count <= limit, ftruncate(descriptor, off_t(dataset.count)) == 0 else { throw .memory }
    var done = 0
    while done < dataset.count {
      let count = pwrite(descriptor, dataset.baseAddress! + done, dataset.count - done, off_t(done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .memory }
      done += count
    }
  }

  /// Makes room for words after `datasetBytes`: zeroed, valid until `reset`.
  ///
  /// - Returns: the words' offset in the memory, and where to write them.
  func words(count: Int, after datasetBytes: Int) throws(CodecError) -> (offset: Int, buffer: UnsafeMutableRawBufferPointer) {
    let page = 65_536
    let offset = (datasetBytes + page - 1) / page * page
    guard count > 0, count <= limit, offset <= limit else { throw .memory }
    release()
    guard ftruncate(descriptor, off_t(offset + count)) == 0 else { throw .memory }
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(offset)), address != MAP_FAILED else {
      throw .memory
    }
    mapping = address
    mappedBytes = count
    return (offset, UnsafeMutableRawBufferPointer(start: address, count: count))
  }

  private func release() {
    if let mapping { munmap(mapping, mappedBytes) }
    mapping = nil
  }
}
