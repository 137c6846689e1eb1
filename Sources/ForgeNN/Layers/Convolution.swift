package import ForgeGrad
import ForgeTensor

/// Cross-correlation: `[N, H, W, inputs]` to `[N, P, Q, outputs]`, then leaky ReLU if it has a slope.
package struct Convolution {
  package let weight: Parameter
  package let bias: Parameter?
  let stride: Int
  let padding: Int
  let dilation: Int
  let groups: Int
  let norm: SpectralNorm?
  private let slope: Float?

  /// - Parameter slope: leaky ReLU in the same pass; nil for none.
  package init(
    _ scope: ParameterScope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int? = nil, dilation: Int = 1,
    groups: Int = 1, hasBias: Bool = true, start: Initializer = .he(slope: 0), spectralNorm: Bool = false,
    slope: Float? = nil
  ) {
    precondition(inputs % groups == 0 && outputs % groups == 0, "\(groups) groups do not divide \(inputs) and \(outputs) channels")
    let taps = kernel * kernel
    weight = scope.weight(
      "weight", [kernel, kernel, inputs / groups, outputs], layout: .convolution, start: start,
      fans: .init(in: taps * inputs / groups, out: taps * outputs / groups))
    bias = hasBias ? scope.weight("bias", [outputs], start: .zeros) : nil
    self.stride = stride
    self.padding = padding ?? dilation * (kernel - 1) / 2
    self.dilation = dilation
    self.groups = groups
    norm = spectralNorm ? SpectralNorm(scope, of: weight) : nil
    self.slope = slope
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
    let w = norm.map { $0(weight, mode) } ?? weight.read(mode)
    let geometry = ConvolutionGeometry(
      x: x.shape, w: w.shape, stride: (stride, stride), padding: (padding, padding), dilation: (dilation, dilation), groups: groups)
    guard let slope else { return convolution(x, w, bias: bias?.read(mode), geometry) }
    return leakyConvolution(x, w, bias: bias?.read(mode), slope: slope, geometry)
  }
}
