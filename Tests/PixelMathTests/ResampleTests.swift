import PixelMath
import Testing

private func ramp(_ rows: Int, _ columns: Int) -> Plane {
  Plane(rows: rows, columns: columns, values: (0..<rows * columns).map { Float($0 / columns) * 2 + Float($0 % columns) * 3 })
}

@Test(arguments: [(5, 12), (12, 5), (7, 7), (64, 33), (3, 100)])
func `weights of every output sum to one`(sizes: (Int, Int)) {
  for kernel in [ResampleWeights.Kernel.cubic(a: -0.5), .linear, .box] {
    let weights = ResampleWeights(from: sizes.0, to: sizes.1, kernel: kernel)
    for output in 0..<sizes.1 {
      let sum = weights.taps[weights.starts[output]..<weights.starts[output + 1]].reduce(0) { $0 + $1.weight }
      #expect(abs(sum - 1) < 1e-12)
    }
  }
}

@Test func `a constant stays constant at any size`() {
  let flat = Plane(rows: 9, columns: 14, values: [Float](repeating: 37.5, count: 126))
  for (rows, columns) in [(3, 3), (18, 28), (10, 5)] {
    let result = flat.resampled(rows: rows, columns: columns)
    #expect(result.values.allSatisfy { abs($0 - 37.5) < 1e-5 })
  }
}

@Test func `cubic enlargement reproduces a ramp away from the border`() {
  let large = ramp(16, 16).resampled(rows: 32, columns: 32)
  for row in 8..<24 {
    for column in 8..<24 {
      let y = (Float(row) + 0.5) / 2 - 0.5
      let x = (Float(column) + 0.5) / 2 - 0.5
      #expect(abs(large[row, column] - (2 * y + 3 * x)) < 1e-4)
    }
  }
}

@Test func `box reduction by a whole factor is the mean of blocks`() {
  let small = ramp(8, 8).resampled(rows: 4, columns: 4, kernel: .box)
  for row in 0..<4 {
    for column in 0..<4 {
      let mean = Float(2 * (2 * row)) + 1 + Float(3 * (2 * column)) + 1.5
      #expect(abs(small[row, column] - mean) < 1e-4)
    }
  }
}

@Test func `matrix and taps are the same map`() {
  let weights = ResampleWeights(from: 11, to: 6)
  let input = (0..<11).map { Float($0 * $0) }
  let byMatrix = (0..<6).map { row in (0..<11).reduce(Float(0)) { $0 + weights.matrix[row * 11 + $1] * input[$1] } }
  let byTaps = Plane(rows: 1, columns: 11, values: input).resampled(rows: 1, columns: 6).values
  for (a, b) in zip(byMatrix, byTaps) { #expect(abs(a - b) < 1e-4) }
}

@Test(arguments: [(19, 26), (5, 7), (9, 4)]) func `pieces of rows are the pixels of the whole`(size: (rows: Int, columns: Int)) {
  let plane = Plane(rows: 10, columns: 13, values: (0..<130).map { Float(($0 * 37) % 101) })
  let whole = plane.resampled(rows: size.rows, columns: size.columns)
  let resampler = RowResampler(rows: 10, columns: 13, newRows: size.rows, newColumns: size.columns)
  for row in 0..<size.rows {
    for first in 0..<size.columns {
      for last in first...size.columns {
        var piece = [Float](repeating: -1, count: last - first)
        plane.values.withUnsafeBufferPointer { values in
          piece.withUnsafeMutableBufferPointer { piece in
            resampler.row(row, columns: first..<last, into: piece) { values.baseAddress! + $0 * 13 }
          }
        }
        #expect(piece[...] == whole.values[row * size.columns + first..<row * size.columns + last])
      }
    }
  }
}
