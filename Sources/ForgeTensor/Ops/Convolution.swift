internal import CForgeKernels

/// All extents of the trilinear form `T(x, w, g) = Σ g[n,p,q,k] · x[n, p·stride − pad + r·dilation, …, c] · w[r,s,c,k]`.
///
/// One geometry serves its three contractions: `convolution`, `convolutionDataGradient`, `convolutionWeightGradient`.
package struct ConvolutionGeometry: Hashable, Sendable {
  package var batch: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var inputChannels: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var outputChannels: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  /// Zero rows above and columns to the left; those below and to the right follow from the output's extents.
  package var paddingTop: Int
  package var paddingLeft: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  package var groups: Int

  /// The geometry of `convolution(x, w)`: `P = (H + 2·padding − dilation·(R − 1) − 1) / stride + 1`, `Q` likewise.
  package init(
    x: Shape, w: Shape, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1
  ) {
    promise(x.rank == 4 && w.rank == 4, "convolution: x \(x) must be [N, H, W, C] and w \(w) [R, S, C / groups, K]")
    promise(
      w[2] * groups == x[3] && w[3] % groups == 0,
      "convolution: x \(x) has \(x[3]) channels, w \(w) with \(groups) groups needs \(w[2] * groups)")
    self.init(
      batch: x[0], input: (x[1], x[2], x[3]),
      output: (
        (x[1] + 2 * padding.0 - dilation.0 * (w[0] - 1) - 1) / stride.0 + 1,
        (x[2] + 2 * padding.1 - dilation.1 * (w[1] - 1) - 1) / stride.1 + 1, w[3]
      ), kernel: (w[0], w[1]), stride: stride, padding: padding, dilation: dilation, groups: groups)
    promise(
      x[1] + 2 * padding.0 >= dilation.0 * (w[0] - 1) + 1 && x[2] + 2 * padding.1 >= dilation.1 * (w[1] - 1) + 1,
      "convolution: the kernel of w \(w) does not fit into x \(x) with padding \(padding)")
  }

  /// The geometry whose data gradient is the transposed convolution of `x` with `w`:
  /// `H = (P − 1)·stride − 2·padding + dilation·(R − 1) + outputPadding + 1`, `W` likewise.
  ///
  /// - Parameters:
  ///   - x: `[N, P, Q, K]`.
  ///   - w: `[R, S, C / groups, K]`, `C` being the channels of the result.
  package init(
    transposed x: Shape, w: Shape, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0), outputPadding: (Int, Int) = (0, 0),
    dilation: (Int, Int) = (1, 1), groups: Int = 1
  ) {
    promise(x.rank == 4 && w.rank == 4, "convolutionTransposed: x \(x) must be [N, P, Q, K] and w \(w) [R, S, C / groups, K]")
    promise(
      w[3] == x[3] && w[3] % groups == 0, "convolutionTransposed: x \(x) has \(x[3]) channels, w \(w) with \(groups) groups needs \(w[3])")
    self.init(
      batch: x[0],
      input: (
        (x[1] - 1) * stride.0 - 2 * padding.0 + dilation.0 * (w[0] - 1) + outputPadding.0 + 1,
        (x[2] - 1) * stride.1 - 2 * padding.1 + dilation.1 * (w[1] - 1) + outputPadding.1 + 1, w[2] * groups
      ), output: (x[1], x[2], x[3]), kernel: (w[0], w[1]), stride: stride, padding: padding, dilation: dilation, groups: groups)
    promise(inputHeight > 0 && inputWidth > 0, "convolutionTransposed: x \(x), w \(w), padding \(padding) leave nothing")
  }

  private init(
    batch: Int, input: (Int, Int, Int), output: (Int, Int, Int), kernel: (Int, Int), stride: (Int, Int), padding: (Int, Int),
    dilation: (Int, Int), groups: Int
  ) {
    self.batch = batch
    (inputHeight, inputWidth, inputChannels) = input
    (outputHeight, outputWidth, outputChannels) = output
    (kernelHeight, kernelWidth) = kernel
    (strideHeight, strideWidth) = stride
    (paddingTop, paddingLeft) = padding
    (dilationHeight, dilationWidth) = dilation
    self.groups = groups
  }

  package var inputShape: Shape { [batch, inputHeight, inputWidth, inputChannels] }
  package var outputShape: Shape { [batch, outputHeight, outputWidth, outputChannels] }
  package var weightShape: Shape { [kernelHeight, kernelWidth, inputChannels / groups, outputChannels] }

  /// Floating-point operations of one contraction, padding counted.
  package var operations: Int { 2 * outputShape.count * kernelHeight * kernelWidth * (inputChannels / groups) }

  var kernel: fk_conv_geometry {
    fk_conv_geometry(
      n: Int32(batch), h: Int32(inputHeight), w: Int32(inputWidth), c: Int32(inputChannels), k: Int32(outputChannels),
      r: Int32(kernelHeight), s: Int32(kernelWidth), p: Int32(outputHeight), q: Int32(outputWidth), stride_h: Int32(strideHeight),
      stride_w: Int32(strideWidth), pad_top: Int32(paddingTop), pad_left: Int32(paddingLeft), dilation_h: Int32(dilationHeight),
      dilation_w: Int32(dilationWidth), groups: Int32(groups))
  }
}

