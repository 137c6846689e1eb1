package import ForgeGrad
import ForgeTensor

/// Batch normalization over all axes but the last, with a learned scale and shift per channel. Source: Ioffe and Szegedy 2015.
package struct BatchNorm {
  package let gamma: Parameter
  package let beta: Parameter
  package let statistics: RunningStatistics
  private let slope: Float?

  /// - Parameter slope: leaky ReLU in the same pass; nil for none.
  package init(_ scope: ParameterScope, channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, slope: Float? = nil) {
    gamma = scope.weight("weight", [channels], start: .ones)
    beta = scope.weight("bias", [channels], start: .zeros)
    statistics = RunningStatistics(scope, channels: channels, epsilon: epsilon, momentum: momentum)
    self.slope = slope
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
    statistics.normalize(x, gamma: gamma.read(mode), beta: beta.read(mode), slope: slope, mode)
  }

  /// Normalization and PReLU in one pass, for a norm without a slope of its own.
  package func callAsFunction(_ x: Variable, then activation: PReLU, _ mode: Mode) -> Variable {
    precondition(slope == nil, "BatchNorm: two activations")
    return statistics.normalize(x, gamma: gamma.read(mode), beta: beta.read(mode), slopes: activation.slopes.read(mode), mode)
  }
}
