package import ForgeGrad
import ForgeTensor

/// The adjoint of a convolution, used to enlarge: `[N, P, Q, inputs]` to `[N, (P − 1)·stride − 2·padding + kernel, …, outputs]`.
package struct TransposedConvolution {
  package let weight: Parameter
  package let bias: Parameter?
  let stride: Int
  let padding: Int

  /// A `kernel` that `stride` divides gives every output pixel the same number of taps, so no checkerboard is built in.
  package init(
    _ scope: ParameterScope, inputs: Int, outputs: Int, kernel: Int = 4, stride: Int = 2, padding: Int = 1, hasBias: Bool = true,
    start: Initializer = .he(slope: 0)
  ) {
    // Each output pixel meets kernel² / stride² taps of every input channel.
    let taps = max(1, kernel * kernel / (stride * stride))
    weight = scope.weight(
      "weight", [kernel, kernel, outputs, inputs], layout: .convolution, start: start, fans: .init(in: taps * inputs, out: taps * outputs))
    bias = hasBias ? scope.weight("bias", [outputs], start: .zeros) : nil
    self.stride = stride
    self.padding = padding
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
    convolutionTransposed(x, weight.read(mode), bias: bias?.read(mode), stride: (stride, stride), padding: (padding, padding))
  }
}
