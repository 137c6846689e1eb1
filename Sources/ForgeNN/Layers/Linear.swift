package import ForgeGrad
import ForgeTensor

/// `y = x · weight + bias` on rows: `[N, inputs]` to `[N, outputs]`.
package struct Linear {
  package let weight: Parameter
  package let bias: Parameter?
  let norm: SpectralNorm?

  package init(
    _ scope: ParameterScope, inputs: Int, outputs: Int, hasBias: Bool = true, start: Initializer = .lecunUniform, spectralNorm: Bool = false
  ) {
    weight = scope.weight("weight", [inputs, outputs], layout: .linear, start: start, fans: .init(in: inputs, out: outputs))
    bias = hasBias ? scope.weight("bias", [outputs], start: .zeros) : nil
    norm = spectralNorm ? SpectralNorm(scope, of: weight) : nil
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
    let w = norm.map { $0(weight, mode) } ?? weight.read(mode)
    let y = matmul(x, w)
    return bias.map { y + $0.read(mode) } ?? y
  }
}
