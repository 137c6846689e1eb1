import ForgeNN
import ForgeTensor

/// What one extractor sees of generated against real images, with what two halves of the real images are to each other beside it.
package struct SetFigures: Sendable {
  /// KID: the squared maximum mean discrepancy with a cubic kernel, unbiased; with each label in the share that it has among the real images
  /// where `isByLabel`, else in its own on either side.
  package let kernelDistance: Estimate
  /// KID without regard to labels, as other programs give it; biased towards values below 0 for sets with chosen numbers of each label.
  package let pooledKernelDistance: Double
  /// Whether labels were given and each has enough images for KID by label.
  package let isByLabel: Bool
  /// Whether either side has more than one label, so that the two figures of KID differ.
  package let hasLabels: Bool
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

  /// Fewest images of a label for KID by label: on either side, and in halves of the real images.
  package static let leastOfLabel = 2

  /// - Parameters:
  ///   - real, generated: features by the same extractor; one label for all where labels are not known.
  ///   - neighbours: k of precision, recall, density and coverage.
  /// - Precondition: at least `least` rows on either side.
  package init(real: LabelledFeatures, generated: LabelledFeatures, neighbours: Int = 5) {
    realCount = real.labels.count
    generatedCount = generated.labels.count
    let (least, leastReal) = (Self.leastOfLabel, 2 * Self.leastOfLabel)
    hasLabels = max(real.counts.count, generated.counts.count) > 1
    isByLabel = real.counts.count > 1 && real.isComparable(to: generated, least: least) && real.counts.values.allSatisfy { $0 >= leastReal }
    // Where it is by label, neither side has labels to join.
    let known = real.joiningLabels(below: leastReal)
    kernelDistance = ForgeGAN.kernelDistance(known, generated.joiningLabels(below: least), matched: isByLabel)
    pooledKernelDistance = hasLabels ? ForgeGAN.kernelDistance(real.features, generated.features) : kernelDistance.value
    frechetDistance = Estimate(of: real.features, generated.features, lowest: 0) { ForgeGAN.frechetDistance($0, $1) }
    coverage = NeighbourCoverage(real: real.features, generated: generated.features, neighbours: neighbours)
    floor = SetFigures.floor(known, neighbours: neighbours)
  }

  /// Means over five ways to cut the set in two, label by label. Drawn at random: halves of a sorted set are further apart than two draws, every
  /// other row of it closer together.
  private static func floor(_ real: LabelledFeatures, neighbours: Int) -> Floor {
    let draws = 5
    let stream = RandomStream(seed: 0, named: "real against real")
    let parts = (0..<draws).map { draw in
      let (one, other) = halves(of: real, order: stream.permutation(count: real.labels.count, counter: UInt64(draw) << 32))
      let least = min(one.labels.count, other.labels.count)
      return (
        kernel: ForgeGAN.kernelDistance(one, other).value, frechet: ForgeGAN.frechetDistance(one.features, other.features),
        recall: NeighbourCoverage(real: one.features, generated: other.features, neighbours: min(neighbours, least - 1)).recall, count: least
      )
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(draws) }
    return Floor(
      kernelDistance: mean(parts.map(\.kernel)), frechetDistance: mean(parts.map(\.frechet)), recall: mean(parts.map(\.recall)), count: parts[0].count)
  }

  /// Every other row of each label, in this order; the odd ones by turns.
  private static func halves(of set: LabelledFeatures, order: [Int]) -> (LabelledFeatures, LabelledFeatures) {
    let byLabel = Dictionary(grouping: order) { set.labels[$0] }
    let dealt = byLabel.keys.sorted().flatMap { byLabel[$0] ?? [] }
    return (set.rows(dealt.indices.filter { $0 % 2 == 0 }.map { dealt[$0] }), set.rows(dealt.indices.filter { $0 % 2 == 1 }.map { dealt[$0] }))
  }
}
