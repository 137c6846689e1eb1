/// The distance of two normal distributions with the means and covariances of two sets of features (Heusel et al. 2017):
/// `|m1 - m2|² + tr S1 + tr S2 - 2 tr (S1^½ S2 S1^½)^½`, with unbiased covariances and a symmetric eigenvalue solver.
///
/// It depends on the extractor and is biased by the number of samples: report both beside it.
package func frechetDistance(_ real: FeatureSet, _ generated: FeatureSet) -> Double {
  let between = zip(real.mean, generated.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let (s1, s2) = (real.covariance, generated.covariance)
  let root = s1.symmetricRoot.sandwiching(s2).eigenvalues.reduce(0) { $0 + max($1, 0).squareRoot() }
  return between + s1.trace + s2.trace - 2 * root
}
