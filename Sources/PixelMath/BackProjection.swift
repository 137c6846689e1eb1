extension Plane {
  /// This enlarged image, changed so that making it small again gives `small`: what is missing is enlarged and added, `rounds` times.
  ///
  /// Small = anti-aliased bicubic, as `resampled` makes it. Each round leaves of the difference what bicubic enlargement loses, at most about
  /// half of it at the finest waves. A pixel depends on small pixels up to `rounds * Plane.backProjectionReach` away.
  /// Source: Irani and Peleg 1991.
  package func backProjected(onto small: Plane, rounds: Int) -> Plane {
    var image = self
    for _ in 0..<rounds {
      let shrunk = image.resampled(rows: small.rows, columns: small.columns)
      let missing = Plane(rows: small.rows, columns: small.columns, values: zip(small.values, shrunk.values).map { $0 - $1 })
      let correction = missing.resampled(rows: rows, columns: columns)
      for index in image.values.indices { image.values[index] += correction.values[index] }
    }
    return image
  }

  /// Small pixels that one round looks to each side: two for making small and two for enlarging.
  package static let backProjectionReach = 4

  /// What this enlarged image shows and `small` cannot tell: its difference to the plainest image that agrees with `small` as well, which is
  /// the bicubic enlargement after as many back-projections.
  ///
  /// Detail that super-resolution adds lies here, right or wrong: nothing in the small image speaks for or against it.
  /// Source: Bhadra et al. 2021 (null space of the imaging operator).
  package func unmeasuredDetail(beside small: Plane, rounds: Int) -> Plane {
    let plain = small.resampled(rows: rows, columns: columns)
      .backProjected(onto: resampled(rows: small.rows, columns: small.columns), rounds: rounds)
    return Plane(rows: rows, columns: columns, values: zip(values, plain.values).map { $0 - $1 })
  }
}
