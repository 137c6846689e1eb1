/// The distance of two normal distributions with the means and covariances of two sets of features (Heusel et al. 2017):
/// `|m1 - m2|² + tr S1 + tr S2 - 2 tr (S1^½ S2 S1^½)^½`, with unbiased covariances and symmetric eigenvalues.
///
/// It depends on the extractor and is biased by the number of samples: report both beside it.
///
/// - Precondition: at least two rows on either side.
package func frechetDistance(_ real: FeatureSet, _ generated: FeatureSet) -> Double {
  let between = zip(real.mean, generated.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let isWide = min(real.count, generated.count) <= real.width
  let (traces, root) = isWide ? byRows(real.centred, generated.centred) : byColumns(real.covariance, generated.covariance)
  return between + traces - 2 * root
}

/// The roots of the eigenvalues of `S1^½ S2 S1^½` are those of `R S2 Rᵀ` with `Rᵀ R = S1`.
private func byColumns(_ s1: SquareMatrix, _ s2: SquareMatrix) -> (traces: Double, root: Double) {
  (s1.trace + s2.trace, s1.upperFactor.sandwiching(s2).eigenvalues.reduce(0) { $0 + max($1, 0).squareRoot() })
}

/// With few rows: the same roots are the singular values of `X Yᵀ` for centred sets X and Y, a matrix as small as the smaller set.
private func byRows(_ x: FeatureSet, _ y: FeatureSet) -> (traces: Double, root: Double) {
  func trace(_ set: FeatureSet) -> Double { set.values.reduce(0) { $0 + $1 * $1 } / Double(set.count - 1) }
  let (small, large) = x.count <= y.count ? (x, y) : (y, x)
  let products = FeatureSet(
    width: large.count, values: small.mapRows(against: large, product) { _, numbers in Array(numbers) }.flatMap(\.self))
  let squares = products.mapRows(against: products, product) { _, numbers in Array(numbers) }.flatMap(\.self)
  let singular = SquareMatrix(size: small.count, values: squares).eigenvalues.reduce(0) { $0 + max($1, 0).squareRoot() }
  return (trace(x) + trace(y), singular / (Double(x.count - 1) * Double(y.count - 1)).squareRoot())
}
