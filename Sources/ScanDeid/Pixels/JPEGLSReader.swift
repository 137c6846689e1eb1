/// Bits of JPEG-LS data: behind FF a byte has seven, and one that begins with 1 makes a marker (section A.1).
struct JPEGLSReader {
  private let stream: StreamBytes
  private let start: Int
  private var position: Int
  /// From the highest one on; zeros behind `count`.
  private var bits: UInt64 = 0
  private var count = 0

  init(_ stream: StreamBytes, at position: Int) {
    self.stream = stream
    start = position
    self.position = position
  }

  private func width(at offset: Int) -> Int { offset > start && stream[offset - 1] == 0xFF ? 7 : 8 }

  @inline(__always)
  private mutating func fill() {
    // At most seven bytes at a time: a shift by 64 would be none.
    if let word = stream.wordWithoutFF(at: position), position == start || stream[position - 1] != 0xFF {
      let taken = (63 &- count) >> 3
      bits |= (word & ~(UInt64.max &>> UInt64(8 &* taken))) &>> UInt64(count)
      position &+= taken
      count &+= 8 &* taken
    } else {
      fillByBytes()
    }
  }

  private mutating func fillByBytes() {
    while count <= 56, position < stream.count {
      let byte = stream[position]
      if byte == 0xFF { guard position + 1 < stream.count, stream[position + 1] < 0x80 else { return } }
      let width = width(at: position)
      bits |= UInt64(byte) << UInt64(64 - width - count)
      count += width
      position += 1
    }
  }

  @inline(__always)
  private mutating func take(_ length: Int) {
    bits &<<= UInt64(truncatingIfNeeded: length)
    count &-= length
  }

  /// The next `length` bits, 32 at most; -1 when there are fewer.
  @inline(__always)
  mutating func value(_ length: Int) -> Int {
    if count < length { fill() }
    guard length <= count else { return -1 }
    // Two shifts, since none of 64 places is wanted for a length of 0.
    let value = Int(truncatingIfNeeded: (bits &>> 1) &>> UInt64(63 &- length))
    take(length)
    return value
  }

  /// A code of section A.5.3; -1 when the data ends, or has none.
  @inline(__always)
  mutating func golomb(_ k: Int, limit: Int, valueBits: Int) -> Int {
    let most = limit &- valueBits &- 1
    if count < 32 { fill() }
    let zeros = bits.leadingZeroBitCount
    if zeros < most, zeros &+ 1 &+ k <= count {
      take(zeros &+ 1)
      let rest = Int(truncatingIfNeeded: (bits &>> 1) &>> UInt64(63 &- k))
      take(k)
      return zeros &<< k | rest
    }
    return longGolomb(k, most: most, valueBits: valueBits)
  }

  private mutating func longGolomb(_ k: Int, most: Int, valueBits: Int) -> Int {
    var zeros = 0
    while true {
      if count == 0 { fill() }
      guard count > 0, zeros <= most else { return -1 }
      let leading = min(bits.leadingZeroBitCount, count)
      zeros += leading
      take(leading)
      if count > 0 {
        take(1)
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
