import CZlib
import ScanModel

/// Inflates a deflated dataset with a ceiling on size and on ratio. PS3.5 section A.5.
enum PrescanInflate {
  /// Inflated bytes that the caller deallocates.
  struct Inflated {
    let buffer: UnsafeRawBufferPointer
    private let memory: UnsafeMutableRawPointer

    init(memory: UnsafeMutableRawPointer, count: Int) {
      self.memory = memory
      buffer = UnsafeRawBufferPointer(start: memory, count: count)
    }

    func deallocate() { memory.deallocate() }
  }

  /// - Throws: `.truncated` when the stream does not end, `.deflateDamaged`, `.deflateTooLarge`.
  static func inflate(_ bytes: PrescanBytes, from start: Int, limits: PrescanLimits) throws(PrescanError) -> Inflated {
    guard let input = bytes.slice(at: start, length: bytes.count - start), input.count > 0, let base = input.baseAddress else {
      throw .truncated(.dicom, place: "deflated dataset")
    }
    // zlib counts in 32 bits; a deflated dataset of 4 GiB is beyond any limit anyway.
    guard input.count <= Int(UInt32.max) else { throw .deflateTooLarge(limitBytes: limits.inflatedBytes) }
    var stream = z_stream()
    // Negative window bits: raw deflate without a zlib header, as the standard asks.
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw .deflateDamaged }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: Bytef.self))
    stream.avail_in = uInt(input.count)

    var capacity = max(64 << 10, min(limits.inflatedBytes, input.count * 4))
    var memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    var count = 0
    while true {
      stream.next_out = (memory + count).assumingMemoryBound(to: Bytef.self)
      let room = min(capacity - count, 1 << 30)
      stream.avail_out = uInt(room)
      let status = CZlib.inflate(&stream, Z_NO_FLUSH)
      count += room - Int(stream.avail_out)
      if count > limits.inflatedBytes || (count > limits.inflateFreeBytes && count / input.count > limits.inflateRatio) {
        memory.deallocate()
        throw .deflateTooLarge(limitBytes: limits.inflatedBytes)
      }
      switch status {
      case Z_STREAM_END: return Inflated(memory: memory, count: count)
      case Z_OK where stream.avail_out > 0, Z_BUF_ERROR where stream.avail_out > 0:
        // All input is used, there is room, and the stream has not ended.
        memory.deallocate()
        throw .truncated(.dicom, place: "deflated dataset")
      case Z_OK, Z_BUF_ERROR:
        guard capacity - count == 0 else { continue }
        let larger = capacity * 2
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = moved
        capacity = larger
      default:
        memory.deallocate()
        throw .deflateDamaged
      }
    }
  }

  /// Whether deflated bytes give at least `needed`; nothing is kept of them.
  static func gives(_ needed: Int, from input: UnsafeRawBufferPointer?) -> Bool {
    guard let input, let base = input.baseAddress, input.count <= Int(UInt32.max) else { return needed == 0 }
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: Bytef.self))
    stream.avail_in = uInt(input.count)
    return withUnsafeTemporaryAllocation(of: Bytef.self, capacity: 64 << 10) { scratch in
      var left = needed
      while left > 0 {
        stream.next_out = scratch.baseAddress
        stream.avail_out = uInt(scratch.count)
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        left -= scratch.count - Int(stream.avail_out)
        // Zeros that pad the fragment are not read: the stream has its own end.
        if status != Z_OK || stream.avail_out > 0 { break }
      }
      return left <= 0
    }
  }
}
