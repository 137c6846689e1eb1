/// What was learned of the errors of predictions in places of one kind: how large and how many they were, and what to correct.
/// ISO/IEC 14495-1 annexes A.5.1, A.6 and A.7.2.
struct JPEGLSContext {
  /// Contexts of regular mode, then two of interrupted runs: of samples unlike the one above, and like it.
  static let interrupted = 365, count = 367
  /// A longer rest of a code is none that a stream without damage has.
  static let mostRestBits = 24

  /// A: the sum of sizes.
  private var sum: Int
  /// B, the sum of errors; in a context of interrupted runs Nn, how many were negative.
  private var bias = 0
  /// C.
  private(set) var correction = 0
  /// N.
  private var seen = 1

  init(range: Int) { sum = max(2, (range + 32) / 64) }

  /// Codes of positive and negative errors change places.
  var isTurned: Bool { 2 &* bias <= -seen }

  /// The least k for which N << k is A or more.
  @inline(__always)
  var golombParameter: Int { Self.golombParameter(seen, sum) }

  func golombParameter(isLevel: Bool) -> Int { Self.golombParameter(seen, isLevel ? sum + (seen >> 1) : sum) }

  @inline(__always)
  private static func golombParameter(_ seen: Int, _ sum: Int) -> Int {
    let k = max(0, seen.leadingZeroBitCount &- sum.leadingZeroBitCount)
    return seen &<< k < sum ? k &+ 1 : k
  }

  @inline(__always)
  mutating func add(_ error: Int, step: Int, reset: Int) {
    var (a, b, n) = (sum &+ abs(error), bias &+ error &* step, seen)
    if n == reset {
      a >>= 1
      b >>= 1
      n >>= 1
    }
    n &+= 1
    let (isLow, isHigh) = (b <= -n, b > 0)
    b = isLow ? max(b &+ n, 1 &- n) : isHigh ? min(b &- n, 0) : b
    correction = isLow ? max(correction &- 1, -128) : isHigh ? min(correction &+ 1, 127) : correction
    (sum, bias, seen) = (a, b, n)
  }

  /// The error that a code behind a run stands for.
  mutating func addInterruption(_ mapped: Int, k: Int, isLevel: Bool, reset: Int) -> Int {
    let kind = isLevel ? 1 : 0
    let odd = (mapped + kind) & 1
    let size = (mapped + kind + odd) >> 1
    let error = (k != 0 || 2 * bias >= seen) == (odd == 1) ? -size : size
    if error < 0 { bias += 1 }
    sum += (mapped + 1 - kind) >> 1
    if seen == reset {
      sum >>= 1
      seen >>= 1
      bias >>= 1
    }
    seen += 1
    return error
  }
}
