/// Finds where the entropy-coded data of a JPEG scan ends, and what of its tables it takes: decoders skip what stands behind the data up to
/// the next marker, and never look at the rest of a table.
///
/// Sequential and lossless Huffman processes (ISO/IEC 10918-1 annexes F and H). Decodes code lengths only, no samples.
struct HuffmanScan {
  /// What a data unit takes: indices of its tables; -1 for none.
  struct Unit {
    let dc: Int
    let ac: Int
    let quantization: Int
  }

  /// The data units of an MCU, in order.
  let units: [Unit]
  let mcus: Int
  /// MCUs between restart markers; 0 for none.
  let restartInterval: Int
  /// `HuffmanTable`s one behind the other.
  let tables: [Int32]

  /// Where data ends before each restart marker and before the scan's end, with where the next marker is.
  ///
  /// - Parameters:
  ///   - symbols: becomes 1 where a table's symbol occurs, 256 a table.
  ///   - coefficients: becomes 1 where a coefficient occurs, in zigzag order, 64 a quantization table.
  /// - Returns: nil when the data is damaged or breaks off: then no decoder gets behind it.
  func gaps(in stream: StreamBytes, from start: Int, symbols: inout [UInt8], coefficients: inout [UInt8]) -> [Range<Int>]? {
    symbols.withUnsafeMutableBufferPointer { symbols in
      coefficients.withUnsafeMutableBufferPointer { coefficients in
        tables.withUnsafeBufferPointer { tables in
          units.withUnsafeBufferPointer { units in
            var reader = HuffmanReader(stream, at: start)
            var gaps: [Range<Int>] = []
            var left = mcus
            while left > 0 {
              let count = restartInterval > 0 ? min(restartInterval, left) : left
              for _ in 0..<count {
                for unit in units {
                  guard Self.skip(unit, &reader, tables, symbols, coefficients) else { return nil }
                }
              }
              left -= count
              let end = reader.alignedPosition
              let next = Self.marker(in: stream, from: end)
              gaps.append(end..<next)
              guard left > 0 else { break }
              guard next + 1 < stream.count, (0xD0...0xD7).contains(stream[next + 1]) else { return nil }
              reader = HuffmanReader(stream, at: next + 2)
            }
            return gaps
          }
        }
      }
    }
  }

  /// The next FF that a byte other than 00 and FF follows.
  private static func marker(in stream: StreamBytes, from offset: Int) -> Int {
    var offset = offset
    while let found = stream.first(0xFF, from: offset) {
      guard found + 1 < stream.count else { break }
      if stream[found + 1] != 0, stream[found + 1] != 0xFF { return found }
      offset = found + 1
    }
    return stream.count
  }

  @inline(__always)
  private static func skip(
    _ unit: Unit, _ reader: inout HuffmanReader, _ tables: UnsafeBufferPointer<Int32>, _ symbols: UnsafeMutableBufferPointer<UInt8>,
    _ coefficients: UnsafeMutableBufferPointer<UInt8>
  ) -> Bool {
    let difference = reader.symbol(tables, unit.dc)
    guard difference >= 0 else { return false }
    symbols[(unit.dc << 8) | difference] = 1
    // A lossless difference of 32768 has no more bits (table H.2).
    guard unit.ac >= 0 else { return difference == 16 || difference < 16 && reader.skip(difference) }
    guard difference <= 16, reader.skip(difference) else { return false }
    var index = 1
    while index < 64 {
      let value = reader.symbol(tables, unit.ac)
      guard value >= 0 else { return false }
      symbols[(unit.ac << 8) | value] = 1
      if value & 15 == 0 {
        guard value == 0xF0 else { return true }
        index += 16
      } else {
        index += value >> 4
        guard index < 64, reader.skip(value & 15) else { return false }
        if unit.quantization >= 0 { coefficients[(unit.quantization << 6) | index] = 1 }
        index += 1
      }
    }
    return true
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

/// Bits of entropy-coded data; FF00 stands for FF, and any other FF ends it.
private struct HuffmanReader {
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

  /// Behind the byte that holds the last bit read.
  var alignedPosition: Int {
    var end = position
    for _ in 0..<count / 8 { end -= stream[end - 1] == 0 && stream[end - 2] == 0xFF ? 2 : 1 }
    return end
  }
}
