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
  /// - Returns: nil when the data is damaged or breaks off, so that data units are missing.
  func gaps(in stream: StreamBytes, from start: Int, symbols: inout [UInt8], coefficients: inout [UInt8]) -> [Range<Int>]? {
    symbols.withUnsafeMutableBufferPointer { symbols in
      coefficients.withUnsafeMutableBufferPointer { coefficients in
        tables.withUnsafeBufferPointer { tables in
          units.withUnsafeBufferPointer { units in
            RestartIntervals.gaps(in: stream, from: start, mcus: mcus, interval: restartInterval) { reader, range in
              for _ in range {
                for unit in units {
                  guard Self.skip(unit, &reader, tables, symbols, coefficients) else { return false }
                }
              }
              return true
            }
          }
        }
      }
    }
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
