internal import CForgeKernels

/// A stream of random numbers without state: sample `i` depends on `(seed, stream, counter + i)` alone.
///
/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). The caller keeps the counter and moves it on by
/// the number of samples drawn; so replay, resume and any split of a batch give the same numbers on any backend.
package struct RandomStream: Hashable, Sendable, Codable {
  package var seed: UInt64
  /// Separate streams of one seed are independent: one for data order, one for latents, one per layer.
  package var stream: UInt64

  package init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// Gaussian samples.
  package func normal(_ shape: Shape, counter: UInt64, mean: Float = 0, deviation: Float = 1) -> Tensor {
    let x = Tensor(uninitialized: shape)
    require(
      KernelTable.current.slots.pointee.random_normal(seed, stream, counter, x.count, mean, deviation, x.pointer), "normal \(shape)")
    return x
  }

  /// Uniform samples in `low ..< high`.
  package func uniform(_ shape: Shape, counter: UInt64, low: Float = 0, high: Float = 1) -> Tensor {
    let x = Tensor(uninitialized: shape)
    require(KernelTable.current.slots.pointee.random_uniform(seed, stream, counter, x.count, low, high, x.pointer), "uniform \(shape)")
    return x
  }

  /// A uniform integer in `0 ..< bound`.
  ///
  /// Draws 64 bits and keeps the high word of their product with `bound`; its bias, below `bound / 2⁶⁴`, cannot be seen.
  package func integer(below bound: Int, counter: UInt64) -> Int {
    promise(bound > 0, "integer: bound \(bound)")
    let block = philox4x32(key: seed, counter: (counter, stream))
    return Int((UInt64(block.1) << 32 | UInt64(block.0)).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A uniform real number in `0 ..< 1`.
  package func real(counter: UInt64) -> Double {
    let block = philox4x32(key: seed, counter: (counter, stream))
    return Double((UInt64(block.1) << 32 | UInt64(block.0)) >> 11) * 0x1p-53
  }

  /// A number of mean 0 and variance 1 that is nearly normal (the sum of eight uniform ones, at most 4.9 from 0), without a kernel and with
  /// the same bits everywhere.
  package func bell(counter: UInt64) -> Float {
    let block = philox4x32(key: seed, counter: (counter, stream))
    var sum = 0
    for word in [block.0, block.1, block.2, block.3] { sum += Int(word & 0xFFFF) + Int(word >> 16) }
    // Eight uniform whole numbers below 2¹⁶ have the mean 4 (2¹⁶ − 1) and the variance 8 (2³² − 1) / 12.
    return Float(Double(sum - 4 * 0xFFFF) * 1.868_812_365_011_853_4e-5)
  }

  /// A random order of `0 ..< count` (Fisher and Yates). Uses the counters `counter ..< counter + count`.
  package func permutation(count: Int, counter: UInt64) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, integer(below: i + 1, counter: counter &+ UInt64(i)))
    }
    return order
  }
}

/// One block of Philox4x32-10.
func philox4x32(key: UInt64, counter: (UInt64, UInt64)) -> (UInt32, UInt32, UInt32, UInt32) {
  var (k0, k1) = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
  var c0 = UInt32(truncatingIfNeeded: counter.0)
  var c1 = UInt32(truncatingIfNeeded: counter.0 >> 32)
  var c2 = UInt32(truncatingIfNeeded: counter.1)
  var c3 = UInt32(truncatingIfNeeded: counter.1 >> 32)
  for _ in 0..<10 {
    let a = UInt64(0xD251_1F53) * UInt64(c0)
    let b = UInt64(0xCD9E_8D57) * UInt64(c2)
    (c0, c1, c2, c3) = (
      UInt32(truncatingIfNeeded: b >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: a >> 32) ^ c3 ^ k1,
      UInt32(truncatingIfNeeded: a)
    )
    k0 &+= 0x9E37_79B9
    k1 &+= 0xBB67_AE85
  }
  return (c0, c1, c2, c3)
}
