package import Foundation

/// FNV-1a (64 bit) over 32-bit words. Each step is a bijection, so a change within one word always shows; it tells damage and mix-ups, and is no
/// protection against someone who means to deceive: not a cryptographic hash.
///
/// Source: Fowler, Noll, Vo; draft-eastlake-fnv (the prime and the offset of 64 bits).
package struct Fingerprint {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  package mutating func add(_ word: UInt32) { hash = (hash ^ UInt64(word)) &* 0x100_0000_01B3 }

  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    for value in values { add(value.bitPattern) }
  }

  /// Adds the number of bytes, then the bytes, the last word filled up with zeros.
  package mutating func add(_ bytes: Data) {
    add(UInt32(truncatingIfNeeded: bytes.count))
    bytes.withUnsafeBytes { raw in
      let whole = raw.count & ~3
      for place in stride(from: 0, to: whole, by: 4) { add(raw.loadUnaligned(fromByteOffset: place, as: UInt32.self)) }
      if whole < raw.count { add(raw[whole...].reversed().reduce(0) { $0 << 8 | UInt32($1) }) }
    }
  }

  /// Lower-case hexadecimal.
  package var text: String { String(hash, radix: 16) }
}
