/// Resamples an image row by row, so that neither image need be in memory as a whole.
package struct RowResampler: Sendable {
  private let columns: Int
  private let horizontal: ResampleWeights
  private let vertical: ResampleWeights

  package init(
    rows: Int, columns: Int, newRows: Int, newColumns: Int, kernel: ResampleWeights.Kernel = .cubic(a: -0.5), antialias: Bool = true
  ) {
    self.columns = columns
    horizontal = ResampleWeights(from: columns, to: newColumns, kernel: kernel, antialias: antialias)
    vertical = ResampleWeights(from: rows, to: newRows, kernel: kernel, antialias: antialias)
  }

  /// The input rows that output row `row` is mixed from, each named once.
  package func sources(of row: Int) -> [Int] { vertical.taps[vertical.starts[row]..<vertical.starts[row + 1]].map(\.index) }

  /// Makes the pixels `columns` of output row `row`. Sums are in `Double`: a pixel's value does not depend on the columns asked for.
  ///
  /// - Parameters:
  ///   - output: one float per asked column.
  ///   - source: an input row by its number, all of its columns.
  package func row(
    _ row: Int, columns asked: Range<Int>, into output: UnsafeMutableBufferPointer<Float>, source: (Int) -> UnsafePointer<Float>
  ) {
    precondition(asked.upperBound <= horizontal.outputCount && output.count == asked.count, "RowResampler: columns \(asked)")
    if asked.isEmpty { return }
    let (first, last) = inputColumns(of: asked)
    // Vertical first: each output row is a weighted sum of input rows, which runs along memory.
    var mixed = [Double](repeating: 0, count: last - first + 1)
    mixed.withUnsafeMutableBufferPointer { mixed in
      for tap in vertical.taps[vertical.starts[row]..<vertical.starts[row + 1]] {
        let weight = tap.weight
        let from = source(tap.index) + first
        for column in mixed.indices { mixed[column] += weight * Double(from[column]) }
      }
      horizontal.taps.withUnsafeBufferPointer { taps in
        for (place, column) in asked.enumerated() {
          var sum = 0.0
          for tap in horizontal.starts[column]..<horizontal.starts[column + 1] { sum += taps[tap].weight * mixed[taps[tap].index - first] }
          output[place] = Float(sum)
        }
      }
    }
  }

  /// The first and the last input column that the output columns are mixed from.
  private func inputColumns(of asked: Range<Int>) -> (first: Int, last: Int) {
    if asked.count == horizontal.outputCount { return (0, columns - 1) }
    var (first, last) = (columns - 1, 0)
    for tap in horizontal.taps[horizontal.starts[asked.lowerBound]..<horizontal.starts[asked.upperBound]] {
      (first, last) = (min(first, tap.index), max(last, tap.index))
    }
    return (first, last)
  }
}
