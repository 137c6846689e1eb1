package import ForgeGrad
import ForgeTensor

/// Normalization of each channel of each image by itself, with an optional learned scale and shift. Source: Ulyanov et al. 2016.
package struct InstanceNorm {
  package let gamma: Parameter?
  package let beta: Parameter?
  private let epsilon: Float
  private let slope: Float?

  /// - Parameter slope: leaky ReLU in the same pass; nil for none.
  package init(_ scope: ParameterScope, channels: Int, isAffine: Bool = false, epsilon: Float = 1e-5, slope: Float? = nil) {
    gamma = isAffine ? scope.weight("weight", [channels], start: .ones) : nil
    beta = isAffine ? scope.weight("bias", [channels], start: .zeros) : nil
    self.epsilon = epsilon
    self.slope = slope
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
    instanceNormalize(x, gamma?.read(mode), beta?.read(mode), epsilon: epsilon, activationSlope: slope)
  }
}
