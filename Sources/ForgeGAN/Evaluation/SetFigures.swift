import ForgeNN
import ForgeTensor

/// What one extractor sees of generated against real images, with what two halves of the real images are to each other beside it.
package struct SetFigures: Sendable {
  /// KID: the squared maximum mean discrepancy with a cubic kernel, unbiased.
  package let kernelDistance: Estimate
  /// FID.
  package let frechetDistance: Estimate
  package let coverage: NeighbourCoverage
  package let realCount: Int
  package let generatedCount: Int
  /// The same figures of one half of the real images against the other: nothing can be told apart better than that. The halves are smaller
  /// than the sets, which raises FID.
  package let floor: Floor

  package struct Floor: Sendable {
    package let kernelDistance: Double
    package let frechetDistance: Double
    package let recall: Double
    /// Images in each half.
    package let count: Int
  }

  /// Fewest images on either side.
  package static let least = 20

  /// - Parameters:
  ///   - real, generated: features by the same extractor.
  ///   - neighbours: k of precision, recall, density and coverage.
  /// - Precondition: at least `least` rows on either side.
  package init(real: FeatureSet, generated: FeatureSet, neighbours: Int = 5) {
    realCount = real.count
    generatedCount = generated.count
    kernelDistance = Estimate(of: real, generated) { ForgeGAN.kernelDistance($0, $1) }
    frechetDistance = Estimate(of: real, generated, lowest: 0) { ForgeGAN.frechetDistance($0, $1) }
    coverage = NeighbourCoverage(real: real, generated: generated, neighbours: neighbours)
    floor = SetFigures.floor(real, neighbours: neighbours)
  }

  /// Means over five ways to cut the set in two. Drawn at random: halves of a sorted set are further apart than two draws, every other row of
  /// it closer together.
  private static func floor(_ real: FeatureSet, neighbours: Int) -> Floor {
    let (half, draws) = (real.count / 2, 5)
    let stream = RandomStream(seed: 0, named: "real against real")
    let parts = (0..<draws).map { draw in
      let order = stream.permutation(count: real.count, counter: UInt64(draw) << 32)
      let (one, other) = (real.rows(order.prefix(half)), real.rows(order.suffix(half)))
      return (
        kernel: ForgeGAN.kernelDistance(one, other), frechet: ForgeGAN.frechetDistance(one, other),
        recall: NeighbourCoverage(real: one, generated: other, neighbours: min(neighbours, half - 1)).recall
      )
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(draws) }
    return Floor(
      kernelDistance: mean(parts.map(\.kernel)), frechetDistance: mean(parts.map(\.frechet)), recall: mean(parts.map(\.recall)), count: half)
  }
}
