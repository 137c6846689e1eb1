import Diagnostics
import ForgeNN
import ForgeTensor
import Foundation

/// One run of a training, from its start or a state to its end: the loop.
final class TrainingRun<Model: GenerativeModel> {
  let trainer: Trainer
  let model: Model
  let folder: ModelFolder
  var plan: TrainingPlan { trainer.plan }
  var imagesPerStep: Int { model.imagesPerBatch * plan.accumulate }

  var clock = TrainingClock()
  var record = TrainingRecord()
  var watch = TrainingWatch()
  var losses: LossLog?
  /// The best checkpoint that the state on the disk names.
  var storedBest: Int?

  private var prefetcher: Prefetcher<MicroBatches<Model.Batches>>?
  private var probe: (any TrainingProbe)?
  private var probeSeconds = 0.0
  private var stepsDone = 0
  private var means = RunningMeans()
  private var latest: [String: Double] = [:]
  private let began = ContinuousClock.now
  private var stage: String { "train \(model.name)" }

  init(_ trainer: Trainer, _ model: Model, _ folder: ModelFolder) {
    self.trainer = trainer
    self.model = model
    self.folder = folder
  }

  func run(log: URL?, resume: Bool) throws -> TrainingSummary {
    if resume { try restore() }
    if let failure = record.failure {
      trainer.onEvent(.began(step: clock.step, record: record, log: log))
      throw failed(failure, at: record.returns.last?.step ?? clock.step)
    }
    losses = try log.map { try LossLog($0, keeping: record.logLines(step: clock.step), step: clock.step) }
    if let missing = losses?.missing, missing > 0 {
      let text = "the loss log lacks \(missing) of the \(record.logLines(step: clock.step)) lines up to step \(clock.step); the model is not touched by it"
      trainer.progress(.warning(stage: stage, text: text))
    }
    trainer.progress(.began(stage: stage, total: plan.stopAfter.map { min($0, plan.steps ?? $0) } ?? plan.steps, unit: "steps"))
    if plan.steps == nil { trainer.progress(.note(stage: stage, text: "ends after \(plan.minutes ?? 0) minutes")) }
    trainer.onEvent(.began(step: clock.step, record: record, log: log))
    if !plan.endsRun(step: clock.step, seconds: clock.seconds) {
      noteKernels()
      if !hasBest { try keepAsBest(nil) }
    }

    trainer.onEvent(.sampled(model.sampleSheet(step: clock.step)))

    let earlier = clock.seconds
    var saved = 0.0
    beginBatches()
    defer { prefetcher?.cancel() }
    while !plan.endsRun(step: clock.step, seconds: clock.seconds), !trainer.isCancelled() {
      let before = plan.progress(step: clock.step, seconds: clock.seconds)
      let finding = try step() ?? look(spent: earlier)
      if let finding {
        guard plan.heedsFindings || finding.detector == NonFiniteDetector.name else {
          warn(finding)
          continue
        }
        try goBack(finding)
        continue
      }
      let share = Double(plan.sampleSheets)
      if Int(plan.progress(step: clock.step, seconds: clock.seconds) * share) > Int(before * share) {
        trainer.onEvent(.sampled(model.sampleSheet(step: clock.step)))
      }
      if seconds - saved >= plan.checkpointSeconds {
        // A state that is not sound is not worth its file; the next step's losses will tell.
        if model.firstUnsoundTensor == nil { try save() }
        saved = seconds
      }
    }
    try save()
    let rate = Double(stepsDone * imagesPerStep) / max(seconds, 1e-9)
    trainer.progress(.ended(stage: stage, summary: "\(clock.step) steps"))
    return TrainingSummary(
      steps: clock.step, stepsOfThisRun: stepsDone, progress: plan.progress(step: clock.step, seconds: clock.seconds), losses: latest,
      secondsOfThisRun: seconds, probeSeconds: probeSeconds, imagesPerSecond: rate, record: record)
  }

  /// Keeps with the state which kernels the steps are done with, and tells where these are others than before: each table rounds in its own way.
  private func noteKernels() {
    let name = KernelTable.current.name
    defer { record.kernels = name }
    guard let old = record.kernels, old != name else { return }
    let text = "the kernels are \(name), before they were \(old): the result will not be the same bytes as without the break"
    tell(TrainingFinding(detector: "kernels", text: text))
  }

  /// A state of an earlier version has none.
  private var hasBest: Bool {
    record.best.map { FileManager.default.fileExists(atPath: folder.best(step: $0.step).path) } ?? false
  }

  private var seconds: Double {
    let spent = began.duration(to: .now).components
    return Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
  }

  private func beginBatches() {
    prefetcher?.cancel()
    for (_, optimizer) in model.optimizers { optimizer.rateScale = record.rateScale }
    prefetcher = Prefetcher(
      MicroBatches(model.batches, parts: plan.accumulate), seed: TrainingMoment.seed(trainer.seed, attempt: record.attempt),
      from: clock.step,
      to: plan.lastStep)
  }

