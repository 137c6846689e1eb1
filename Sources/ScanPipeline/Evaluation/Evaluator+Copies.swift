import Diagnostics
import PixelMath

extension Evaluator {
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
