/// Bits of entropy-coded data; FF00 stands for FF, and any other FF ends it.
struct HuffmanReader {
  private let stream: StreamBytes
  private var position: Int
  private var bits: UInt64 = 0
  private var count = 0

  init(_ stream: StreamBytes, at position: Int) {
    self.stream = stream
    self.position = position
  }

  @inline(__always)
  private mutating func fill() {
    while count <= 48, position < stream.count {
      let byte = stream[position]
      if byte == 0xFF {
        guard position + 1 < stream.count, stream[position + 1] == 0 else { return }
        position += 1
      }
      position += 1
      bits = bits << 8 | UInt64(byte)
      count += 8
    }
  }

  /// The symbol of the code that comes next in table `index`; -1 when there is none.
  @inline(__always)
  mutating func symbol(_ tables: UnsafeBufferPointer<Int32>, _ index: Int) -> Int {
    if count < 16 { fill() }
    let base = index &* HuffmanTable.size
    let window = Int((count >= 16 ? bits >> UInt64(count - 16) : bits << UInt64(16 - count)) & 0xFFFF)
    let entry = Int(tables[base + (window >> 7)])
    if entry != 0 {
      guard entry >> 8 <= count else { return -1 }
      count -= entry >> 8
      return entry & 0xFF
    }
    for length in 1...16 where (window >> (16 - length)) <= Int(tables[base + HuffmanTable.lastCode + length]) {
      let index = Int(tables[base + HuffmanTable.firstIndex + length]) + (window >> (16 - length))
      guard (0..<256).contains(index), length <= count else { return -1 }
      count -= length
      return Int(tables[base + HuffmanTable.symbols + index])
    }
    return -1
  }

  @inline(__always)
  mutating func skip(_ length: Int) -> Bool {
    if count < length { fill() }
    guard length <= count else { return false }
    count -= length
    return true
  }

  /// The next `length` bits, most significant first; -1 when there are fewer.
  @inline(__always)
  mutating func value(_ length: Int) -> Int {
    if count < length { fill() }
    guard length <= count else { return -1 }
    count -= length
    return Int(truncatingIfNeeded: bits >> UInt64(count)) & (1 << length - 1)
  }

  /// Behind the byte that holds the last bit read.
  var alignedPosition: Int {
    var end = position
    for _ in 0..<count / 8 { end -= stream[end - 1] == 0 && stream[end - 2] == 0xFF ? 2 : 1 }
    return end
  }
}

/// A Huffman table as annex C makes it from the counts of its codes by length, in numbers that lie flat.
enum HuffmanTable {
  /// 512 entries by the next nine bits (length << 8 | symbol; 0 for longer codes), the last code of each length, the index of a length's
  /// first symbol less its first code, 256 symbols.
  static let size = 512 + 17 + 17 + 256
  static let lastCode = 512, firstIndex = 529, symbols = 546

  static func make(counts: [UInt8], symbols values: [UInt8]) -> [Int32] {
    var table = [Int32](repeating: 0, count: size)
    var (code, index) = (0, 0)
    for length in 1...16 {
      table[lastCode + length] = -1
      table[firstIndex + length] = Int32(index - code)
      for _ in 0..<Int(counts[length - 1]) where index < min(256, values.count) {
        if length <= 9, code < 1 << length {
          for rest in 0..<1 << (9 - length) { table[code << (9 - length) | rest] = Int32(length << 8) | Int32(values[index]) }
        }
        table[symbols + index] = Int32(values[index])
        table[lastCode + length] = Int32(code)
        code += 1
        index += 1
      }
      code <<= 1
    }
    return table
  }
}

/// The pieces of a scan between restart markers. ISO/IEC 10918-1 section E.2.4.
enum RestartIntervals {
  /// Where data ends before each restart marker and before the scan's end, with where the next marker is.
  ///
  /// - Parameters:
  ///   - interval: MCUs between restart markers; 0 for none.
  ///   - walk: reads the MCUs of one piece; false when their data is damaged or breaks off.
  /// - Returns: nil when a piece does, or a restart marker is not there.
  @inline(__always)
  static func gaps(
    in stream: StreamBytes, from start: Int, mcus: Int, interval: Int, walk: (inout HuffmanReader, Range<Int>) -> Bool
  ) -> [Range<Int>]? {
    var reader = HuffmanReader(stream, at: start)
    var gaps: [Range<Int>] = []
    var done = 0
    while true {
      let next = interval > 0 ? min(done + interval, mcus) : mcus
      guard walk(&reader, done..<next) else { return nil }
      done = next
      let end = reader.alignedPosition
      let marker = marker(in: stream, from: end)
      gaps.append(end..<marker)
      guard done < mcus else { return gaps }
      guard marker + 1 < stream.count, (0xD0...0xD7).contains(stream[marker + 1]) else { return nil }
      reader = HuffmanReader(stream, at: marker + 2)
    }
  }

  /// The next FF that a byte of `least` or more and other than FF follows.
  static func marker(in stream: StreamBytes, from offset: Int, least: UInt8 = 1) -> Int {
    var offset = offset
    while let found = stream.first(0xFF, from: offset) {
      guard found + 1 < stream.count else { break }
      if stream[found + 1] >= least, stream[found + 1] != 0xFF { return found }
      offset = found + 1
    }
    return stream.count
  }
}
