/// How far generated images lie among the real ones and the real ones among the generated: improved precision and recall (Kynkäänniemi et
/// al. 2019), density and coverage (Naeem et al. 2020), by balls around each row that reach to its k-th neighbour in its own set.
package struct NeighbourCoverage: Sendable, Equatable {
  package let neighbours: Int
  /// Share of generated rows inside the ball of a real row: fidelity.
  package let precision: Double
  /// Share of real rows inside the ball of a generated row: diversity.
  package let recall: Double
  /// Mean number of real balls around a generated row, over k; may pass 1.
  package let density: Double
  /// Share of real balls that hold a generated row.
  package let coverage: Double
  /// Of each figure, for the images that are counted; the balls are taken as they are.
  package let intervals: Intervals

  package struct Intervals: Sendable, Equatable {
    package let precision: ClosedRange<Double>
    package let recall: ClosedRange<Double>
    package let density: ClosedRange<Double>
    package let coverage: ClosedRange<Double>
  }

  /// - Parameter neighbours: k; the row itself is not counted.
  /// - Precondition: more than k rows on either side.
  package init(real: FeatureSet, generated: FeatureSet, neighbours k: Int) {
    precondition(k > 0 && real.count > k && generated.count > k, "\(k) neighbours need more rows than \(real.count) and \(generated.count)")
    neighbours = k
    func radii(_ set: FeatureSet) -> [Double] {
      set.mapRows(against: set, squaredDistance) { _, distances in smallest(k + 1, of: distances).last ?? .infinity }
    }
    let (realRadii, generatedRadii) = (radii(real), radii(generated))
    let balls = generated.mapRows(against: real, squaredDistance) { _, distances in
      distances.indices.reduce(0) { $0 + (distances[$1] < realRadii[$1] ? 1 : 0) }
    }
    let held = real.mapRows(against: generated, squaredDistance) { row, distances in
      (
        isRecalled: distances.indices.contains { distances[$0] < generatedRadii[$0] },
        isCovered: distances.contains { $0 < realRadii[row] }
      )
    }
    let shares = (
      precision: Estimate(successes: balls.count { $0 > 0 }, of: balls.count), recall: Estimate(successes: held.count(where: \.isRecalled), of: held.count),
      coverage: Estimate(successes: held.count(where: \.isCovered), of: held.count)
    )
    (precision, recall, coverage) = (shares.precision.value, shares.recall.value, shares.coverage.value)
    density = Double(balls.reduce(0, +)) / Double(k * balls.count)
    intervals = Intervals(
      precision: shares.precision.interval, recall: shares.recall.interval, density: Estimate(meanOf: balls.map { Double($0) / Double(k) }).interval,
      coverage: shares.coverage.interval)
  }
}

func share<Element>(_ items: [Element], _ isCounted: (Element) -> Bool) -> Double {
  Double(items.count { isCounted($0) }) / Double(items.count)
}

/// The smallest `count` numbers in order.
func smallest(_ count: Int, of numbers: UnsafeMutableBufferPointer<Double>) -> [Double] {
  var found: [Double] = []
  for number in numbers where found.count < count || number < found[found.count - 1] {
    found.insert(number, at: found.firstIndex { number < $0 } ?? found.count)
    if found.count > count { found.removeLast() }
  }
  return found
}
