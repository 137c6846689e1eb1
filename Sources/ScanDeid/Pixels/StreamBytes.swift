import Foundation

/// Bytes of a compressed image that are read by their own lengths and overwritten where they stand.
struct StreamBytes {
  private let bytes: UnsafeMutableRawBufferPointer
  /// How many places were overwritten with something else.
  private(set) var overwritten = 0
  /// The coded data ends before the picture does.
  var breaksOff = false
  /// The coded data is of a kind that is not walked, so that it could end early unseen.
  var isUnchecked = false
  /// The coded data is a picture of another size, or of another number of components, than the attributes say.
  var isMismatched = false

  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  var count: Int { bytes.count }

  subscript(offset: Int) -> UInt8 { bytes[offset] }

  subscript(range: Range<Int>) -> Slice<UnsafeMutableRawBufferPointer> { bytes[range] }

  func word16(_ offset: Int) -> Int? {
    offset >= 0 && offset + 2 <= count ? Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) : nil
  }

  func word32(_ offset: Int) -> Int? {
    guard let high = word16(offset), let low = word16(offset + 2) else { return nil }
    return high << 16 | low
  }

  /// Eight bytes, the first one highest; nil when they end before, or one is FF.
  @inline(__always)
  func wordWithoutFF(at offset: Int) -> UInt64? {
    guard offset >= 0, offset + 8 <= count else { return nil }
    let inverted = ~UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    // The lowest zero byte borrows from its highest bit.
    return (inverted &- 0x0101_0101_0101_0101) & ~inverted & 0x8080_8080_8080_8080 == 0 ? ~inverted : nil
  }

  func little32(_ offset: Int) -> Int? {
    guard offset >= 0, offset + 4 <= count else { return nil }
    return (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  func holds(_ text: String, at offset: Int) -> Bool {
    let text = text.utf8
    return offset >= 0 && offset + text.count <= count && bytes[offset..<offset + text.count].elementsEqual(text)
  }

  /// The first place from `offset` on where `byte` stands.
  func first(_ byte: UInt8, from offset: Int) -> Int? {
    guard offset < count, let found = memchr(bytes.baseAddress! + offset, Int32(byte), count - offset) else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(bytes.baseAddress!)
  }

  /// Whether what ends at `offset` is followed by zeros alone and has a zero as its own last byte: a decoder that takes such bytes fills
  /// the picture with padding. (FF00 stands for FF in coded data.)
  func endsInPadding(at offset: Int) -> Bool {
    guard offset > 1, bytes[offset - 1] == 0, bytes[offset - 2] != 0xFF else { return false }
    return bytes[offset...].allSatisfy { $0 == 0 }
  }

  mutating func fill(_ range: Range<Int>, with filler: UInt8) {
    let range = range.clamped(to: 0..<count)
    guard bytes[range].contains(where: { $0 != filler }) else { return }
    for index in range { bytes[index] = filler }
    overwritten += 1
  }

  mutating func put(_ new: some Collection<UInt8>, at offset: Int) {
    guard offset >= 0, offset + new.count <= count, !bytes[offset..<offset + new.count].elementsEqual(new) else { return }
    for (index, byte) in new.enumerated() { bytes[offset + index] = byte }
    overwritten += 1
  }

  /// Puts what `clean` makes of the bytes of `range`, as many as there were; zeros where it makes nothing.
  mutating func replace(_ range: Range<Int>, by clean: ([UInt8]) -> [UInt8]?) {
    let range = range.clamped(to: 0..<count)
    if let new = clean(Array(bytes[range])), new.count == range.count { put(new, at: range.lowerBound) } else { fill(range, with: 0) }
  }
}
