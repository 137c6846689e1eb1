internal import CForgeKernels

/// Gradient of leaky ReLU from its result: `y > 0 ? g : slope · g`. Writes over `g` when nobody else holds it.
package func leakyReLUGradient(_ g: consuming Tensor, y: Tensor, slope: Float) -> Tensor {
  promise(g.shape == y.shape, "leakyReLUGradient: \(g.shape), \(y.shape)")
  var g = g
  let dx = g.isUnique() ? g : Tensor(uninitialized: g.shape)
  require(
    KernelTable.current.slots.pointee.leaky_relu_backward(g.count, slope, y.pointer, g.pointer, dx.pointer), "leakyReLUGradient \(g.shape)")
  withExtendedLifetime(g) {}
  return dx
}

/// `x > 0 ? x : slopes · x`; slopes `[C]` for the last axis, or `[1]`.
package func prelu(_ x: Tensor, slopes: Tensor) -> Tensor {
  let (rows, channels) = extents(x, slopes)
  let y = Tensor(uninitialized: x.shape)
  require(
    KernelTable.current.slots.pointee.prelu(Int64(rows), Int64(channels), Int64(slopes.count), x.pointer, slopes.pointer, y.pointer),
    "prelu \(x.shape)")
  return y
}

/// Gradients of `prelu` in `x` and in the slopes. Writes over `g` when nobody else holds it.
package func preluGradient(_ g: consuming Tensor, x: Tensor, slopes: Tensor) -> (x: Tensor, slopes: Tensor) {
  promise(g.shape == x.shape, "preluGradient: \(g.shape), \(x.shape)")
  let (rows, channels) = extents(x, slopes)
  var g = g
  let dx = g.isUnique() ? g : Tensor(uninitialized: x.shape)
  let dslopes = Tensor(uninitialized: slopes.shape)
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.prelu_backward_workspace(Int64(rows), Int64(channels), Int64(slopes.count))
  let workspace = Buffer(count: (bytes + 3) / 4)
  require(
    slots.pointee.prelu_backward(
      Int64(rows), Int64(channels), Int64(slopes.count), x.pointer, slopes.pointer, g.pointer, dx.pointer, dslopes.pointer,
      workspace.pointer, bytes),
    "preluGradient \(x.shape)")
  withExtendedLifetime((workspace, g)) {}
  return (dx, dslopes)
}

private func extents(_ x: Tensor, _ slopes: Tensor) -> (rows: Int, channels: Int) {
  let channels = x.shape.rank == 0 ? 1 : x.shape[-1]
  promise(slopes.count == 1 || slopes.count == channels, "prelu: slopes \(slopes.shape) for x \(x.shape)")
  return (channels == 0 ? 0 : x.count / channels, channels)
}
