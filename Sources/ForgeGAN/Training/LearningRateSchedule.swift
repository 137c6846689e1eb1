import ForgeTensor

/// How the learning rate falls from its start, as a factor.
package enum LearningRateSchedule: String, Sendable, CaseIterable {
  case constant
  /// Straight down to `floor`.
  case linear
  /// Half a cosine down to `floor`. Source: Loshchilov and Hutter 2017.
  case cosine

  /// - Parameter progress: 0 to 1.
  package func factor(_ progress: Double, floor: Float = 0.02) -> Float {
    switch self {
    case .constant: return 1
    case .linear: return floor + (1 - floor) * Float(1 - progress)
    case .cosine:
      // The kernels' cosine, which has the same bits on every CPU.
      let wave = cos(Tensor(Float(Double.pi * progress))).scalar
      return floor + (1 - floor) * 0.5 * (1 + wave)
    }
  }
}
