/// A file's bytes, read only inside their bounds: every offset may come from the file itself.
struct PrescanBytes {
  private let buffer: UnsafeRawBufferPointer

  init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

  var count: Int { buffer.count }

  /// True when `length` bytes from `offset` lie inside the file.
  func holds(_ length: Int, at offset: Int) -> Bool { offset >= 0 && length >= 0 && offset <= count && length <= count - offset }

  func byte(at offset: Int) -> UInt8? { holds(1, at: offset) ? buffer[offset] : nil }

  func word16(at offset: Int, bigEndian: Bool) -> UInt16? {
    guard holds(2, at: offset) else { return nil }
    let word = buffer.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return bigEndian ? UInt16(bigEndian: word) : UInt16(littleEndian: word)
  }

  func word32(at offset: Int, bigEndian: Bool) -> UInt32? {
    guard holds(4, at: offset) else { return nil }
    let word = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return bigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
  }

  func word64(at offset: Int, bigEndian: Bool) -> UInt64? {
    guard holds(8, at: offset) else { return nil }
    let word = buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return bigEndian ? UInt64(bigEndian: word) : UInt64(littleEndian: word)
  }

  func begins(with prefix: [UInt8], at offset: Int = 0) -> Bool {
    guard holds(prefix.count, at: offset) else { return false }
    for (index, byte) in prefix.enumerated() where buffer[offset + index] != byte { return false }
    return true
  }

  /// Latin-1 text of at most 256 bytes without trailing spaces and NULs.
  func text(at offset: Int, length: Int) -> String? {
    guard length <= 256, holds(length, at: offset) else { return nil }
    var bytes = buffer[offset..<offset + length]
    while let last = bytes.last, last == 0 || last == 0x20 { bytes.removeLast() }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// The offset behind the last byte that is not zero.
  var endOfContent: Int { (buffer.lastIndex { $0 != 0 } ?? -1) + 1 }

  func slice(at offset: Int, length: Int) -> UnsafeRawBufferPointer? {
    holds(length, at: offset) ? UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + length]) : nil
  }
}
