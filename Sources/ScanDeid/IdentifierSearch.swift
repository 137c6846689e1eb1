import Foundation
import ScanModel

/// Searches samples and other binary values for identifiers, and counts a hit only where chance does not explain it.
///
/// A short word stands in any large image somewhere. How often is estimated at the place itself: each byte's share among the 4,096 bytes
/// around (even and odd places apart, as words of 16 bits have them), multiplied over the word, and by the share of printable bytes over the
/// rest of the printable run that it stands in; times the bytes searched, times the identifiers. Below one in a million it counts. So in
/// noise eight letters count alone, four with a sentence around them; a date in a dark image whose samples are all digits does not.
struct IdentifierSearch: Sendable {
  private let trie: TokenTrie
  private let count: Int
  /// Pairs of bytes that a token begins with, or that its second and third byte are: a place without one holds no token, nor the one before.
  private let pairs: [UInt64]

  static let falseHits = 1e-6
  /// So many hits are enough to know, and where so many words are chance, the rest is: bounds the work on bytes that repeat a word.
  private static let mostHits = 100, mostEstimates = 20_000

  init(_ tokens: [IdentifierSet.Token]) {
    var trie = TokenTrie()
    var pairs = [UInt64](repeating: 0, count: 1024)
    for token in tokens {
      trie.insert(token.bytes, token.isNumber ? .notBesideDigit : token.isWord ? .notBesideLetterOrDigit : .anywhere)
      for start in 0..<min(2, token.bytes.count - 1) {
        for first in Self.cases(token.bytes[start]) {
          for second in Self.cases(token.bytes[start + 1]) {
            let pair = Int(first) | Int(second) << 8
            pairs[pair >> 6] |= 1 << UInt64(pair & 63)
          }
        }
      }
    }
    self.trie = trie
    self.pairs = pairs
    count = tokens.count
  }

  private static func cases(_ byte: UInt8) -> [UInt8] { (97...122).contains(byte) ? [byte, byte - 32] : [byte] }

  /// How many identifiers stand in `bytes` where chance does not explain it.
  ///
  /// - Complexity: the length of `bytes`; every second place is looked at.
  func hits(in bytes: [UInt8]) -> Int {
    var estimates = 0
    return scan(bytes) { range, bytes in
      estimates += 1
      return estimates <= Self.mostEstimates && isNoChance(range, bytes)
    }
  }

  /// How many identifiers stand in encoded attributes. Bare numbers of fewer than 8 digits are also plausible as measurements.
  func occurrences(in bytes: [UInt8]) -> Int {
    scan(bytes) { range, bytes in range.count >= 8 || !bytes[range].allSatisfy(IdentifierSet.isDigit) }
  }

  /// How many tokens stand in `bytes` and are wanted, without overlap.
  private func scan(_ bytes: [UInt8], _ isWanted: (Range<Int>, UnsafeBufferPointer<UInt8>) -> Bool) -> Int {
    guard count > 0, bytes.count >= 4 else { return 0 }
    return bytes.withUnsafeBufferPointer { bytes in
      pairs.withUnsafeBufferPointer { pairs in
        var hits = 0
        var end = 0
        var position = 0
        let last = bytes.count - 1
        while position < last, hits < Self.mostHits {
          let pair = Int(bytes[position]) | Int(bytes[position + 1]) << 8
          if pairs[pair >> 6] & 1 << UInt64(truncatingIfNeeded: pair & 63) != 0 {
            for start in max(0, position - 1)...position where start >= end {
              let length = trie.match(at: start, bytes) { kind, range in
                TokenTrie.mayStand(
                  kind, before: range.lowerBound > 0 ? bytes[range.lowerBound - 1] : 0,
                  after: range.upperBound < bytes.count ? bytes[range.upperBound] : 0)
              }
              guard length > 0, isWanted(start..<start + length, bytes) else { continue }
              hits += 1
              end = start + length
            }
          }
          position += 2
        }
        return hits
      }
    }
  }

  /// `bytes` with those of each word exchanged.
  static func swapped(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
    bytes.withUnsafeBufferPointer { bytes in
      [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
        let whole = bytes.count / width * width
        for start in stride(from: 0, to: whole, by: width) {
          for offset in 0..<width { buffer[start + offset] = bytes[start + width - 1 - offset] }
        }
        for index in whole..<bytes.count { buffer[index] = bytes[index] }
        count = bytes.count
      }
    }
  }

  private func isNoChance(_ match: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let run = Self.printableRun(around: match, bytes)
    let window = max(0, match.lowerBound - 2048)..<min(bytes.count, match.upperBound + 2048)
    var seen = [Double](repeating: 1, count: 512)
    var total: [Double] = [256, 256]
    var printable: [Double] = [95, 95]
    for index in window where !run.contains(index) {
      let parity = index & 1
      seen[parity << 8 | Int(bytes[index])] += 1
      total[parity] += 1
      if Self.isPrintable(bytes[index]) { printable[parity] += 1 }
    }
    var expected = log(Double(bytes.count)) + log(Double(count))
    for index in match {
      let parity = index & 1
      let share = Self.cases(IdentifierSet.lower(bytes[index])).reduce(0) { $0 + seen[parity << 8 | Int($1)] }
      expected += log(share / total[parity])
    }
    for index in run where !match.contains(index) { expected += log(printable[index & 1] / total[index & 1]) }
    return expected < log(Self.falseHits)
  }

  /// At most 64 bytes to either side.
  private static func printableRun(around match: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    var (start, end) = (match.lowerBound, match.upperBound)
    while start > 0, match.lowerBound - start < 64, isPrintable(bytes[start - 1]) { start -= 1 }
    while end < bytes.count, end - match.upperBound < 64, isPrintable(bytes[end]) { end += 1 }
    return start..<end
  }

  private static func isPrintable(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) }
}