  /// One step, with its measures in log and progress. The step counts only when nothing was found.
  private func step() throws -> TrainingFinding? {
    guard let prefetcher else { preconditionFailure("a step before batches") }
    let share = plan.progress(step: clock.step, seconds: clock.seconds)
    let moment = TrainingMoment(seed: TrainingMoment.seed(trainer.seed, attempt: record.attempt), step: clock.step, progress: share)
    let measures: [Measure]
    do throws(ForgeGANError) {
      measures = try prefetcher.withNext { model.step(moment, $0) }
    } catch {
      // The data failed, the networks are sound: what was learned is kept.
      try save()
      throw error
    }
    stepsDone += 1
    if let finding = watch.observe(TrainingObservation(step: clock.step, progress: share, measures: measures)) { return finding }
    clock.step += 1
    trainer.progress(.advanced(stage: stage, done: clock.step))
    losses?.record(measures, step: clock.step)
    means.add(measures)
    if clock.step % plan.reportEvery == 0 {
      latest = means.take()
      for (name, value) in latest.sorted(by: { $0.key < $1.key }) { trainer.progress(.measured(stage: stage, name: name, value: value)) }
      trainer.onEvent(.measured(step: clock.step, latest))
    }
    return nil
  }

  /// Counts the time, and looks at the model where that is due: weights, the probe's figures, and whether this is the best state so far.
  private func look(spent earlier: Double) throws -> TrainingFinding? {
    // Read once: were it read again after the look, a training in minutes could end without one at its end.
    clock.seconds = earlier + seconds
    let isComplete = plan.isComplete(step: clock.step, seconds: clock.seconds)
    guard plan.isProbeDue(step: clock.step, imagesPerStep: imagesPerStep, isComplete: isComplete) else { return nil }
    let began = seconds
    defer { probeSeconds += seconds - began }
    let progress = plan.progress(step: clock.step, seconds: clock.seconds)
    var observation = TrainingObservation(step: clock.step, progress: progress, unsoundTensor: model.firstUnsoundTensor)
    if observation.unsoundTensor == nil, let probe = try madeProbe() {
      let result = try probe.measure(progress: progress)
      record.looks.append(.init(step: clock.step, attempt: record.attempt, result: result))
      observation.probe = result
      if let score = result.score, let name = record.criterion?["figure"]?.stringValue {
        trainer.progress(.measured(stage: stage, name: name, value: score))
      }
      trainer.onEvent(.looked(record))
    }
    if let finding = watch.observe(observation) { return finding }
    guard let result = observation.probe else { return nil }
    if let suspicion = TrainingWatch.suspicion(result) {
      // Nothing to go back to, and nothing that comes after it to tell whether it was one bad moment.
      if isComplete { warn(suspicion) }
    } else if record.best?.isBeaten(by: result) ?? true {
      try keepAsBest(result)
    }
    return nil
  }

  private func madeProbe() throws(ForgeGANError) -> (any TrainingProbe)? {
    if probe == nil {
      probe = try model.makeProbe()
      record.criterion = probe?.criterion(hash: trainer.hash)
    }
    return probe
  }

  /// Tells a finding, and watches for the next from the beginning.
  private func warn(_ finding: TrainingFinding) {
    watch = TrainingWatch()
    tell(finding)
  }

  private func tell(_ finding: TrainingFinding) {
    let warning = TrainingRecord.Warning(step: clock.step, finding: finding)
    record.warnings.append(warning)
    trainer.progress(.warning(stage: stage, text: warning.sentence))
    trainer.onEvent(.looked(record))
  }

  /// Back to the best checkpoint with the next attempt's random numbers and learning rates, and a state that says so.
  private func goBack(_ finding: TrainingFinding) throws {
    guard let best = record.best else { preconditionFailure("a training without a checkpoint to return to") }
    let found = clock.step
    try restoreBest(best)
    let isEnd = plan.isComplete(step: clock.step, seconds: clock.seconds)
    // A start that there is no time to train from is no model.
    let isStart = best.result == nil && isEnd
    guard record.attempt < plan.returns, !isStart else {
      record.failure = finding
      try save()
      throw failed(finding, at: found)
    }
    let back = TrainingRecord.Return(step: found, to: best.step, finding: finding, isEnd: isEnd)
    record.returns.append(back)
    watch = TrainingWatch()
    means = RunningMeans()
    losses?.record(back)
    beginBatches()
    try save()
    trainer.progress(.warning(stage: stage, text: back.sentence))
    trainer.onEvent(.wentBack(record))
    trainer.onEvent(.sampled(model.sampleSheet(step: clock.step)))
  }

  /// The end of a training that gives up. The networks are those of the best checkpoint; where they are kept as the model, they are shown.
  private func failed(_ finding: TrainingFinding, at step: Int) -> ForgeGANError {
    trainer.onEvent(.looked(record))
    if record.keptStep != nil { trainer.onEvent(.sampled(model.sampleSheet(step: clock.step))) }
    return .failed(model: model.name, step: step, finding: finding.text, returns: record.returns.count, best: record.keptStep ?? 0)
  }
}
