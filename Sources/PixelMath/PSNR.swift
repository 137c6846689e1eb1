import Foundation

/// Mean of squared differences, in `Double`.
package func meanSquaredError(_ a: Plane, _ b: Plane) -> Double {
  precondition(a.rows == b.rows && a.columns == b.columns, "MSE: \(a.rows) x \(a.columns) against \(b.rows) x \(b.columns)")
  var sum = 0.0
  for index in a.values.indices {
    let difference = Double(a.values[index]) - Double(b.values[index])
    sum += difference * difference
  }
  return sum / Double(a.values.count)
}

/// Peak signal-to-noise ratio in decibels: `10 log10(range^2 / MSE)`; infinite for equal images.
package func psnr(_ a: Plane, _ b: Plane, range: Double) -> Double {
  10 * log10(range * range / meanSquaredError(a, b))
}
