package import ForgeTensor

/// Cross-correlates `x` with `w` and adds `bias`.
///
/// - Parameters:
///   - x: `[N, H, W, C]`.
///   - w: `[R, S, C / groups, K]`.
///   - bias: `[K]`.
///   - stride, padding, dilation: (rows, columns).
/// - Returns: `[N, P, Q, K]` with `P = (H + 2·padding − dilation·(R − 1) − 1) / stride + 1`; `Q` likewise.
/// - Complexity: 2·N·K·P·Q·(C / groups)·R·S floating-point operations.
///
/// Differentiable to any order: its vector-Jacobian product uses `convolutionDataGradient` and
/// `convolutionWeightGradient`, which return here.
package func convolution(
  _ x: Variable, _ w: Variable, bias: Variable? = nil, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
  dilation: (Int, Int) = (1, 1), groups: Int = 1
) -> Variable {
  let geometry = ConvolutionGeometry(x: x.shape, w: w.shape, stride: stride, padding: padding, dilation: dilation, groups: groups)
  return convolution(x, w, bias: bias, geometry)
}

/// `convolution` with every extent given.
package func convolution(_ x: Variable, _ w: Variable, bias: Variable? = nil, _ geometry: ConvolutionGeometry) -> Variable {
  OpCatalog.record(
    .convolution, [x, w] + (bias.map { [$0] } ?? []), .convolution(geometry),
    value: convolution(x.value, w.value, bias: bias?.value, geometry))
}

/// `leakyReLU(convolution(x, w, bias))` in one kernel. The tape has the two ops, and only the result is kept for the derivative, or what it
/// takes to make it again where that is much smaller.
package func leakyConvolution(_ x: Variable, _ w: Variable, bias: Variable? = nil, slope: Float, _ geometry: ConvolutionGeometry)
  -> Variable
{
  promise(slope >= 0, "leakyConvolution: slope \(slope) is negative")
  let y = convolution(x.value, w.value, bias: bias?.value, activationSlope: slope, geometry)
  // Nothing reads the sums before the activation: their node stands for them.
  let sums = OpCatalog.record(.convolution, [x, w] + (bias.map { [$0] } ?? []), .convolution(geometry), value: y)
  let operands = isCheap(geometry) ? [x.value, w.value] + (bias.map { [$0.value] } ?? []) : []
  return OpCatalog.record(.leakyReLU, [sums], .scalar(slope), value: y, extras: operands)
}

/// Whether a result takes no longer to make again than to write, from an input that takes little of its memory: many maps of one image.
private func isCheap(_ geometry: ConvolutionGeometry) -> Bool {
  let taps = geometry.kernelHeight * geometry.kernelWidth * geometry.inputChannels / geometry.groups
  return taps <= 9 && 8 * geometry.inputShape.count <= geometry.outputShape.count
}

/// The result of `leakyConvolution`, from the node of its leaky ReLU.
@Sendable func remadeLeakyConvolution(_ node: Node) -> Tensor {
  guard case .scalar(let slope) = node.attributes, case .convolution(let geometry) = node.inputs[0].node?.attributes else {
    fatalError("leakyConvolution without its attributes")
  }
  return convolution(
    node.extras[0], node.extras[1], bias: node.extras.count > 2 ? node.extras[2] : nil, activationSlope: slope, geometry)
}

/// The transposed convolution: the data gradient of a convolution that maps the result's shape to `x`'s.
///
/// - Parameters:
///   - x: `[N, P, Q, K]`.
///   - w: `[R, S, C / groups, K]`: the result has C channels.
///   - bias: `[C]`.
/// - Returns: `[N, H, W, C]` with `H = (P − 1)·stride − 2·padding + dilation·(R − 1) + outputPadding + 1`; `W` likewise.
package func convolutionTransposed(
  _ x: Variable, _ w: Variable, bias: Variable? = nil, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
  outputPadding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1
) -> Variable {
  let geometry = ConvolutionGeometry(
    transposed: x.shape, w: w.shape, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups)
  return convolutionDataGradient(x, w, bias: bias, geometry)
}

/// The adjoint of `convolution` in `x`: `[N, P, Q, K]` to `[N, H, W, C]`; adds `bias` `[C]`.
package func convolutionDataGradient(_ g: Variable, _ w: Variable, bias: Variable? = nil, _ geometry: ConvolutionGeometry) -> Variable {
  OpCatalog.record(
    .convolutionDataGradient, [g, w] + (bias.map { [$0] } ?? []), .convolution(geometry),
    value: convolutionDataGradient(g.value, w.value, bias: bias?.value, geometry))
}

/// The adjoint of `convolution` in `w`: `[R, S, C / groups, K]`.
package func convolutionWeightGradient(_ x: Variable, _ g: Variable, _ geometry: ConvolutionGeometry) -> Variable {
  OpCatalog.record(
    .convolutionWeightGradient, [x, g], .convolution(geometry), value: convolutionWeightGradient(x.value, g.value, geometry))
}

private func geometry(_ b: Backward) -> ConvolutionGeometry {
  guard case .convolution(let geometry) = b.attributes else { fatalError("convolution without its geometry") }
  return geometry
}

private func biasGradient(_ b: Backward) -> [Variable?] {
  guard b.needs.count == 3 else { return [] }
  return [b.needs[2] ? reshape(sum(b.g, axes: [0, 1, 2]), b.shape(2)) : nil]
}

@Sendable func convolutionVJP(_ b: Backward) -> [Variable?] {
  let geometry = geometry(b)
  // The weights first: an input that is made again for them is gone before the other gradient needs memory.
  let weights = b.needs[1] ? convolutionWeightGradient(b.x(0), b.g, geometry) : nil
  let rest = biasGradient(b)
  guard b.needs[0] else { return [nil, weights] + rest }
  let data =
    Recording.isOn
    ? convolutionDataGradient(b.g, b.x(1), geometry)
    : Variable(convolutionDataGradient(b.g.value, b.x(1).value, addingTo: b.takeSum(0), geometry))
  return [data, weights] + rest
}

@Sendable func convolutionDataGradientVJP(_ b: Backward) -> [Variable?] {
  let geometry = geometry(b)
  return [
    b.needs[0] ? convolution(b.g, b.x(1), geometry) : nil,
    b.needs[1] ? convolutionWeightGradient(b.g, b.x(0), geometry) : nil,
  ] + biasGradient(b)
}

@Sendable func convolutionWeightGradientVJP(_ b: Backward) -> [Variable?] {
  let geometry = geometry(b)
  return [
    b.needs[0] ? convolutionDataGradient(b.x(1), b.g, geometry) : nil,
    b.needs[1] ? convolution(b.x(0), b.g, geometry) : nil,
  ]
}
