internal import ForgeTensor

/// A square matrix of doubles, row by row.
struct SquareMatrix: Sendable, Equatable {
  let size: Int
  var values: [Double]

  init(size: Int) {
    self.size = size
    values = [Double](repeating: 0, count: size * size)
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

  /// `self * other * self` for symmetric matrices.
  func sandwiching(_ other: SquareMatrix) -> SquareMatrix {
    // Rows of a symmetric matrix are its columns.
    let half = multiplied(bySymmetric: other)
    var result = SquareMatrix(size: size)
    let (size, a, b) = (size, half.values, values)
    result.fillSymmetric { i, j in
      a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { product(a.baseAddress! + i * size, $0.baseAddress! + j * size, size) } }
    }
    return result
  }

  private func multiplied(bySymmetric other: SquareMatrix) -> SquareMatrix {
    var result = SquareMatrix(size: size)
    let (size, a, b) = (size, values, other.values)
    result.values.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let to = buffer
      parallel(size) { row in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            for column in 0..<size { to[row * size + column] = product(a.baseAddress! + row * size, b.baseAddress! + column * size, size) }
          }
        }
      }
    }
    return result
  }
}
