package import Diagnostics
package import ForgeNN
package import Foundation

/// What a training did.
package struct TrainingSummary: Sendable, Equatable {
  /// Steps done since the very start.
  package var steps: Int
  /// Steps that this run did, those that it went back on included.
  package var stepsOfThisRun: Int
  /// How far along its plan the training is, 0 to 1.
  package var progress: Double
  /// Means of each loss over the last steps that were reported.
  package var losses: [String: Double]
  package var secondsOfThisRun: Double
  /// Part of these seconds that the probe's looks took.
  package var probeSeconds: Double
  package var imagesPerSecond: Double
  package var record: TrainingRecord
  package var isComplete: Bool { progress >= 1 }

  package init(
    steps: Int, stepsOfThisRun: Int, progress: Double, losses: [String: Double], secondsOfThisRun: Double, probeSeconds: Double,
    imagesPerSecond: Double, record: TrainingRecord
  ) {
    self.steps = steps
    self.stepsOfThisRun = stepsOfThisRun
    self.progress = progress
    self.losses = losses
    self.secondsOfThisRun = secondsOfThisRun
    self.probeSeconds = probeSeconds
    self.imagesPerSecond = imagesPerSecond
    self.record = record
  }
}

/// What a live view is told, between two steps.
package enum TrainingEvent: Sendable {
  /// The training begins, or goes on from `step`; `log` holds the losses so far.
  case began(step: Int, record: TrainingRecord, log: URL?)
  /// Means since the last report.
  case measured(step: Int, [String: Double])
  case looked(TrainingRecord)
  case wentBack(TrainingRecord)
  case sampled(SampleSheet)
}

/// Trains any model: steps, checkpoints, loss log, sample sheets, looks, returns to the best checkpoint, resume.
///
/// Between two steps, the state file and the best checkpoint that it names are all there is to know: a training that is killed at any point
/// and resumed ends with the same bytes as one that was left alone, when its plan counts steps.
package struct Trainer {
  package var plan: TrainingPlan
  package var seed: UInt64
  /// Facts about the images' values that the model file must carry.
  package var attributes: [String: JSON]
  package var progress: ProgressSink
  /// Told between steps, and not to take long about it.
  package var onEvent: (TrainingEvent) -> Void
  /// Asked between steps; true ends the run with a checkpoint.
  package var isCancelled: () -> Bool
  /// Hexadecimal digest of an extractor's weights, for records.
  package var hash: (Data) -> String

  package init(
    plan: TrainingPlan, seed: UInt64, attributes: [String: JSON] = [:], progress: @escaping ProgressSink = { _ in },
    onEvent: @escaping (TrainingEvent) -> Void = { _ in }, isCancelled: @escaping () -> Bool = { false },
    hash: @escaping (Data) -> String = fingerprint
  ) {
    self.plan = plan
    self.seed = seed
    self.attributes = attributes
    self.progress = progress
    self.onEvent = onEvent
    self.isCancelled = isCancelled
    self.hash = hash
  }

  /// Trains until the plan, `stopAfter` or a cancellation ends it, and leaves the model's files in `folder`, which must exist.
  ///
  /// - Parameters:
  ///   - log: where loss records go, as JSON lines; nil for nowhere.
  ///   - resume: go on from the folder's state; it must stem from the same model, options, data, seed and plan.
  /// - Throws: `ForgeGANError.failed` when the training has failed once more than it may go back; the folder then holds the best checkpoint.
  package func train(_ model: some GenerativeModel, into folder: ModelFolder, log: URL? = nil, resume: Bool = false) throws
    -> TrainingSummary
  {
    try TrainingRun(self, model, folder).run(log: log, resume: resume)
  }
}
