import ScanModel

/// Numbers in the binary values of a dataset, which are Little Endian in memory.
enum BinaryNumbers {
  /// Those without a fraction. PS3.5 section 6.2.
  static func wholes(in bytes: [UInt8], _ vr: VR) -> [Int] {
    switch vr {
    case .FD: words(bytes, UInt64.self).compactMap { Int(exactly: Double(bitPattern: $0)) }
    case .FL: words(bytes, UInt32.self).compactMap { Int(exactly: Float(bitPattern: $0)) }
    case .UL: words(bytes, UInt32.self).map(Int.init)
    case .SL: words(bytes, UInt32.self).map { Int(Int32(bitPattern: $0)) }
    case .UV: words(bytes, UInt64.self).compactMap { Int(exactly: $0) }
    case .SV: words(bytes, UInt64.self).map { Int(Int64(bitPattern: $0)) }
    default: []
    }
  }

  private static func words<Word: FixedWidthInteger>(_ bytes: [UInt8], _ type: Word.Type) -> [Word] {
    bytes.withUnsafeBytes { buffer in
      (0..<bytes.count / MemoryLayout<Word>.size).map {
        Word(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self))
      }
    }
  }
}
