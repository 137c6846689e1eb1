import Crypto
import Foundation

/// A SHA-256 value. It lies in place: catalogs compare millions of them.
package struct ContentDigest: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The 32 bytes as they lie in memory.
  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// 32 bytes.
  package var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

  /// - Returns: nil unless there are 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    words = (0, 0, 0, 0)
    Swift.withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  /// Reads 64 hexadecimal digits.
  package init?(hex: String) {
    var hex = hex
    guard let digest = hex.withUTF8({ ContentDigest(hexDigits: $0) }) else { return nil }
    self = digest
  }

  /// Reads 64 hexadecimal digits.
  init?(hexDigits: UnsafeBufferPointer<UInt8>) {
    guard hexDigits.count == 64 else { return nil }
    words = (0, 0, 0, 0)
    let isHex = Swift.withUnsafeMutableBytes(of: &words) { bytes in
      for index in 0..<32 {
        guard let high = Self.nibble(hexDigits[2 * index]), let low = Self.nibble(hexDigits[2 * index + 1]) else { return false }
        bytes[index] = high << 4 | low
      }
      return true
    }
    guard isHex else { return nil }
  }

  /// SHA-256 of the concatenation of `parts`.
  package init(of parts: [UInt8]...) {
    var hasher = SHA256()
    for part in parts { part.withUnsafeBytes { hasher.update(bufferPointer: $0) } }
    self.init(finalizing: hasher)
  }

  /// SHA-256 of bytes that lie in one piece.
  init(ofBytes bytes: UnsafeRawBufferPointer) {
    var hasher = SHA256()
    hasher.update(bufferPointer: bytes)
    self.init(finalizing: hasher)
  }

  /// SHA-256 of the UTF-8 bytes of `text`.
  package init(ofText text: String) { self.init(of: Array(text.utf8)) }

  init(finalizing hasher: SHA256) {
    words = (0, 0, 0, 0)
    hasher.finalize().withUnsafeBytes { digest in Swift.withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: digest) } }
  }

  /// SHA-256 of what `body` gives to the hasher.
  init(_ body: (inout SHA256) -> Void) {
    var hasher = SHA256()
    body(&hasher)
    self.init(finalizing: hasher)
  }

  package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try Swift.withUnsafeBytes(of: words, body)
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String {
    String(unsafeUninitializedCapacity: 64) { out in
      writeHex(into: out.baseAddress!)
      return 64
    }
  }

  /// Appends the 64 digits.
  func writeHex(to out: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { digits in
      writeHex(into: digits.baseAddress!)
      out += UnsafeBufferPointer(digits)
    }
  }

  private func writeHex(into out: UnsafeMutablePointer<UInt8>) {
    withUnsafeBytes { bytes in
      for (index, byte) in bytes.enumerated() {
        out[2 * index] = Self.hexDigit(byte >> 4)
        out[2 * index + 1] = Self.hexDigit(byte & 15)
      }
    }
  }

  package var description: String { hex }

  /// SHA-256 of these 32 bytes.
  var digestOfBytes: ContentDigest { ContentDigest { hasher in withUnsafeBytes { hasher.update(bufferPointer: $0) } } }

  var data: Data { Data(bytes) }

  package static func == (a: ContentDigest, b: ContentDigest) -> Bool { a.words == b.words }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  package static func < (a: ContentDigest, b: ContentDigest) -> Bool {
    a.withUnsafeBytes { a in b.withUnsafeBytes { b in a.lexicographicallyPrecedes(b) } }
  }

  /// A lower-case hexadecimal digit, as names of objects have them.
  static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 97...102: digit - 87
    case 65...70: digit - 55
    default: nil
    }
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

  /// 32 zero bytes: what the first event has for a predecessor.
  package static let zero = ContentDigest()

  private init() { words = (0, 0, 0, 0) }
}
