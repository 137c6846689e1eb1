package import ForgeGrad

/// Batch normalization whose scale and shift belong to what each image is to show: `x̂ · (1 + gain[conditions]) + bias[conditions]`.
/// Source: de Vries et al. 2017; Miyato and Koyama 2018.
package struct ConditionalBatchNorm {
  package let gain: ConditionEmbedding
  package let bias: ConditionEmbedding
  package let statistics: RunningStatistics
  private let slope: Float?

  /// - Parameter slope: leaky ReLU in the same pass; nil for none.
  package init(
    _ scope: ParameterScope, channels: Int, kinds: ConditionKinds, epsilon: Float = 1e-5, momentum: Float = 0.1, slope: Float? = nil
  ) {
    gain = ConditionEmbedding(scope["gain"], kinds, width: channels, start: .zeros)
    bias = ConditionEmbedding(scope["bias"], kinds, width: channels, start: .zeros)
    statistics = RunningStatistics(scope, channels: channels, epsilon: epsilon, momentum: momentum)
    self.slope = slope
  }

  package func callAsFunction(_ x: Variable, _ conditions: Conditions, _ mode: Mode) -> Variable {
    statistics.normalize(x, gamma: gain(conditions, mode) + 1, beta: bias(conditions, mode), slope: slope, mode)
  }
}
