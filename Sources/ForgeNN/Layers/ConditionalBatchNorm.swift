package import ForgeGrad

/// Batch normalization whose scale and shift belong to each image's class: `x̂ · (1 + gain[label]) + bias[label]`.
/// Source: de Vries et al. 2017; Miyato and Koyama 2018.
package struct ConditionalBatchNorm {
  package let gain: Embedding
  package let bias: Embedding
  package let statistics: RunningStatistics
  private let slope: Float?

  /// - Parameter slope: leaky ReLU in the same pass; nil for none.
  package init(
    _ scope: ParameterScope, channels: Int, classes: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, slope: Float? = nil
  ) {
    gain = Embedding(scope["gain"], rows: classes, width: channels, start: .zeros)
    bias = Embedding(scope["bias"], rows: classes, width: channels, start: .zeros)
    statistics = RunningStatistics(scope, channels: channels, epsilon: epsilon, momentum: momentum)
    self.slope = slope
  }

  /// - Parameter labels: one class per image.
  package func callAsFunction(_ x: Variable, labels: [Int32], _ mode: Mode) -> Variable {
    statistics.normalize(x, gamma: gain(labels, mode) + 1, beta: bias(labels, mode), slope: slope, mode)
  }
}
