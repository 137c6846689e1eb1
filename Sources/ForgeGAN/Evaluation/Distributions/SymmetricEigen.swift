import Foundation

/// Eigenvalues and eigenvectors of a symmetric matrix: Householder reduction to tridiagonal form, then QL steps with implicit shifts
/// (Golub and Van Loan, Matrix Computations, 8.3). `O(size³)`; stable for matrices without full rank, where the roots of a product of
/// covariances are not.
struct SymmetricEigen {
  /// In no particular order.
  private(set) var values: [Double]
  /// Row i belongs to `values[i]`; empty unless asked for.
  private(set) var vectors: SquareMatrix

  /// - Precondition: `matrix` is symmetric and finite.
  init(_ matrix: SquareMatrix, withVectors: Bool) {
    let size = matrix.size
    values = [Double](repeating: 0, count: size)
    var off = [Double](repeating: 0, count: size)
    var work = matrix
    SymmetricEigen.reduce(&work, diagonal: &values, off: &off, withVectors: withVectors)
    vectors = withVectors ? work : SquareMatrix(size: 0)
    solve(&off, withVectors: withVectors)
  }

  /// `work` becomes the transformation with one basis vector per row when vectors are wanted.
  private static func reduce(_ work: inout SquareMatrix, diagonal: inout [Double], off: inout [Double], withVectors: Bool) {
    let size = work.size
    guard size > 1 else {
      if size == 1 {
        diagonal[0] = work[0, 0]
        work[0, 0] = 1
      }
      return
    }
    var reflectors: [(vector: [Double], factor: Double)] = []
    for k in 0..<size - 1 {
      // The reflector that clears column k below the subdiagonal, applied from both sides to the trailing block.
      let below = size - k - 1
      var v = (0..<below).map { work[k + 1 + $0, k] }
      let norm = v.withUnsafeBufferPointer { product($0.baseAddress!, $0.baseAddress!, below) }.squareRoot()
      let alpha = v[0] > 0 ? -norm : norm
      diagonal[k] = work[k, k]
      off[k] = alpha
      v[0] -= alpha
      let square = v.withUnsafeBufferPointer { product($0.baseAddress!, $0.baseAddress!, below) }
      guard square > 0 else {
        reflectors.append((v, 0))
        continue
      }
      let factor = 2 / square
      reflectors.append((v, factor))
      let reflector = v
      var p = [Double](repeating: 0, count: below)
      work.values.withUnsafeBufferPointer { a in
        reflector.withUnsafeBufferPointer { v in
          for row in 0..<below { p[row] = factor * product(a.baseAddress! + (k + 1 + row) * size + k + 1, v.baseAddress!, below) }
        }
      }
      let share = factor / 2 * zip(p, v).reduce(0) { $0 + $1.0 * $1.1 }
      for index in 0..<below { p[index] -= share * v[index] }
      work.values.withUnsafeMutableBufferPointer { a in
        for row in 0..<below {
          let at = (k + 1 + row) * size + k + 1
          let (x, y) = (v[row], p[row])
          for column in 0..<below { a[at + column] -= x * p[column] + y * v[column] }
        }
      }
    }
    diagonal[size - 1] = work[size - 1, size - 1]
    guard withVectors else { return }
    // Q transposed, row i the image of basis vector i: reflectors applied last to first.
    var q = SquareMatrix(size: size)
    for i in 0..<size { q[i, i] = 1 }
    for k in stride(from: size - 2, through: 0, by: -1) where reflectors[k].factor != 0 {
      let (v, factor) = reflectors[k]
      q.values.withUnsafeMutableBufferPointer { q in
        v.withUnsafeBufferPointer { v in
          for row in k + 1..<size {
            let at = q.baseAddress! + row * size + k + 1
            let scale = factor * product(at, v.baseAddress!, v.count)
            for column in 0..<v.count { at[column] -= scale * v[column] }
          }
        }
      }
    }
    work = q
  }

  private mutating func solve(_ off: inout [Double], withVectors: Bool) {
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
          s = f / r
          c = g / r
          g = values[i + 1] - p
          r = (values[i] - g) * s + 2 * c * b
          p = s * r
          values[i + 1] = g + p
          g = c * r - b
          if withVectors { rotate(i, s, c) }
        }
        if isCut { continue }
        values[l] -= p
        off[l] = g
        off[m] = 0
      }
    }
  }

  private mutating func rotate(_ i: Int, _ s: Double, _ c: Double) {
    let size = values.count
    vectors.values.withUnsafeMutableBufferPointer { v in
      let (upper, lower) = (v.baseAddress! + i * size, v.baseAddress! + (i + 1) * size)
      for k in 0..<size {
        let f = lower[k]
        lower[k] = s * upper[k] + c * f
        upper[k] = c * upper[k] - s * f
      }
    }
  }
}

extension SquareMatrix {
  /// The symmetric root of a symmetric matrix whose eigenvalues are not below zero; rounding below zero counts as zero.
  var symmetricRoot: SquareMatrix {
    let eigen = SymmetricEigen(self, withVectors: true)
    var scaled = eigen.vectors
    for (row, value) in eigen.values.enumerated() {
      let root = max(value, 0).squareRoot().squareRoot()
      for column in 0..<size { scaled[row, column] *= root }
    }
    // Sum over rows of outer products: by columns, so that each entry is the product of two runs of memory.
    var columns = [Double](repeating: 0, count: size * size)
    for row in 0..<size { for column in 0..<size { columns[column * size + row] = scaled[row, column] } }
    var result = SquareMatrix(size: size)
    let (size, entries) = (size, columns)
    result.fillSymmetric { i, j in
      entries.withUnsafeBufferPointer { product($0.baseAddress! + i * size, $0.baseAddress! + j * size, size) }
    }
    return result
  }

  var eigenvalues: [Double] { SymmetricEigen(self, withVectors: false).values }
}
