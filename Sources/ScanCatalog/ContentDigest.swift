import Crypto
import Foundation

/// A SHA-256 value.
package struct ContentDigest: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// - Returns: nil unless there are 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  /// Reads 64 hexadecimal digits.
  package init?(hex: String) {
    guard hex.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    var high: UInt8?
    for character in hex.utf8 {
      let nibble: UInt8
      switch character {
      case 48...57: nibble = character - 48
      case 97...102: nibble = character - 87
      case 65...70: nibble = character - 55
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | nibble)
        high = nil
      } else {
        high = nibble
      }
    }
    self.bytes = bytes
  }

  /// SHA-256 of the concatenation of `parts`.
  package init(of parts: [UInt8]...) {
    var hasher = SHA256()
    for part in parts { part.withUnsafeBytes { hasher.update(bufferPointer: $0) } }
    bytes = Array(hasher.finalize())
  }

  /// SHA-256 of the UTF-8 bytes of `text`.
  package init(ofText text: String) { self.init(of: Array(text.utf8)) }

  init(finalizing hasher: SHA256) { bytes = Array(hasher.finalize()) }

  /// 64 lower-case hexadecimal digits.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(64)
    for byte in bytes {
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }

  package var description: String { hex }

  var data: Data { Data(bytes) }

  package static func < (a: ContentDigest, b: ContentDigest) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

  /// 32 zero bytes: what the first event has for a predecessor.
  package static let zero = ContentDigest(rawBytes: [UInt8](repeating: 0, count: 32))

  private init(rawBytes: [UInt8]) { bytes = rawBytes }
}
