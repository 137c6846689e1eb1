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
    frechetDistance = Estimate(of: real, generated) { ForgeGAN.frechetDistance($0, $1) }
    coverage = NeighbourCoverage(real: real, generated: generated, neighbours: neighbours)
    // Drawn at random: halves of a sorted set, or every other row of it, would be further apart or closer together than two draws are.
    let half = real.count / 2
    let order = RandomStream(seed: 0, named: "real against real").permutation(count: real.count, counter: 0)
    let (one, other) = (real.rows(order.prefix(half)), real.rows(order.suffix(half)))
    floor = Floor(
      kernelDistance: ForgeGAN.kernelDistance(one, other), frechetDistance: ForgeGAN.frechetDistance(one, other),
      recall: NeighbourCoverage(real: one, generated: other, neighbours: min(neighbours, half - 1)).recall, count: half)
  }
}
