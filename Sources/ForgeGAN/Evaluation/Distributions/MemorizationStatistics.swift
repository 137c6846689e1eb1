/// Whether generated images are copies of training images, by nearest neighbours in feature space.
///
/// With training and held-out sets of unequal size most honest images look nearer to the larger one: match the sizes first.
package struct MemorizationStatistics: Sendable, Equatable {
  /// Distance of each generated row to its nearest training row, and that row's index (the lowest of equals).
  package let nearest: [(index: Int, distance: Double)]
  /// Distance of each generated row to its nearest held-out row.
  package let heldOutDistances: [Double]
  /// Mean of the nearest over the second-nearest distance: near 1 for honest images, near 0 for copies. A copy of a training image that is
  /// there twice counts 0.
  package let nearestRatio: Double
  /// Share of generated rows nearer to a training row than to any held-out row; about ½ where nothing is memorized and the sets are of
  /// equal size.
  package let closerToTraining: Double
  /// Share of generated rows whose nearest training row has a training neighbour at least as near as they are (Alaa et al. 2022).
  package let authenticity: Double

  /// - Precondition: at least two training rows and one held-out row.
  package init(training: FeatureSet, heldOut: FeatureSet, generated: FeatureSet) {
    precondition(training.count > 1 && heldOut.count > 0 && generated.count > 0, "memorization needs two training rows and one of the others")
    let found = generated.mapRows(against: training, squaredDistance) { _, distances in
      let two = smallest(2, of: distances)
      return (index: distances.firstIndex(of: two[0]) ?? 0, first: two[0], second: two[1])
    }
    let held = generated.mapRows(against: heldOut, squaredDistance) { _, distances in distances.min() ?? .infinity }
    let own = training.mapRows(against: training, squaredDistance) { row, distances in
      distances[row] = .infinity
      return distances.min() ?? .infinity
    }
    nearest = found.map { ($0.index, $0.first.squareRoot()) }
    heldOutDistances = held.map { $0.squareRoot() }
    nearestRatio = found.reduce(0) { $0 + ($1.second > 0 ? ($1.first / $1.second).squareRoot() : 0) } / Double(found.count)
    closerToTraining = share(Array(zip(found, held))) { $0.0.first < $0.1 }
    authenticity = share(found) { $0.first >= own[$0.index] }
  }

  /// A quantile of the distances to the nearest training row, with linear interpolation between order statistics.
  package func distance(quantile: Double) -> Double { distances(quantiles: [quantile])[0] }

  /// As `distance(quantile:)`, of each.
  package func distances(quantiles: [Double]) -> [Double] {
    let sorted = nearest.map(\.distance).sorted()
    return quantiles.map { quantile in
      let place = quantile * Double(sorted.count - 1)
      let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
      return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
  }

  /// `closerToTraining` of images that are as near to a real one as `largest`; those that are near to none tell nothing, so half of them count.
  ///
  /// - Returns: the number of generated rows that count as nearer to a training row.
  package func countCloser(within largest: Double) -> Int {
    let (near, far) = zip(nearest, heldOutDistances).reduce(into: (0, 0)) { sums, row in
      if min(row.0.distance, row.1) > largest { sums.1 += 1 } else if row.0.distance < row.1 { sums.0 += 1 }
    }
    return near + far / 2
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.nearest.elementsEqual(b.nearest, by: ==) && a.heldOutDistances == b.heldOutDistances && a.nearestRatio == b.nearestRatio && a.closerToTraining == b.closerToTraining
      && a.authenticity == b.authenticity
  }
}
