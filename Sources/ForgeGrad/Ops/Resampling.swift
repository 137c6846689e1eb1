package import ForgeTensor

// Composites on images [N, H, W, C].

/// Repeats each pixel `factor` × `factor` times.
package func upsampleNearest(_ x: Variable, _ factor: Int) -> Variable {
  let (n, h, w, c) = extents(x, "upsampleNearest")
  let repeated = broadcast(reshape(x, [n, h, 1, w, 1, c]), to: [n, h, factor, w, factor, c])
  return reshape(repeated, [n, h * factor, w * factor, c])
}

/// Sum of each `size` × `size` block; rows and columns beyond the last whole block are dropped.
package func sumPool(_ x: Variable, _ size: Int) -> Variable {
  let (n, h, w, c) = extents(x, "sumPool")
  let (p, q) = (h / size, w / size)
  let whole = crop(x, starts: [0, 0, 0, 0], sizes: [n, p * size, q * size, c])
  return sum(reshape(whole, [n, p, size, q, size, c]), axes: [2, 4])
}

/// Mean of each `size` × `size` block.
package func averagePool(_ x: Variable, _ size: Int) -> Variable { sumPool(x, size) * (1 / Float(size * size)) }

/// Largest element of each window; padding never wins, and the first of equal elements gets the gradient.
package func maxPool(_ x: Variable, size: Int, stride: Int? = nil, padding: Int = 0) -> Variable {
  let (index, shape) = maximumIndexes(x.value, size: size, stride: stride ?? size, padding: padding)
  return reshape(gatherRows(reshape(x, [x.shape.count, 1]), index), shape)
}

/// Mean over all pixels: `[N, C]`.
package func globalAverage(_ x: Variable) -> Variable { mean(x, axes: [1, 2]) }

/// Moves groups of `factor²` channels into space: `[N, H, W, C·factor²]` to `[N, H·factor, W·factor, C]`.
/// Channel `c·factor² + i·factor + j` becomes row `i`, column `j` of channel `c` (PyTorch's order).
package func pixelShuffle(_ x: Variable, _ factor: Int) -> Variable {
  let (n, h, w, channels) = extents(x, "pixelShuffle")
  promise(channels % (factor * factor) == 0, "pixelShuffle: \(x.shape) by \(factor)")
  let c = channels / (factor * factor)
  let moved = transpose(reshape(x, [n, h, w, c, factor, factor]), [0, 1, 4, 2, 5, 3])
  return reshape(moved, [n, h * factor, w * factor, c])
}

/// The inverse and adjoint of `pixelShuffle`.
package func pixelUnshuffle(_ x: Variable, _ factor: Int) -> Variable {
  let (n, height, width, c) = extents(x, "pixelUnshuffle")
  promise(height % factor == 0 && width % factor == 0, "pixelUnshuffle: \(x.shape) by \(factor)")
  let (h, w) = (height / factor, width / factor)
  let moved = transpose(reshape(x, [n, h, factor, w, factor, c]), [0, 1, 3, 5, 2, 4])
  return reshape(moved, [n, h, w, c * factor * factor])
}

/// How `resize` weighs its neighbours.
package enum Interpolation: Sendable, Hashable, CaseIterable {
  /// Half-pixel centers, edges repeated (PyTorch's `align_corners=False`).
  case bilinear
  /// Cubic with a = −0.75, half-pixel centers, edges repeated (PyTorch's).
  case bicubic
  /// Cubic with a = −0.5, widened when shrinking, edges mirrored (MATLAB's `imresize`).
  case bicubicAntialiased
}

/// Resizes by a separable linear map: one matrix product along rows, one along columns.
package func resize(_ x: Variable, height: Int, width: Int, _ interpolation: Interpolation) -> Variable {
  let (n, h, w, c) = extents(x, "resize")
  let rows = Variable(interpolation.weights(from: h, to: height))
  let columns = Variable(interpolation.weights(from: w, to: width))
  let tall = matmul(rows, reshape(x, [n, h, w * c]))
  let wide = matmul(columns, reshape(tall, [n * height, w, c]))
  return reshape(wide, [n, height, width, c])
}

extension Interpolation {
  /// The `[to, from]` matrix; each row adds up to 1.
  package func weights(from: Int, to: Int) -> Tensor {
    let scale = Double(to) / Double(from)
    let isWidened = self == .bicubicAntialiased && scale < 1
    let reach = (self == .bilinear ? 1.0 : 2.0) / (isWidened ? scale : 1)
    var matrix = [Double](repeating: 0, count: to * from)
    for i in 0..<to {
      var center = (Double(i) + 0.5) / scale - 0.5
      // PyTorch clamps the center of a bilinear sample, which repeats the edge.
      if self == .bilinear { center = Swift.max(center, 0) }
      let first = Int((center - reach).rounded(.down))
      let last = Int((center + reach).rounded(.up))
      let taps = (first...last).map { j in (j, kernel((center - Double(j)) * (isWidened ? scale : 1))) }
      let total = taps.reduce(0) { $0 + $1.1 }
      for (j, weight) in taps where weight != 0 { matrix[i * from + inside(j, from)] += weight / total }
    }
    return Tensor([to, from], matrix.map(Float.init))
  }

  private func kernel(_ distance: Double) -> Double {
    let x = Swift.abs(distance)
    if self == .bilinear { return Swift.max(0, 1 - x) }
    let a = self == .bicubic ? -0.75 : -0.5
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }

  private func inside(_ j: Int, _ count: Int) -> Int {
    guard self == .bicubicAntialiased else { return Swift.min(Swift.max(j, 0), count - 1) }
    let k = ((j % (2 * count)) + 2 * count) % (2 * count)
    return k < count ? k : 2 * count - 1 - k
  }
}

/// Traps unless `x` is an image batch.
func extents(_ x: Variable, _ operation: String) -> (Int, Int, Int, Int) {
  promise(x.shape.rank == 4, "\(operation): \(x.shape) is not [N, H, W, C]")
  return (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
}
