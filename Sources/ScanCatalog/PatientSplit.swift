import Foundation

/// How patients are divided: positive fractions, in the order train, val, test, that add up to 1.
package struct SplitFractions: Sendable, Equatable {
  package let parts: [(split: Split, fraction: Double)]

  /// - Throws: `CatalogError.fractionsInvalid`.
  package init(train: Double, val: Double = 0, test: Double) throws {
    let all = [(Split.train, train), (.val, val), (.test, test)]
    guard all.allSatisfy({ $0.1.isFinite && $0.1 >= 0 }), abs(train + val + test - 1) < 1e-9 else {
      throw CatalogError.fractionsInvalid(all.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", "))
    }
    parts = all.filter { $0.1 > 0 }.map { (split: $0.0, fraction: $0.1) }
  }

  package static func == (a: SplitFractions, b: SplitFractions) -> Bool {
    a.parts.elementsEqual(b.parts) { $0.split == $1.split && $0.fraction == $1.fraction }
  }

  /// How many of `count` patients go into each part: largest remainders, and none empty while there are patients enough.
  func counts(of count: Int) -> [Int] {
    let exact = parts.map { $0.fraction * Double(count) }
    // 1e-9: 0.1 × 30 is a hair below 3.
    var counts = exact.map { Int(($0 + 1e-9).rounded(.down)) }
    let byRemainder = parts.indices.sorted { (exact[$0] - Double(counts[$0]), $1) > (exact[$1] - Double(counts[$1]), $0) }
    for index in byRemainder.prefix(max(0, count - counts.reduce(0, +))) { counts[index] += 1 }
    guard count >= parts.count else { return counts }
    while let empty = counts.firstIndex(of: 0), let largest = counts.indices.max(by: { counts[$0] < counts[$1] }) {
      counts[largest] -= 1
      counts[empty] += 1
    }
    return counts
  }
}

/// A 256-bit number that orders patients: HMAC(patient, seed). Shorter ones are padded with zero bytes.
struct PatientRank: Comparable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = Array((bytes + [UInt8](repeating: 0, count: 32)).prefix(32)) }

  /// `fraction` of the whole range, exact to 53 bits.
  init(fraction: Double) {
    let scaled = min(max(fraction, 0), 1) * 0x1p53
    let value = UInt64(min(scaled, 0x1p53 - 1)) << 11
    bytes = withUnsafeBytes(of: value.bigEndian) { Array($0) } + [UInt8](repeating: 0, count: 24)
  }

  static let lowest = PatientRank([])
  static let highest = PatientRank([UInt8](repeating: 255, count: 32))

  static func < (a: PatientRank, b: PatientRank) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

  /// The mean, rounded down.
  static func midpoint(_ a: PatientRank, _ b: PatientRank) -> PatientRank {
    var sum = [UInt8](repeating: 0, count: 33)
    var carry = 0
    for index in stride(from: 31, through: 0, by: -1) {
      let value = Int(a.bytes[index]) + Int(b.bytes[index]) + carry
      sum[index + 1] = UInt8(value & 255)
      carry = value >> 8
    }
    sum[0] = UInt8(carry)
    return PatientRank((1...32).map { (sum[$0 - 1] & 1) << 7 | sum[$0] >> 1 })
  }

  /// Highest rank of the part that ends between `last` and `next`: the ideal place when it lies there, else the middle, so that it
  /// is (almost surely) no patient's own rank.
  static func boundary(last: PatientRank?, next: PatientRank?, ideal: PatientRank) -> PatientRank {
    let low = last ?? .lowest
    let high = next ?? .highest
    return low <= ideal && ideal < high ? ideal : midpoint(low, high)
  }
}
