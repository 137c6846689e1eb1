/// Counter-based random numbers: a value depends on the seed and its place alone, never on what was drawn before.
struct PhantomRandom {
  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// An independent source for one purpose.
  func stream(_ name: String) -> PhantomRandom {
    PhantomRandom(seed: name.utf8.reduce(seed) { PhantomRandom.mixed($0 ^ UInt64($1) &* 0x9E37_79B9_7F4A_7C15) })
  }

  func stream(_ index: Int) -> PhantomRandom {
    PhantomRandom(seed: PhantomRandom.mixed(seed ^ (UInt64(index) &+ 1) &* 0xD1B5_4A32_D192_ED03))
  }

  func bits(_ counter: Int) -> UInt64 { PhantomRandom.mixed(seed &+ UInt64(bitPattern: Int64(counter)) &* 0x9E37_79B9_7F4A_7C15) }

  /// In [0, 1).
  func uniform(_ counter: Int) -> Float { Float(bits(counter) >> 40) * 0x1p-24 }

  func between(_ low: Float, _ high: Float, _ counter: Int) -> Float { low + (high - low) * uniform(counter) }

  /// Mean 0, variance 1: the sum of four uniforms (Irwin-Hall), which needs no transcendental function.
  func normal(_ counter: Int) -> Float {
    var sum: Float = -2
    for part in 0..<4 { sum += uniform(counter &* 4 &+ part) }
    return sum * 1.7320508
  }

  /// Smooth noise in [-1, 1] with a feature size of 1: values on a lattice, joined by smoothstep.
  func noise(_ x: Float, _ y: Float, _ z: Float) -> Float {
    let (ix, iy, iz) = (x.rounded(.down), y.rounded(.down), z.rounded(.down))
    let (fx, fy, fz) = (smooth(x - ix), smooth(y - iy), smooth(z - iz))
    var sum: Float = 0
    for corner in 0..<8 {
      let (dx, dy, dz) = (corner & 1, corner >> 1 & 1, corner >> 2)
      let weight = (dx == 1 ? fx : 1 - fx) * (dy == 1 ? fy : 1 - fy) * (dz == 1 ? fz : 1 - fz)
      let place = (Int(ix) + dx) &* 73_856_093 ^ (Int(iy) + dy) &* 19_349_663 ^ (Int(iz) + dz) &* 83_492_791
      sum += weight * (2 * uniform(place) - 1)
    }
    return sum
  }

  private func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }

  /// Finalizer of SplitMix64 (Steele, Lea, Flood 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
