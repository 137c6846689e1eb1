import Foundation

extension SquareMatrix {
  /// The eigenvalues of a symmetric matrix, in no particular order: Householder reduction to tridiagonal form, then QL steps with implicit
  /// shifts (Golub and Van Loan, Matrix Computations, 8.3). `O(size³)`; errors are roundings of the largest eigenvalue, also where the rank is
  /// not full.
  ///
  /// - Precondition: `self` is symmetric and finite.
  var eigenvalues: [Double] {
    var (diagonal, off) = tridiagonal()
    SquareMatrix.solve(&diagonal, &off)
    return diagonal
  }

  /// The tridiagonal matrix with the same eigenvalues; `off[i]` stands beside `diagonal[i]` and `diagonal[i + 1]`.
  private func tridiagonal() -> (diagonal: [Double], off: [Double]) {
    var work = values
    var (diagonal, off) = ([Double](repeating: 0, count: size), [Double](repeating: 0, count: size))
    for k in 0..<max(0, size - 1) {
      // The reflector that clears column k below the subdiagonal, applied from both sides to the trailing block.
      let below = size - k - 1
      var v = (0..<below).map { work[(k + 1 + $0) * size + k] }
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let alpha = v[0] > 0 ? -norm : norm
      (diagonal[k], off[k]) = (work[k * size + k], alpha)
      v[0] -= alpha
      let square = v.reduce(0) { $0 + $1 * $1 }
      guard square > 0 else { continue }
      let factor = 2 / square
      work.withUnsafeMutableBufferPointer { a in
        v.withUnsafeBufferPointer { v in
          func row(_ index: Int) -> UnsafeMutablePointer<Double> { a.baseAddress! + (k + 1 + index) * size + k + 1 }
          var p = (0..<below).map { factor * product(row($0), v.baseAddress!, below) }
          let share = factor / 2 * zip(p, v).reduce(0) { $0 + $1.0 * $1.1 }
          for index in 0..<below { p[index] -= share * v[index] }
          p.withUnsafeBufferPointer { p in
            for index in 0..<below {
              let (to, x, y) = (row(index), v[index], p[index])
              for column in 0..<below { to[column] -= x * p[column] + y * v[column] }
            }
          }
        }
      }
    }
    if size > 0 { diagonal[size - 1] = work[size * size - 1] }
    return (diagonal, off)
  }

  private static func solve(_ values: inout [Double], _ off: inout [Double]) {
    let size = values.count
    // Against the whole matrix: where the rank is not full, neighbours are nothing but rounding themselves.
    let scale = zip(values, off).reduce(0) { max($0, abs($1.0) + abs($1.1)) }
    for l in 0..<size {
      var rounds = 0
      while true {
        var m = l
        while m < size - 1, abs(off[m]) > .ulpOfOne * scale { m += 1 }
        if m == l { break }
        rounds += 1
        precondition(rounds <= 100, "eigenvalues: the QL steps do not converge; the matrix is not finite")
        var g = (values[l + 1] - values[l]) / (2 * off[l])
        var r = hypot(g, 1)
        g = values[m] - values[l] + off[l] / (g + (g < 0 ? -r : r))
        var (s, c, p) = (1.0, 1.0, 0.0)
        var isCut = false
        for i in stride(from: m - 1, through: l, by: -1) {
          let (f, b) = (s * off[i], c * off[i])
          r = hypot(f, g)
          off[i + 1] = r
          if r == 0 {
            values[i + 1] -= p
            off[m] = 0
            isCut = true
            break
          }
          (s, c) = (f / r, g / r)
          g = values[i + 1] - p
          r = (values[i] - g) * s + 2 * c * b
          p = s * r
          values[i + 1] = g + p
          g = c * r - b
        }
        if isCut { continue }
        values[l] -= p
        off[l] = g
        off[m] = 0
      }
    }
  }
}
