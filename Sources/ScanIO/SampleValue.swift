package import ScanModel

/// A stored sample as a number: whole for integer words, `Double` for float words.
package enum SampleValue: Encodable, Sendable, Equatable, CustomStringConvertible {
  case signed(Int64)
  case unsigned(UInt64)
  case float(Double)

  /// Smallest and largest word; nil when there is none. NaN and infinities, which JSON cannot hold, are left out.
  package static func range(of pixels: PixelBuffer) -> (min: SampleValue?, max: SampleValue?) {
    pixels.words.withUnsafeBytes { words in
      switch (pixels.isFloat, pixels.isSigned, pixels.bitsAllocated) {
      case (true, _, 16): halves(words)
      case (true, _, 32): floats(words, UInt32.self) { Double(Float(bitPattern: $0)) }
      case (true, _, _): floats(words, UInt64.self) { Double(bitPattern: $0) }
      case (false, true, 8): integers(words, Int8.self) { .signed(Int64($0)) }
      case (false, true, 16): integers(words, Int16.self) { .signed(Int64($0)) }
      case (false, true, 32): integers(words, Int32.self) { .signed(Int64($0)) }
      case (false, true, _): integers(words, Int64.self) { .signed($0) }
      case (false, false, 8): integers(words, UInt8.self) { .unsigned(UInt64($0)) }
      case (false, false, 16): integers(words, UInt16.self) { .unsigned(UInt64($0)) }
      case (false, false, 32): integers(words, UInt32.self) { .unsigned(UInt64($0)) }
      case (false, false, _): integers(words, UInt64.self) { .unsigned($0) }
      }
    }
  }

  /// Whether a float word is NaN or infinite: all bits of its exponent are set (IEEE 754).
  package static func holdsNotFinite(_ pixels: PixelBuffer) -> Bool {
    guard pixels.isFloat else { return false }
    return pixels.words.withUnsafeBytes { words in
      switch pixels.bitsAllocated {
      case 16: holds(words, exponent: 0x7C00 as UInt16)
      case 32: holds(words, exponent: 0x7F80_0000 as UInt32)
      default: holds(words, exponent: 0x7FF0_0000_0000_0000 as UInt64)
      }
    }
  }

  private static func holds<Word: FixedWidthInteger>(_ words: UnsafeRawBufferPointer, exponent: Word) -> Bool {
    let size = MemoryLayout<Word>.size
    return (0..<words.count / size).contains { index in
      Word(littleEndian: words.loadUnaligned(fromByteOffset: index * size, as: Word.self)) & exponent == exponent
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .signed(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .float(let value): try container.encode(value)
    }
  }

  package var description: String {
    switch self {
    case .signed(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .float(let value): "\(value)"
    }
  }

  private static func integers<Word: FixedWidthInteger>(
    _ words: UnsafeRawBufferPointer, _: Word.Type, _ wrap: (Word) -> SampleValue
  ) -> (SampleValue?, SampleValue?) {
    let size = MemoryLayout<Word>.size
    guard words.count >= size else { return (nil, nil) }
    var low = Word.max
    var high = Word.min
    for index in 0..<words.count / size {
      let word = Word(littleEndian: words.loadUnaligned(fromByteOffset: index * size, as: Word.self))
      low = Swift.min(low, word)
      high = Swift.max(high, word)
    }
    return (wrap(low), wrap(high))
  }

  private static func floats<Word: FixedWidthInteger>(
    _ words: UnsafeRawBufferPointer, _: Word.Type, _ value: (Word) -> Double
  ) -> (SampleValue?, SampleValue?) {
    let size = MemoryLayout<Word>.size
    var low = Double.infinity
    var high = -Double.infinity
    for index in 0..<words.count / size {
      let number = value(Word(littleEndian: words.loadUnaligned(fromByteOffset: index * size, as: Word.self)))
      guard number.isFinite else { continue }
      low = Swift.min(low, number)
      high = Swift.max(high, number)
    }
    return low <= high ? (.float(low), .float(high)) : (nil, nil)
  }

  /// IEEE 754 binary16.
  private static func halves(_ words: UnsafeRawBufferPointer) -> (SampleValue?, SampleValue?) {
    floats(words, UInt16.self) { bits in
      let sign: Double = bits >> 15 == 1 ? -1 : 1
      let exponent = Int(bits >> 10 & 0x1F)
      let fraction = Double(bits & 0x3FF) / 1024
      if exponent == 31 { return .nan }
      let scale = exponent == 0 ? -14 : exponent - 15
      return sign * (exponent == 0 ? fraction : 1 + fraction) * Double(sign: .plus, exponent: scale, significand: 1)
    }
  }
}
