/// A figure with a 95 % confidence interval.
package struct Estimate: Sendable, Equatable {
  package let value: Double
  /// Ends of the interval; equal to the value where it could not be found.
  package let interval: ClosedRange<Double>

  /// - Parameters:
  ///   - lowest: what the figure cannot be below, such as 0 for a squared distance: the interval ends there.
  ///   - quantile: standard errors to either end.
  package init(_ value: Double, standardError: Double, lowest: Double = -.infinity, quantile: Double = 1.96) {
    self.value = value
    let reach = standardError.isFinite ? quantile * standardError : 0
    interval = min(value, max(lowest, value - reach))...value + reach
  }

  /// The share of `count` trials that came out, with Wilson's interval (Wilson 1927), which stays within 0...1 and is honest at its ends.
  package init(successes: Int, of count: Int) {
    precondition((0...count).contains(successes) && count > 0, "\(successes) of \(count)")
    let (n, p, z) = (Double(count), Double(successes) / Double(count), 1.96)
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let reach = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    value = p
    interval = max(0, min(p, middle - reach))...min(1, max(p, middle + reach))
  }

  /// The mean of a figure over images.
  package init(meanOf values: [Double]) {
    precondition(!values.isEmpty, "a mean of no values")
    let (count, found) = (Double(values.count), Estimate.spread(values))
    self.init(found.mean, standardError: (found.squares / (count - 1) / count).squareRoot())
  }

  /// A figure of two sets with the interval of the grouped jackknife (Shao and Tu 1995): both sets lose a tenth of their rows in turn, row i
  /// being of group i mod 10, and the spread of the ten figures tells that of the whole one, by Student's t of nine degrees of freedom.
  ///
  /// - Precondition: at least 20 rows on either side.
  package init(of real: FeatureSet, _ generated: FeatureSet, lowest: Double = -.infinity, _ figure: (FeatureSet, FeatureSet) -> Double) {
    let groups = 10
    precondition(min(real.count, generated.count) >= 2 * groups, "a jackknife of \(groups) groups needs \(2 * groups) rows on either side")
    func without(_ group: Int, _ set: FeatureSet) -> FeatureSet { set.rows((0..<set.count).lazy.filter { $0 % groups != group }) }
    let parts = (0..<groups).map { figure(without($0, real), without($0, generated)) }
    let spread = Estimate.spread(parts).squares
    self.init(figure(real, generated), standardError: (spread * Double(groups - 1) / Double(groups)).squareRoot(), lowest: lowest, quantile: 2.262)
  }

  /// The mean, and the sum of the squared distances to it.
  private static func spread(_ values: [Double]) -> (mean: Double, squares: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
  }
}
