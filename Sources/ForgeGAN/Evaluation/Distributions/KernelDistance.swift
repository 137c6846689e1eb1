/// The squared maximum mean discrepancy under the kernel `(x·y / width + 1)³` (Binkowski et al. 2018, KID), unbiased: its mean over
/// draws is 0 for equal distributions, and it may come out below.
///
/// - Precondition: at least two rows on either side.
package func kernelDistance(_ real: FeatureSet, _ generated: FeatureSet) -> Double {
  precondition(real.count > 1 && generated.count > 1, "a kernel distance needs two rows on either side")
  func within(_ set: FeatureSet) -> Double {
    kernelSums(set, set, skipsDiagonal: true) / Double(set.count * (set.count - 1))
  }
  let between = kernelSums(real, generated, skipsDiagonal: false) / (Double(real.count) * Double(generated.count))
  return within(real) + within(generated) - 2 * between
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

private func kernelSums(_ a: FeatureSet, _ b: FeatureSet, skipsDiagonal: Bool) -> Double {
  let width = Double(a.width)
  return a.mapRows(against: b, product) { row, products in
    var sum = 0.0
    for column in products.indices where !skipsDiagonal || column != row {
      let value = products[column] / width + 1
      sum += value * value * value
    }
    return sum
  }.reduce(0, +)
}
