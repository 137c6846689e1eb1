/// Pearson's correlation of two planes of one size, -1 to 1; 0 when one of them is flat.
package func correlation(_ a: Plane, _ b: Plane) -> Double {
  precondition(a.rows == b.rows && a.columns == b.columns, "correlation: \(a.rows) x \(a.columns) with \(b.rows) x \(b.columns)")
  let count = Double(a.values.count)
  let meanA = a.values.reduce(0) { $0 + Double($1) } / count
  let meanB = b.values.reduce(0) { $0 + Double($1) } / count
  var (both, squareA, squareB) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a.values, b.values) {
    let (x, y) = (Double(x) - meanA, Double(y) - meanB)
    both += x * y
    squareA += x * x
    squareB += y * y
  }
  return squareA > 0 && squareB > 0 ? both / (squareA * squareB).squareRoot() : 0
}
