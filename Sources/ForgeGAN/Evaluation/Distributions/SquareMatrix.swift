internal import ForgeTensor

/// A square matrix of doubles, row by row.
struct SquareMatrix: Sendable, Equatable {
  let size: Int
  var values: [Double]

  init(size: Int) {
    self.size = size
    values = [Double](repeating: 0, count: size * size)
  }

  /// - Precondition: `size * size` values, row by row.
  init(size: Int, values: [Double]) {
    precondition(values.count == size * size, "\(values.count) values for \(size) x \(size)")
    (self.size, self.values) = (size, values)
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * size + column] }
    set { values[row * size + column] = newValue }
  }

  var trace: Double { (0..<size).reduce(0) { $0 + self[$1, $1] } }

  /// Sets entry (i, j) and (j, i) for i >= j, rows shared among the threads.
  mutating func fillSymmetric(_ entry: @Sendable (Int, Int) -> Double) {
    let size = size
    values.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let to = buffer
      parallel(size) { row in
        for column in 0...row { to[row * size + column] = entry(row, column) }
      }
      for row in 0..<size { for column in 0..<row { buffer[column * size + row] = buffer[row * size + column] } }
    }
  }

  /// `self · other · selfᵀ` for a symmetric `other`.
  func sandwiching(_ other: SquareMatrix) -> SquareMatrix {
    var (half, result) = (SquareMatrix(size: size), SquareMatrix(size: size))
    let (size, a, b) = (size, values, other.values)
    half.values.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let to = buffer
      parallel(size) { row in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            // Rows of a symmetric matrix are its columns.
            for column in 0..<size { to[row * size + column] = product(a.baseAddress! + row * size, b.baseAddress! + column * size, size) }
          }
        }
      }
    }
    let left = half.values
    result.fillSymmetric { i, j in
      left.withUnsafeBufferPointer { left in a.withUnsafeBufferPointer { product(left.baseAddress! + i * size, $0.baseAddress! + j * size, size) } }
    }
    return result
  }

  /// `R` with `Rᵀ R = self` for a symmetric matrix without negative eigenvalues (Cholesky). Pivots that are nothing but rounding count as zero.
  var upperFactor: SquareMatrix {
    let least = (0..<size).reduce(0) { max($0, self[$1, $1]) } * Double(size) * .ulpOfOne
    // Row by row of the lower factor L, then transposed.
    var lower = [Double](repeating: 0, count: size * size)
    lower.withUnsafeMutableBufferPointer { lower in
      for i in 0..<size {
        let row = lower.baseAddress! + i * size
        for j in 0...i {
          let other = lower.baseAddress! + j * size
          let rest = self[i, j] - product(row, other, j)
          if i == j {
            row[i] = rest > least ? rest.squareRoot() : 0
          } else {
            row[j] = other[j] > 0 ? rest / other[j] : 0
          }
        }
      }
    }
    var result = SquareMatrix(size: size)
    for i in 0..<size { for j in 0...i { result[j, i] = lower[i * size + j] } }
    return result
  }
}
