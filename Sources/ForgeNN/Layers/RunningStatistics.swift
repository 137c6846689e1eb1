package import ForgeGrad
import ForgeTensor

/// Running mean and variance of each channel, as a batch norm keeps them for use after training.
package struct RunningStatistics {
  package let mean: Parameter
  package let variance: Parameter
  package let epsilon: Float
  /// Share of the newest batch.
  package let momentum: Float

  package init(_ scope: ParameterScope, channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    mean = scope.buffer("running_mean", [channels], start: .zeros)
    variance = scope.buffer("running_var", [channels], start: .ones)
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Mixes in a batch's statistics; its variance is made unbiased (n − 1).
  package func record(_ batch: BatchNormalized) {
    let unbiased = batch.variance * (Float(batch.sampleCount) / Float(max(1, batch.sampleCount - 1)))
    mean.update { exponentialAverage(&$0, value: batch.mean, decay: 1 - momentum) }
    variance.update { exponentialAverage(&$0, value: unbiased, decay: 1 - momentum) }
  }

  /// What batch normalization is after training: `x · scale + shift`, for `gamma` and `beta` of shape `[C]` or `[N, C]`.
  ///
  /// - Parameter rank: of the images, so that `[N, C]` becomes `[N, 1, …, C]`.
  package func affine(gamma: Variable, beta: Variable, rank: Int) -> (scale: Variable, shift: Variable) {
    let scale = gamma * reciprocal(sqrt(Variable(variance.value) + epsilon))
    let shift = beta - Variable(mean.value) * scale
    guard gamma.shape.rank == 2 else { return (scale, shift) }
    var extents = [Int](repeating: 1, count: rank)
    extents[0] = gamma.shape[0]
    extents[rank - 1] = gamma.shape[1]
    return (reshape(scale, Shape(extents)), reshape(shift, Shape(extents)))
  }

  /// Normalizes by the batch and records it, or by the running statistics; then leaky ReLU when `slope` is given, or PReLU with `slopes`.
  package func normalize(
    _ x: Variable, gamma: Variable, beta: Variable, slope: Float? = nil, slopes: Variable? = nil, _ mode: Mode
  ) -> Variable {
    switch mode {
    case .training, .frozen:
      let batch = batchNormalizeWithStatistics(x, gamma, beta, epsilon: epsilon, activationSlope: slope, slopes: slopes)
      record(batch)
      return batch.y
    case .inference:
      let (scale, shift) = affine(gamma: gamma, beta: beta, rank: x.shape.rank)
      let y = x * scale + shift
      if let slopes { return prelu(y, slopes: slopes) }
      return slope.map { leakyReLU(y, slope: $0) } ?? y
    }
  }
}