/// Cross-correlates `x` `[N, H, W, C]` with `w` `[R, S, C / groups, K]` and adds `bias` `[K]`, then leaky ReLU when `activationSlope` is
/// given: `[N, P, Q, K]`.
package func convolution(
  _ x: Tensor, _ w: Tensor, bias: Tensor? = nil, activationSlope: Float? = nil, _ geometry: ConvolutionGeometry
) -> Tensor {
  contract(
    FK_CONV_FORWARD, x, geometry.inputShape, w, geometry.weightShape, geometry.outputShape,
    Epilogue(bias: bias, activationSlope: activationSlope), geometry)
}

/// The adjoint of `convolution` in `x`: `[N, P, Q, K]` to `[N, H, W, C]`; adds `bias` `[C]`, and `sum` of the result's shape, over which it
/// writes when nobody else holds it.
package func convolutionDataGradient(
  _ g: Tensor, _ w: Tensor, bias: Tensor? = nil, addingTo sum: consuming Tensor? = nil, _ geometry: ConvolutionGeometry
) -> Tensor {
  contract(
    FK_CONV_DATA_GRADIENT, g, geometry.outputShape, w, geometry.weightShape, geometry.inputShape, Epilogue(bias: bias, sum: sum), geometry)
}

/// The adjoint of `convolution` in `w`: `[R, S, C / groups, K]`.
package func convolutionWeightGradient(_ x: Tensor, _ g: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
  contract(
    FK_CONV_WEIGHT_GRADIENT, x, geometry.inputShape, g, geometry.outputShape, geometry.weightShape, Epilogue(), geometry)
}

/// What happens to each output while it is in registers.
private struct Epilogue {
  var bias: Tensor?
  var sum: Tensor?
  var activationSlope: Float?

  var isEmpty: Bool { bias == nil && sum == nil && activationSlope == nil }
}

private func contract(
  _ role: fk_conv_role, _ a: Tensor, _ aShape: Shape, _ b: Tensor, _ bShape: Shape, _ shape: Shape, _ epilogue: consuming Epilogue,
  _ geometry: ConvolutionGeometry
) -> Tensor {
  promise(a.shape == aShape && b.shape == bShape, "convolution: operands \(a.shape), \(b.shape) where \(aShape), \(bShape) belong")
  var epilogue = epilogue
  if let bias = epilogue.bias { promise(bias.count == shape[3], "convolution: bias \(bias.shape) for \(shape[3]) channels") }
  if let sum = epilogue.sum { promise(sum.shape == shape, "convolution: sum \(sum.shape) for a result \(shape)") }
  let isSumFree = epilogue.sum?.isUnique() ?? false
  let y = isSumFree ? epilogue.sum! : Tensor(uninitialized: shape)
  var kernel = geometry.kernel
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.convolution_workspace(&kernel, role)
  let workspace = Buffer(count: (bytes + 3) / 4)
  let status: fk_status
  if epilogue.isEmpty {
    status = slots.pointee.convolution(&kernel, role, a.pointer, b.pointer, nil, y.pointer, workspace.pointer, bytes)
  } else {
    var fused = fk_epilogue()
    fused.bias = epilogue.bias.map { UnsafePointer($0.pointer) }
    fused.residual = epilogue.sum.map { UnsafePointer($0.pointer) }
    if let slope = epilogue.activationSlope {
      fused.activation = FK_ACT_LEAKY_RELU
      fused.slope = slope
    }
    status = slots.pointee.convolution(&kernel, role, a.pointer, b.pointer, &fused, y.pointer, workspace.pointer, bytes)
  }
  require(status, "convolution role \(role.rawValue), \(geometry)")
  withExtendedLifetime((workspace, epilogue)) {}
  return y
}
