package import ForgeTensor

// Composites of StyleGAN2 (Karras et al. 2020) on images [N, H, W, C].

/// Upsamples, filters and downsamples (StyleGAN2's `upfirdn2d`): inserts `up − 1` zeros after each pixel, pads (a negative pad crops),
/// convolves every channel with `filter` and keeps every `down`-th pixel from the first.
///
/// - Parameters:
///   - filter: `[R, S]`, or `[R]` for a separable filter.
///   - padding: left, right, top, bottom.
///   - isFlipped: correlates instead of convolving.
package func upfirdn2d(
  _ x: Variable, _ filter: Tensor, up: Int = 1, down: Int = 1, padding: (Int, Int, Int, Int) = (0, 0, 0, 0), isFlipped: Bool = false,
  gain: Float = 1
) -> Variable {
  let (n, h, w, c) = extents(x, "upfirdn2d")
  var y = x
  if up > 1 {
    y = place(y, Slicing(starts: [0, 0, 0, 0], sizes: [n, h, w, c], steps: [1, up, up, 1]), in: [n, h * up, w * up, c])
  }
  let (left, right, top, bottom) = padding
  y = pad(y, low: [0, Swift.max(top, 0), Swift.max(left, 0), 0], high: [0, Swift.max(bottom, 0), Swift.max(right, 0), 0])
  let (cutTop, cutLeft) = (Swift.max(-top, 0), Swift.max(-left, 0))
  y = crop(
    y, starts: [0, cutTop, cutLeft, 0],
    sizes: [n, y.shape[1] - cutTop - Swift.max(-bottom, 0), y.shape[2] - cutLeft - Swift.max(-right, 0), c])
  let length = filter.count
  var taps = filter.shape.rank == 2 ? filter : matmul(filter.reshaped([length, 1]), filter.reshaped([1, length]))
  if !isFlipped {
    let (r, s) = (taps.shape[0], taps.shape[1])
    taps = slice(taps, Slicing(starts: [r - 1, s - 1], sizes: [r, s], steps: [-1, -1]))
  }
  let (r, s) = (taps.shape[0], taps.shape[1])
  let weights = broadcast((taps * gain).reshaped([r, s, 1, 1]), to: [r, s, 1, c])
  return convolution(y, Variable(weights), stride: (down, down), groups: c)
}

/// Convolution whose weights are scaled per sample by a style and, when demodulated, brought back to unit length.
///
/// `w'[n, r, s, i, o] = w[r, s, i, o] · style[n, i]`, divided by `sqrt(Σ_{r,s,i} w'² + epsilon)` when `isDemodulated`. Computed as
/// `convolution(x · style, w) / length`, which is equal and shares one weight tensor among the samples.
///
/// - Parameters:
///   - x: `[N, H, W, I]`.
///   - w: `[R, S, I, O]`.
///   - style: `[N, I]`.
///   - isUpsampled: convolves transposed with stride 2 and no padding, then blurs with [1, 3, 3, 1] / 8 and gain 4: twice the size
///     for a 3 × 3 kernel.
package func modulatedConvolution(
  _ x: Variable, _ w: Variable, style: Variable, isDemodulated: Bool = true, isUpsampled: Bool = false, padding: Int = 1,
  epsilon: Float = 1e-8
) -> Variable {
  let (n, _, _, c) = extents(x, "modulatedConvolution")
  promise(style.shape == [n, c], "modulatedConvolution: style \(style.shape) for x \(x.shape)")
  let modulated = x * reshape(style, [n, 1, 1, c])
  var y =
    isUpsampled
    ? convolutionTransposed(modulated, transpose(w, [0, 1, 3, 2]), stride: (2, 2))
    : convolution(modulated, w, padding: (padding, padding))
  if isDemodulated {
    let squares = matmul(square(style), sum(square(w), axes: [0, 1]))
    y = y / reshape(sqrt(squares + epsilon), [n, 1, 1, w.shape[3]])
  }
  guard isUpsampled else { return y }
  return upfirdn2d(y, Tensor([4], [0.125, 0.375, 0.375, 0.125]), padding: (1, 1, 1, 1), gain: 4)
}

/// Appends `channels` maps that hold the mean standard deviation over groups of `groupSize` samples (Karras et al. 2018).
/// Sample `n` belongs to group `n mod (N / groupSize)`.
package func minibatchStandardDeviation(_ x: Variable, groupSize: Int, channels: Int = 1, epsilon: Float = 1e-8) -> Variable {
  let (n, h, w, c) = extents(x, "minibatchStandardDeviation")
  let size = Swift.min(groupSize, n)
  promise(n % size == 0 && c % channels == 0, "minibatchStandardDeviation: \(x.shape) in groups of \(size), \(channels) channels")
  let grouped = reshape(x, [size, n / size, h * w, channels, c / channels])
  let difference = grouped - mean(grouped, axes: [0], keepingDimensions: true)
  let deviation = sqrt(mean(square(difference), axes: [0]) + epsilon)
  let perGroup = reshape(mean(deviation, axes: [1, 3]), [1, n / size, 1, channels])
  let maps = reshape(broadcast(perGroup, to: [size, n / size, h * w, channels]), [n, h, w, channels])
  return concatenate([x, maps], axis: 3)
}

/// Appends to `x` `[N, A]` how close each sample is to the others (Salimans et al. 2016): `o[n, b] = Σ_{m ≠ n} exp(−‖M[n, b] − M[m, b]‖₁)`
/// with `M = x · projection`, `projection` `[A, B, C]`.
package func minibatchDiscrimination(_ x: Variable, projection: Variable) -> Variable {
  let (n, a, b, c) = (x.shape[0], projection.shape[0], projection.shape[1], projection.shape[2])
  let m = matmul(x, reshape(projection, [a, b * c]))
  let difference = reshape(m, [n, 1, b, c]) - reshape(m, [1, n, b, c])
  let closeness = sum(exp(-sum(abs(difference), axes: [3])), axes: [1]) - 1
  return concatenate([x, closeness], axis: 1)
}
