import Foundation

/// 256 bits that nearly equal pictures share: which of the 16 x 16 lowest waves of the picture, brought to 64 x 64 pixels, are above their
/// median. Scaling, another window, noise and coding change few bits; pictures of different content differ in about half of them.
///
/// After PDQ (Facebook, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm", 2019): the same transform and median,
/// with a triangle filter in place of its repeated box filters, so the bits are not PDQ's.
package struct PerceptualHash: Sendable, Hashable {
  package let bits: SIMD4<UInt64>

  /// nil for a picture that is flat.
  package init?(_ plane: Plane) {
    guard let hash = PerceptualHash.hash(PerceptualHash.small(plane)) else { return nil }
    self = hash
  }

  private init(bits: SIMD4<UInt64>) { self.bits = bits }

  /// The hashes of the picture, itself first, and of the parts that a cut of 5 to 20 % a side may leave: five places of each size. Of a picture that
  /// was cut by up to 15 % a side one of them differs in about as many bits as a noisy copy does; whole pictures then differ in half of them.
  ///
  /// Parts that are flat have none; empty for a flat picture.
  package static func parts(_ plane: Plane) -> [PerceptualHash] {
    let ample = plane.resampled(rows: 2 * side, columns: 2 * side, kernel: .linear)
    let boxes = [0.95, 0.9, 0.85, 0.8].flatMap { extent -> [Plane] in
      let length = Int((Double(2 * side) * extent).rounded())
      let rest = 2 * side - length
      return [(rest / 2, rest / 2), (0, 0), (0, rest), (rest, 0), (rest, rest)].map { top, left in
        ample.cropped(row: top, column: left, rows: length, columns: length)
      }
    }
    guard let whole = hash(small(ample)) else { return [] }
    return [whole] + boxes.compactMap { hash(small($0)) }
  }

  /// Number of bits that differ, 0 to 256.
  package func distance(to other: PerceptualHash) -> Int {
    let difference = bits ^ other.bits
    return (0..<4).reduce(0) { $0 + difference[$1].nonzeroBitCount }
  }

  private static let side = 64
  private static let waves = 16

  private static func small(_ plane: Plane) -> Plane { plane.resampled(rows: side, columns: side, kernel: .linear) }

  /// Rows 1 to 16 of the discrete cosine transform of 64 values; the mean, row 0, is left out.
  private static let cosines: [Float] = (1...waves).flatMap { wave in
    (0..<side).map { Float(cos(Double.pi / Double(2 * side) * Double(wave) * Double(2 * $0 + 1))) }
  }

  private static func hash(_ small: Plane) -> PerceptualHash? {
    var half = [Float](repeating: 0, count: waves * side)
    for wave in 0..<waves {
      for row in 0..<side {
        let weight = cosines[wave * side + row]
        for column in 0..<side { half[wave * side + column] += weight * small.values[row * side + column] }
      }
    }
    var numbers = [Float](repeating: 0, count: waves * waves)
    for down in 0..<waves {
      for right in 0..<waves {
        var sum: Float = 0
        for column in 0..<side { sum += half[down * side + column] * cosines[right * side + column] }
        numbers[down * waves + right] = sum
      }
    }
    // A picture of one grey has rounding errors alone; values are of the order of 1.
    guard numbers.contains(where: { abs($0) > 1 }) else { return nil }
    let median = numbers.sorted()[numbers.count / 2]
    var bits = SIMD4<UInt64>()
    for (index, number) in numbers.enumerated() where number > median { bits[index / 64] |= 1 << (index % 64) }
    return PerceptualHash(bits: bits)
  }
}
