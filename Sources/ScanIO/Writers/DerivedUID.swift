import ScanModel

/// Deterministic unique identifiers from a seed and a role: `2.25.` and 128 bits (PS3.5 annex B.2).
///
/// The seed must be unpredictable enough to be unique, such as a SHA-256 digest of model, random seed and run; equal seeds and roles
/// give equal UIDs, which makes a replayed image the same file.
package struct DerivedUID: Sendable {
  private let state: UInt128

  package init(seed: some Sequence<UInt8>) {
    state = seed.reduce(DerivedUID.offset) { ($0 ^ UInt128($1)) &* DerivedUID.prime }
  }

  package func uid(_ role: String) -> String {
    let bits = bits(role)
    return UID.from128Bits((0..<16).map { UInt8(truncatingIfNeeded: bits >> UInt128(8 * (15 - $0))) })
  }

  /// 64 bits for numbers and names of the same role.
  package func number(_ role: String) -> UInt64 { UInt64(truncatingIfNeeded: bits(role)) }

  /// FNV-1a over 128 bits (Fowler, Noll, Vo), then the finalizer of SplitMix64 on both halves, so that roles that differ in the last
  /// letter differ everywhere.
  private func bits(_ role: String) -> UInt128 {
    let hash = role.utf8.reduce((state ^ 0xFF) &* DerivedUID.prime) { ($0 ^ UInt128($1)) &* DerivedUID.prime }
    let low = DerivedUID.mixed(UInt64(truncatingIfNeeded: hash))
    let high = DerivedUID.mixed(UInt64(truncatingIfNeeded: hash >> 64) ^ low)
    return UInt128(high) << 64 | UInt128(low)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private static let prime = UInt128(1) << 88 | 0x13B
  private static let offset = UInt128(0x6C62_272E_07BB_0142) << 64 | 0x62B8_2175_6295_C58D
}
