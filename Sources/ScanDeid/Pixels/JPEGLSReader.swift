/// Bits of JPEG-LS data: behind FF a byte has seven, and one that begins with 1 makes a marker (section A.1).
struct JPEGLSReader {
  private let stream: StreamBytes
  private let start: Int
  private var position: Int
  private var bits: UInt64 = 0
  private var count = 0

  init(_ stream: StreamBytes, at position: Int) {
    self.stream = stream
    start = position
    self.position = position
  }

  private func width(at offset: Int) -> Int { offset > start && stream[offset - 1] == 0xFF ? 7 : 8 }

  private mutating func fill() {
    while count <= 48, position < stream.count {
      let byte = stream[position]
      if byte == 0xFF { guard position + 1 < stream.count, stream[position + 1] < 0x80 else { return } }
      let width = width(at: position)
      bits = bits << UInt64(width) | UInt64(byte)
      count += width
      position += 1
    }
  }

  /// The next `length` bits; -1 when there are fewer.
  @inline(__always)
  mutating func value(_ length: Int) -> Int {
    if count < length { fill() }
    guard length <= count else { return -1 }
    count -= length
    return Int(truncatingIfNeeded: bits >> UInt64(count)) & ((1 << length) - 1)
  }

  /// A code of section A.5.3; -1 when the data ends, or has none.
  @inline(__always)
  mutating func golomb(_ k: Int, limit: Int, valueBits: Int) -> Int {
    let most = limit - valueBits - 1
    var zeros = 0
    while true {
      if count == 0 { fill() }
      guard count > 0, zeros <= most else { return -1 }
      let leading = min((bits << UInt64(64 - count)).leadingZeroBitCount, count)
      zeros += leading
      count -= leading
      if count > 0 {
        count -= 1
        break
      }
    }
    guard zeros <= most else { return -1 }
    let rest = value(zeros < most ? k : valueBits)
    guard rest >= 0 else { return -1 }
    return zeros < most ? zeros << k | rest : rest + 1
  }

  /// Behind the byte that holds the last bit read, and behind the byte that has to follow FF.
  var alignedPosition: Int {
    var (end, left) = (position, count)
    while end > start, left >= width(at: end - 1) {
      left -= width(at: end - 1)
      end -= 1
    }
    return end > start && stream[end - 1] == 0xFF && end < stream.count && stream[end] < 0x80 ? end + 1 : end
  }
}
