import ForgeNN
package import ForgeTensor

/// One step of a training: where it stands, and random numbers that depend on the seed, the step and their purpose alone.
package struct TrainingMoment: Sendable {
  package let seed: UInt64
  /// Steps done before this one.
  package let step: Int
  /// How far along the schedule is, 0 to 1.
  package let progress: Double
  /// Which part of the step's batch this is, of `parts`: parts draw different numbers.
  package private(set) var part = 0
  package private(set) var parts = 1

  package init(seed: UInt64, step: Int, progress: Double) {
    self.seed = seed
    self.step = step
    self.progress = progress
  }

  /// The moment of one part of a step whose batch is worked through in `count` parts.
  package func part(_ index: Int, of count: Int) -> TrainingMoment {
    var moment = self
    (moment.part, moment.parts) = (index, count)
    return moment
  }

  /// The seed of a training's random numbers after `attempt` returns to a checkpoint: other numbers, so that what failed is not repeated.
  package static func seed(_ seed: UInt64, attempt: Int) -> UInt64 {
    guard attempt > 0 else { return seed }
    // The finalizer of SplitMix64 (Steele et al. 2014).
    var mixed = seed &+ UInt64(attempt) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// First counter of this step's part; it may draw 2³² numbers for each purpose.
  package var counter: UInt64 { TrainingMoment.counter(step: step * parts + part) }

  package static func counter(step: Int) -> UInt64 { UInt64(step) << 32 }

  package func stream(_ purpose: String) -> RandomStream { RandomStream(seed: seed, named: purpose) }

  package func normal(_ shape: Shape, for purpose: String) -> Tensor { stream(purpose).normal(shape, counter: counter) }

  package func uniform(_ shape: Shape, for purpose: String) -> Tensor { stream(purpose).uniform(shape, counter: counter) }
}
