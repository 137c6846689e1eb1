import Diagnostics
import ForgeGAN
import PixelMath

extension Evaluator {
  /// The held-out images in two halves: the first stands in for synthetic images, the second is what they may be near to.
  func memory(
    _ extractor: any FeatureExtractor, training: InMemoryImages, held: InMemoryImages, synthetic: InMemoryImages
  ) throws -> Evaluation.Memory? {
    let (known, unseen, made) = (try extractor.features(of: training), try extractor.features(of: held), try extractor.features(of: synthetic))
    let size = min(known.count, unseen.count / 2)
    guard size >= SetFigures.least else { return nil }
    // Matched sizes: with unequal ones most honest images look nearer to the larger set.
    let some = known.rows(Evaluator.spread(known.count, size))
    let (reference, stand) = (unseen.rows((0..<size).lazy.map { 2 * $0 }), unseen.rows((0..<size).lazy.map { 2 * $0 + 1 }))
    let found = MemorizationStatistics(training: some, heldOut: reference, generated: made)
    let honest = MemorizationStatistics(training: some, heldOut: reference, generated: stand)
    // Copies of any training image count, so all of them are looked at; what honest images reach is measured against the same.
    let all = MemorizationStatistics(training: known, heldOut: reference, generated: made)
    let allHonest = MemorizationStatistics(training: known, heldOut: reference, generated: stand)
    let nearest = allHonest.distance(quantile: 0)
    return Evaluation.Memory(
      extractor: extractor.name, statistics: all, honestStatistics: allHonest,
      closer: Estimate(successes: found.countCloser(within: honest.distance(quantile: 1)), of: made.count),
      honest: Estimate(successes: Int((honest.closerToTraining * Double(stand.count)).rounded()), of: stand.count), setSize: size,
      suspects: all.nearest.count { $0.distance < nearest / 100 })
  }

  /// So many held-out images tell how near honest ones come.
  private static let mostHonest = 300

  /// Looks for each synthetic image among all training images, turned, flipped, cut, noisy, in other contrast.
  ///
  /// - Parameters:
  ///   - known: the training images, to find equal ones.
  ///   - held: real images that no model has seen, which stand for honest ones.
  /// - Returns: nil when they are too few.
  func copies(training: EvaluationImages, _ known: Set<Plane>, held: EvaluationImages, synthetic: EvaluationImages) throws -> Evaluation.Copies? {
    guard held.count >= CopyBounds.least, training.count > 1 else { return nil }
    let stage = "search for copies"
    progress(.began(stage: stage, total: synthetic.count, unit: "images"))
    let search = CopySearch(Concurrent.map(training.planes, threads: threads) { CopySearch.Original(likeness: Likeness($0)) })
    func nearest(to planes: [Plane]) throws -> [CopySearch.Found] {
      if Interruption.isRequested { throw PipelineError.interrupted }
      return Concurrent.map(planes, threads: threads) { search.nearest(to: Likeness.turned($0)) }.compactMap(\.self)
    }
    let honest = Evaluator.spread(held.count, min(held.count, Self.mostHonest)).map { held.planes[$0] }
    let baseline = try nearest(to: honest)
    guard let bounds = CopyBounds(honest: baseline) else { return nil }
    var (found, identical): ([Evaluation.Copies.Copy], Int) = ([], 0)
    for start in stride(from: 0, to: synthetic.count, by: 64) {
      let batch = Array(synthetic.planes[start..<min(start + 64, synthetic.count)])
      for (offset, one) in try nearest(to: batch).enumerated() {
        let isSame = known.contains(batch[offset])
        if isSame { identical += 1 }
        guard isSame || bounds.isCopy(one) else { continue }
        found.append(
          Evaluation.Copies.Copy(
            synthetic: start + offset, training: one.nearest, places: (synthetic.origins[start + offset].place, training.origins[one.nearest].place),
            distance: one.distance))
      }
      progress(.advanced(stage: stage, done: start + batch.count))
    }
    progress(.ended(stage: stage, summary: "\(found.count) found"))
    return Evaluation.Copies(
      found: found.sorted { ($0.distance, $0.synthetic) < ($1.distance, $1.synthetic) }, identical: identical, training: training.count,
      synthetic: synthetic.count, honest: (bounds.count, baseline.count(where: bounds.isCopy)), nearestHonest: bounds.smallest, threshold: bounds.threshold)
  }
}
