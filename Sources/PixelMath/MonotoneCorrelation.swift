/// The highest correlation that any rising change of `a`'s greys reaches with `b`, 0 to 1: another gamma, window or brightness does not lower it.
/// 0 when `b` is flat.
///
/// Least squares under order: pool adjacent violators (Ayer et al., Annals of Mathematical Statistics 26, 1955) over the pixels by their value in
/// `a`. The share of `b`'s variance that the fit explains is the square of the correlation.
///
/// - Complexity: O(n log n).
package func monotoneCorrelation(_ a: Plane, _ b: Plane) -> Double {
  precondition(a.rows == b.rows && a.columns == b.columns, "monotoneCorrelation: \(a.rows) x \(a.columns) with \(b.rows) x \(b.columns)")
  let order = a.values.indices.sorted { (a.values[$0], $0) < (a.values[$1], $1) }
  let mean = b.values.reduce(0) { $0 + Double($1) } / Double(b.values.count)
  var blocks: [(sum: Double, count: Double)] = []
  for (place, index) in order.enumerated() {
    let value = Double(b.values[index]) - mean
    // Pixels of one value in `a` have one value in the fit.
    if place > 0, a.values[order[place - 1]] == a.values[index] {
      blocks[blocks.count - 1].sum += value
      blocks[blocks.count - 1].count += 1
    } else {
      blocks.append((value, 1))
    }
    let isLastOfItsValue = place + 1 == order.count || a.values[order[place + 1]] != a.values[index]
    while isLastOfItsValue, blocks.count > 1 {
      let (last, before) = (blocks[blocks.count - 1], blocks[blocks.count - 2])
      guard before.sum * last.count >= last.sum * before.count else { break }
      blocks.removeLast()
      blocks[blocks.count - 1] = (before.sum + last.sum, before.count + last.count)
    }
  }
  let explained = blocks.reduce(0) { $0 + $1.sum * $1.sum / $1.count }
  let total = b.values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
  return total > 0 ? min(1, explained / total).squareRoot() : 0
}
