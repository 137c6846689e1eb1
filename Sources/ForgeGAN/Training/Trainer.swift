package import Diagnostics
package import ForgeNN
package import Foundation

/// What a training did.
package struct TrainingSummary: Sendable, Equatable {
  /// Steps done since the very start.
  package var steps: Int
  /// Steps that this run did.
  package var stepsOfThisRun: Int
  /// How far along its plan the training is, 0 to 1.
  package var progress: Double
  /// Means of each loss over the last steps that were reported.
  package var losses: [String: Double]
  package var secondsOfThisRun: Double
  package var imagesPerSecond: Double
  package var isComplete: Bool { progress >= 1 }
}

/// Trains any model: steps, checkpoints, loss log, sample sheets, resume.
///
/// Between two steps, the state file is all there is to know: a training that is killed at any point and resumed ends with the same bytes
/// as one that was left alone, when its plan counts steps.
package struct Trainer {
  package var plan: TrainingPlan
  package var seed: UInt64
  /// Facts about the images' values that the model file must carry.
  package var attributes: [String: JSON]
  package var progress: ProgressSink
  /// Receives sample sheets.
  package var onSamples: (SampleSheet) -> Void
  /// Asked between steps; true ends the run with a checkpoint.
  package var isCancelled: () -> Bool

  package init(
    plan: TrainingPlan, seed: UInt64, attributes: [String: JSON] = [:], progress: @escaping ProgressSink = { _ in },
    onSamples: @escaping (SampleSheet) -> Void = { _ in }, isCancelled: @escaping () -> Bool = { false }
  ) {
    self.plan = plan
    self.seed = seed
    self.attributes = attributes
    self.progress = progress
    self.onSamples = onSamples
    self.isCancelled = isCancelled
  }

  /// Trains until the plan, `stopAfter` or a cancellation ends it, and leaves the model's files in `folder`, which must exist.
  ///
  /// - Parameters:
  ///   - log: where loss records go, as JSON lines; nil for nowhere.
  ///   - resume: go on from the folder's state; it must stem from the same model, options, data, seed and plan.
  package func train(_ model: some GenerativeModel, into folder: ModelFolder, log: URL? = nil, resume: Bool = false) throws
    -> TrainingSummary
  {
    var clock = TrainingClock()
    if resume { clock = try restore(model, from: folder) }
    let losses = try log.map { try LossLog($0, from: clock.step) }
    let first = clock.step
    let began = ContinuousClock.now
    let earlier = clock.seconds
    func seconds() -> Double {
      let spent = began.duration(to: .now).components
      return Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
    }
    let stage = "train \(model.name)"
    progress(.began(stage: stage, total: plan.stopAfter.map { min($0, plan.steps ?? $0) } ?? plan.steps, unit: "steps"))
    if plan.steps == nil { progress(.note(stage: stage, text: "ends after \(plan.minutes ?? 0) minutes")) }

    var saved = 0.0
    var means = RunningMeans()
    var latest: [String: Double] = [:]
    let prefetcher = Prefetcher(model.batches, seed: seed, from: first, to: plan.lastStep)
    defer { prefetcher.cancel() }
    while !plan.endsRun(step: clock.step, seconds: clock.seconds), !isCancelled() {
      let share = plan.progress(step: clock.step, seconds: clock.seconds)
      let measures: [Measure]
      do throws(ForgeGANError) {
        let moment = TrainingMoment(seed: seed, step: clock.step, progress: share)
        measures = try prefetcher.withNext { model.step(moment, $0) }
      } catch {
        // The data failed, the networks are sound: what was learned is kept.
        try losses?.flush()
        try save(model, clock, to: folder)
        throw error
      }
      if let bad = measures.first(where: { !$0.value.isFinite }) {
        throw ForgeGANError.diverged(model: model.name, step: clock.step, measure: bad.name)
      }
      clock.step += 1
      clock.seconds = earlier + seconds()
      progress(.advanced(stage: stage, done: clock.step))
      losses?.record(measures, step: clock.step)
      means.add(measures)
      if clock.step % plan.reportEvery == 0 {
        latest = means.take()
        for (name, value) in latest.sorted(by: { $0.key < $1.key }) { progress(.measured(stage: stage, name: name, value: value)) }
      }
      let reached = plan.progress(step: clock.step, seconds: clock.seconds)
      if Int(reached * Double(plan.sampleSheets)) > Int(share * Double(plan.sampleSheets)) {
        onSamples(model.sampleSheet(step: clock.step))
      }
      if seconds() - saved >= plan.checkpointSeconds {
        try losses?.flush()
        try save(model, clock, to: folder)
        saved = seconds()
      }
    }
    try losses?.flush()
    try save(model, clock, to: folder)
    let spent = seconds()
    let rate = Double((clock.step - first) * model.imagesPerStep) / max(spent, 1e-9)
    let summary = TrainingSummary(
      steps: clock.step, stepsOfThisRun: clock.step - first, progress: plan.progress(step: clock.step, seconds: clock.seconds),
      losses: latest,
      secondsOfThisRun: spent, imagesPerSecond: rate)
    progress(.ended(stage: stage, summary: "\(clock.step) steps"))
    return summary
  }
}
