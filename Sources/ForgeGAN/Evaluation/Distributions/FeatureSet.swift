internal import ForgeTensor

/// Features of a set of images, one row of `width` numbers per image.
package struct FeatureSet: Sendable, Equatable {
  package let width: Int
  /// `count * width` numbers, row by row.
  package let values: [Double]

  package var count: Int { width == 0 ? 0 : values.count / width }

  /// - Precondition: `values.count` is a multiple of `width`, which is above 0.
  package init(width: Int, values: [Double]) {
    precondition(width > 0 && values.count.isMultiple(of: width), "features: \(values.count) numbers in rows of \(width)")
    self.width = width
    self.values = values
  }

  package subscript(row: Int) -> ArraySlice<Double> { values[row * width..<(row + 1) * width] }

  /// The rows with these indexes, in this order.
  package func rows(_ indexes: some Sequence<Int>) -> FeatureSet {
    FeatureSet(width: width, values: indexes.flatMap { self[$0] })
  }

  /// The mean of each column.
  var mean: [Double] {
    var sum = [Double](repeating: 0, count: width)
    for row in 0..<count { for (column, value) in self[row].enumerated() { sum[column] += value } }
    return sum.map { $0 / Double(count) }
  }

  /// The rows less their mean.
  var centred: FeatureSet {
    let mean = self.mean
    return FeatureSet(width: width, values: values.indices.map { values[$0] - mean[$0 % width] })
  }

  /// The unbiased covariance of the columns.
  ///
  /// - Precondition: at least two rows.
  var covariance: SquareMatrix {
    precondition(count > 1, "a covariance needs two rows")
    let mean = self.mean
    var centred = [Double](repeating: 0, count: values.count)
    // By columns, so that each entry is the product of two runs of memory.
    for row in 0..<count { for column in 0..<width { centred[column * count + row] = values[row * width + column] - mean[column] } }
    var result = SquareMatrix(size: width)
    let (height, columns) = (count, centred)
    result.fillSymmetric { i, j in
      columns.withUnsafeBufferPointer {
        product($0.baseAddress! + i * height, $0.baseAddress! + j * height, height) / Double(height - 1)
      }
    }
    return result
  }
}

/// The sum of products of two runs of `count` numbers, in eight interleaved partial sums.
func product(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = SIMD8<Double>.zero
  let whole = count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    sums += UnsafeRawPointer(a + start).loadUnaligned(as: SIMD8<Double>.self) * UnsafeRawPointer(b + start).loadUnaligned(as: SIMD8<Double>.self)
  }
  var sum = sums.sum()
  for index in whole..<count { sum += a[index] * b[index] }
  return sum
}

/// The squared Euclidean distance of two rows of `count` numbers.
func squaredDistance(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = SIMD8<Double>.zero
  let whole = count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    let difference =
      UnsafeRawPointer(a + start).loadUnaligned(as: SIMD8<Double>.self) - UnsafeRawPointer(b + start).loadUnaligned(as: SIMD8<Double>.self)
    sums += difference * difference
  }
  var sum = sums.sum()
  for index in whole..<count { sum += (a[index] - b[index]) * (a[index] - b[index]) }
  return sum
}

extension FeatureSet {
  /// One result per row, made from that row's number against every row of `others`: `measure(row of self, row of others, width)`.
  ///
  /// Rows are shared among the threads; a result depends on its row alone. Memory: one row of numbers per thread.
  func mapRows<Result: Sendable>(
    against others: FeatureSet, _ measure: @Sendable (UnsafePointer<Double>, UnsafePointer<Double>, Int) -> Double,
    _ body: @Sendable (_ row: Int, _ numbers: UnsafeMutableBufferPointer<Double>) -> Result
  ) -> [Result] {
    precondition(width == others.width, "features of \(width) numbers against features of \(others.width)")
    let (rows, columns, width) = (count, others.count, self.width)
    return values.withUnsafeBufferPointer { left in
      others.values.withUnsafeBufferPointer { right in
        [Result](unsafeUninitializedCapacity: rows) { results, initialized in
          let start = SendablePointer(results.baseAddress)
          let (a, b) = (SendablePointer(UnsafeMutablePointer(mutating: left.baseAddress)), SendablePointer(UnsafeMutablePointer(mutating: right.baseAddress)))
          parallel(rows) { row in
            guard let to = start.pointer, let a = a.pointer, let b = b.pointer else { return }
            withUnsafeTemporaryAllocation(of: Double.self, capacity: columns) { numbers in
              for column in 0..<columns { numbers.initializeElement(at: column, to: measure(a + row * width, b + column * width, width)) }
              (to + row).initialize(to: body(row, numbers))
            }
          }
          initialized = rows
        }
      }
    }
  }
}

/// A pointer into memory whose parts different threads write.
private struct SendablePointer<Element>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>?
  init(_ pointer: UnsafeMutablePointer<Element>?) { self.pointer = pointer }
}
