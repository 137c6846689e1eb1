/// The squared maximum mean discrepancy under the kernel `(x·y / width + 1)³` (Binkowski et al. 2018, KID), unbiased: its mean over
/// independent draws is 0 for equal distributions, and it may come out below.
///
/// Of sets with chosen numbers of each label it is biased towards values below 0; `LabelledFeatures` has the estimate for these.
///
/// - Precondition: at least two rows on either side.
package func kernelDistance(_ real: FeatureSet, _ generated: FeatureSet) -> Double {
  precondition(real.count > 1 && generated.count > 1, "a kernel distance needs two rows on either side")
  return kernelMoments(LabelledFeatures(real), LabelledFeatures(generated), matched: true).distance
}

/// The mean of the kernel distances of aligned blocks of `size` rows; nil where either side has fewer rows.
package func kernelDistance(_ real: FeatureSet, _ generated: FeatureSet, blocksOf size: Int) -> Double? {
  let blocks = min(real.count, generated.count) / size
  guard blocks > 0 else { return nil }
  let sum = (0..<blocks).reduce(0.0) { sum, block in
    let rows = block * size..<(block + 1) * size
    return sum + kernelDistance(real.rows(rows), generated.rows(rows))
  }
  return sum / Double(blocks)
}

/// KID without bias however many of each label either side has: means within a label leave out an image's pair with itself, and labels are put
/// together by shares.
///
/// With one label it is the estimate of Binkowski et al. 2018. That takes the images of a set for independent draws; a set with a chosen number of
/// each label holds, beside any image, one image too few of its own label, the more alike ones, and comes out too low.
///
/// The standard error is that of the delete-one jackknife within labels, to first order. It is up to 1.4 times too wide where nothing tells the
/// sets apart. Images count as independent: neighbouring slices are not, and there the error is larger.
///
/// - Parameter matched: takes each label of the generated rows in the share that it has among the real ones, so that sets that differ in these
///   alone are at no distance; else either side keeps its own.
/// - Precondition: at least two rows of each label on either side; the same labels on both where `matched`.
package func kernelDistance(_ real: LabelledFeatures, _ generated: LabelledFeatures, matched: Bool = true) -> Estimate {
  precondition(
    matched ? real.isComparable(to: generated, least: 2) : [real, generated].allSatisfy { $0.isComparable(to: $0, least: 2) },
    "a kernel distance needs two rows of each label on either side")
  let found = kernelMoments(real, generated, matched: matched)
  return Estimate(found.distance, standardError: found.error)
}

private func kernelMoments(_ real: LabelledFeatures, _ generated: LabelledFeatures, matched: Bool) -> (distance: Double, error: Double) {
  let (realShares, shares) = (real.shares, matched ? real.shares : generated.shares)
  // How much more alike each row is to the real than to the generated rows.
  func leanings(_ set: LabelledFeatures, isReal: Bool) -> [Double] {
    zip(meanKernels(of: set, to: real, isSame: isReal, realShares), meanKernels(of: set, to: generated, isSame: !isReal, shares)).map { $0 - $1 }
  }
  let (a, b) = (moments(leanings(real, isReal: true), real, realShares), moments(leanings(generated, isReal: false), generated, shares))
  return (a.mean - b.mean, 2 * (a.variance + b.variance).squareRoot())
}

/// For each row its mean kernel to the rows of `others`, label by label by `shares`; never to itself.
private func meanKernels(of set: LabelledFeatures, to others: LabelledFeatures, isSame: Bool, _ shares: [Int32: Double]) -> [Double] {
  let width = Double(set.features.width)
  let order = shares.keys.sorted()
  let places = others.labels.map { label in order.firstIndex(of: label) ?? 0 }
  return set.features.mapRows(against: others.features, product) { row, products in
    withUnsafeTemporaryAllocation(of: Double.self, capacity: order.count) { sums in
      sums.initialize(repeating: 0)
      for column in products.indices where !(isSame && column == row) {
        let value = products[column] / width + 1
        sums[places[column]] += value * value * value
      }
      return order.enumerated().reduce(0) { sum, item in
        let rows = others.counts[item.element, default: 0] - (isSame && set.labels[row] == item.element ? 1 : 0)
        return sum + shares[item.element, default: 0] * sums[item.offset] / Double(rows)
      }
    }
  }
}

/// The mean of `values` with the labels in these shares, and its variance.
private func moments(_ values: [Double], _ set: LabelledFeatures, _ shares: [Int32: Double]) -> (mean: Double, variance: Double) {
  var (sums, squares): ([Int32: Double], [Int32: Double]) = ([:], [:])
  for (value, label) in zip(values, set.labels) { sums[label, default: 0] += value }
  let means = sums.reduce(into: [:]) { $0[$1.key] = $1.value / Double(set.counts[$1.key, default: 1]) }
  for (value, label) in zip(values, set.labels) {
    let rest = value - means[label, default: 0]
    squares[label, default: 0] += rest * rest
  }
  return shares.keys.sorted().reduce(into: (0, 0)) { moments, label in
    let (share, count) = (shares[label, default: 0], Double(set.counts[label, default: 0]))
    moments.mean += share * means[label, default: 0]
    moments.variance += share * share * squares[label, default: 0] / ((count - 1) * count)
  }
}
