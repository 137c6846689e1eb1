import Foundation

/// How each output position of a one-dimensional resampling is mixed from input positions.
///
/// Positions follow the pixel-center convention: output `i` lies at `(i + 0.5) / scale - 0.5` of the input. When an image shrinks, the
/// kernel is widened by the scale (anti-aliasing, as MATLAB's `imresize` does); beyond the border the input is mirrored with the edge
/// pixel repeated. Weights of each output sum to 1.
package struct ResampleWeights: Sendable {
  package enum Kernel: Sendable {
    /// Keys' cubic with `a` (-0.5: MATLAB, Pillow, OpenCV's area-less bicubic is -0.75).
    case cubic(a: Double)
    /// Triangle.
    case linear
    /// Mean over the covered interval.
    case box
    /// Keeps the waves that the smaller of the two sizes can hold, as a scanner does that measures fewer lines of k-space; the image is taken
    /// as periodic.
    case lowFrequencies
  }

  package let inputCount: Int
  package let outputCount: Int
  /// Input index and weight of every tap, output after output.
  package let taps: [(index: Int, weight: Double)]
  /// `taps[starts[i]..<starts[i + 1]]` make output `i`.
  package let starts: [Int]

  /// - Parameter antialias: widen the kernel when shrinking.
  package init(from inputCount: Int, to outputCount: Int, kernel: Kernel = .cubic(a: -0.5), antialias: Bool = true) {
    precondition(inputCount > 0 && outputCount > 0, "ResampleWeights: \(inputCount) to \(outputCount)")
    self.inputCount = inputCount
    self.outputCount = outputCount
    let scale = Double(outputCount) / Double(inputCount)
    if case .lowFrequencies = kernel {
      let waves = min(inputCount, outputCount)
      taps = (0..<outputCount).flatMap { output in
        let center = (Double(output) + 0.5) / scale - 0.5
        return (0..<inputCount).map { ($0, ResampleWeights.dirichlet(waves, (center - Double($0)) / Double(inputCount)) / Double(inputCount)) }
      }
      starts = (0...outputCount).map { $0 * inputCount }
      return
    }
    let stretch = antialias && scale < 1 ? 1 / scale : 1
    let radius = ResampleWeights.radius(kernel) * stretch
    var taps: [(index: Int, weight: Double)] = []
    var starts = [0]
    for output in 0..<outputCount {
      let center = (Double(output) + 0.5) / scale - 0.5
      let first = Int((center - radius).rounded(.down))
      let last = Int((center + radius).rounded(.up))
      var mixed: [(index: Int, weight: Double)] = []
      var sum = 0.0
      for position in first...last {
        let weight = ResampleWeights.value(kernel, (center - Double(position)) / stretch)
        if weight == 0 { continue }
        sum += weight
        let index = ResampleWeights.mirrored(position, inputCount)
        if let known = mixed.firstIndex(where: { $0.index == index }) {
          mixed[known].weight += weight
        } else {
          mixed.append((index, weight))
        }
      }
      for tap in mixed { taps.append((tap.index, tap.weight / sum)) }
      starts.append(taps.count)
    }
    self.taps = taps
    self.starts = starts
  }

  /// The weights as a dense `[outputCount, inputCount]` matrix, row-major.
  package var matrix: [Float] {
    var dense = [Float](repeating: 0, count: inputCount * outputCount)
    for output in 0..<outputCount {
      for tap in taps[starts[output]..<starts[output + 1]] { dense[output * inputCount + tap.index] += Float(tap.weight) }
    }
    return dense
  }

  private static func radius(_ kernel: Kernel) -> Double {
    switch kernel {
    case .cubic: 2
    case .linear: 1
    case .box: 0.5
    case .lowFrequencies: .infinity
    }
  }

  /// `1 + 2 Σ cos 2πkx` over the frequencies k that `waves` samples tell apart; the last of an even number counts half, so that the sum is real.
  private static func dirichlet(_ waves: Int, _ x: Double) -> Double {
    let angle = Double.pi * x
    let sine = sin(angle)
    guard abs(sine) > 1e-12 else { return Double(waves) }
    let sum = sin(angle * Double(waves)) / sine
    return waves % 2 == 1 ? sum : sum * cos(angle)
  }

  private static func value(_ kernel: Kernel, _ signed: Double) -> Double {
    let x = abs(signed)
    switch kernel {
    case .cubic(let a):
      if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0
    case .linear: return max(0, 1 - x)
    // Half-open, so that a tap on the boundary counts once.
    case .box: return signed >= -0.5 && signed < 0.5 ? 1 : 0
    case .lowFrequencies: preconditionFailure("ResampleWeights: the Fourier kernel has no shape of its own")
    }
  }

  /// Half-sample symmetric: ..., 1, 0 | 0, 1, ..., n-1 | n-1, n-2, ...
  package static func mirrored(_ position: Int, _ count: Int) -> Int {
    var folded = position % (2 * count)
    if folded < 0 { folded += 2 * count }
    return folded < count ? folded : 2 * count - 1 - folded
  }
}

extension Plane {
  /// This plane at another size.
  ///
  /// - Complexity: `taps * (rows * newColumns + newRows * newColumns)`; sums in `Double`.
  package func resampled(rows newRows: Int, columns newColumns: Int, kernel: ResampleWeights.Kernel = .cubic(a: -0.5), antialias: Bool = true)
    -> Plane
  {
    if newRows == rows && newColumns == columns { return self }
    let resampler = RowResampler(rows: rows, columns: columns, newRows: newRows, newColumns: newColumns, kernel: kernel, antialias: antialias)
    var result = [Float](repeating: 0, count: newRows * newColumns)
    values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { result in
        for row in 0..<newRows {
          resampler.row(row, columns: 0..<newColumns, into: UnsafeMutableBufferPointer(rebasing: result[row * newColumns..<(row + 1) * newColumns])) {
            UnsafePointer(source.baseAddress! + $0 * columns)
          }
        }
      }
    }
    return Plane(rows: newRows, columns: newColumns, values: result)
  }
}
