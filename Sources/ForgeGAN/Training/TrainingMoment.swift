import ForgeNN
package import ForgeTensor

/// One step of a training: where it stands, and random numbers that depend on the seed, the step and their purpose alone.
package struct TrainingMoment: Sendable {
  package let seed: UInt64
  /// Steps done before this one.
  package let step: Int
  /// How far along the schedule is, 0 to 1.
  package let progress: Double

  package init(seed: UInt64, step: Int, progress: Double) {
    self.seed = seed
    self.step = step
    self.progress = progress
  }

  /// First counter of this step; a step may draw 2³² numbers for each purpose.
  package var counter: UInt64 { TrainingMoment.counter(step: step) }

  package static func counter(step: Int) -> UInt64 { UInt64(step) << 32 }

  package func stream(_ purpose: String) -> RandomStream { RandomStream(seed: seed, named: purpose) }

  package func normal(_ shape: Shape, for purpose: String) -> Tensor { stream(purpose).normal(shape, counter: counter) }

  package func uniform(_ shape: Shape, for purpose: String) -> Tensor { stream(purpose).uniform(shape, counter: counter) }
}
