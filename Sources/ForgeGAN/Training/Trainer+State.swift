import ForgeNN
import ForgeTensor
import Foundation

/// Where a training stands. The seconds count in a plan by minutes alone and are stored as the fraction achieved.
struct TrainingClock {
  var step = 0
  var seconds = 0.0
}

extension Trainer {
  func description(of model: any GenerativeModel) -> ModelDescription {
    ModelDescription(
      model: model.name, configuration: model.configuration, labelNames: model.labelNames, conditions: model.conditions, seed: seed,
      attributes: attributes)
  }
}

extension TrainingRun {
  /// What a resumed training must agree on.
  private var origin: [String: JSON] {
    ["model": trainer.description(of: model).json, "data": model.dataDescription, "plan": plan.description]
  }

  private var progressNow: Double { plan.progress(step: clock.step, seconds: clock.seconds) }

  private func state() -> CheckpointWriter {
    var members = origin
    members["record"] = record.json
    members["detectors"] = .object(watch.memory.filter { !$0.value.isEmpty }.mapValues { .array($0.map(JSON.number)) })
    var state = CheckpointWriter(description: .object(members))
    model.save(to: &state)
    state.add(counter: Int64(clock.step), as: "counter/step")
    state.add(fraction: progressNow, as: "counter/progress")
    return state
  }

  /// Makes the present state the one to return to. The state on the disk does not know it yet: what that names stays.
  func keepAsBest(_ result: ProbeResult?) throws {
    let old = record.best
    record.best = TrainingRecord.Best(step: clock.step, result: result)
    try state().write(to: folder.best(step: clock.step))
    if let old, old.step != storedBest, old.step != clock.step { try? FileManager.default.removeItem(at: folder.best(step: old.step)) }
  }

  /// Writes the state first: a kill between two of the files costs nothing, since a resumed run writes all three again. Best checkpoints
  /// that the state does not name go after it.
  ///
  /// - Throws: `ForgeGANError.diverged` for a state with NaN or infinity, which is not written.
  func save() throws {
    if let name = model.firstUnsoundTensor {
      throw ForgeGANError.diverged(model: model.name, step: clock.step, measure: "tensor \(name)")
    }
    try losses?.flush()
    try state().write(to: folder.state)
    storedBest = record.best?.step

    let description = trainer.description(of: model)
    var usable = CheckpointWriter(description: description.json)
    usable.add(model.inferenceParameters)
    try usable.write(to: folder.model)

    var training: [String: JSON] = [
      "steps": .integer(clock.step), "images": .integer(clock.step * imagesPerStep), "progress": .number(progressNow),
      "weights": .integer(model.networks.weightCount), "record": record.json,
    ]
    if plan.accumulate > 1 { training["accumulate"] = .integer(plan.accumulate) }
    if let steps = plan.steps { training["plannedSteps"] = .integer(steps) }
    if plan.steps == nil, let minutes = plan.minutes { training["plannedMinutes"] = .number(minutes) }
    guard case .object(var members) = description.json else { return }
    members["training"] = .object(training)
    members["data"] = model.dataDescription
    try AtomicFile.write(Data(JSON.object(members).text(pretty: true).utf8), to: folder.summary)

    let kept = record.best.map { folder.best(step: $0.step) }
    for place in folder.bests where place != kept { try? FileManager.default.removeItem(at: place) }
  }

  /// Goes on from the folder's state, which names the best checkpoint. A state of an earlier version has no record: then nothing is known of
  /// returns and looks.
  func restore() throws {
    let state = try CheckpointReader(contentsOf: folder.state)
    try restoreModel(from: state)
    let progress = try state.fraction("counter/progress")
    clock.step = Int(try state.counter("counter/step"))
    clock.seconds = plan.steps == nil ? progress * (plan.minutes ?? 0) * 60 : 0
    try state.finish()
    record = state.description["record"].flatMap(TrainingRecord.init) ?? TrainingRecord()
    // One that has ended goes back to nothing any more.
    let isOver = record.failure != nil || plan.isComplete(step: clock.step, seconds: clock.seconds)
    if !isOver, let best = record.best.map({ folder.best(step: $0.step) }),
      !FileManager.default.fileExists(atPath: best.path)
    {
      throw CheckpointError.unreadable(file: best.lastPathComponent, reason: "the state names it as the best checkpoint, and it is not there")
    }
    watch.memory = (state.description["detectors"]?.objectValue ?? [:]).mapValues { ($0.arrayValue ?? []).compactMap(\.doubleValue) }
    storedBest = record.best?.step
  }

  /// Takes weights, moments, averages and the step back to the best checkpoint; the clock of a plan by minutes goes on.
  func restoreBest(_ best: TrainingRecord.Best) throws {
    let state = try CheckpointReader(contentsOf: folder.best(step: best.step))
    try restoreModel(from: state)
    _ = try state.fraction("counter/progress")
    clock.step = Int(try state.counter("counter/step"))
    try state.finish()
  }

  private func restoreModel(from state: CheckpointReader) throws {
    let differences = ResumeDifference(stored: state.description, present: origin).phrases
    guard differences.isEmpty else { throw ForgeGANError.resumeMismatch(reason: "it was begun with \(differences.joined(separator: ", "))") }
    try model.restore(from: state)
  }
}

extension GenerativeModel {
  /// A parameter, average or moment of an optimizer that holds NaN or infinity; a state with one is not worth keeping.
  var firstUnsoundTensor: String? {
    let parameter = (networks.parameters + averages).first { parameter in
      parameter.value.withUnsafeBufferPointer { values in !values.allSatisfy(\.isFinite) }
    }
    if let parameter { return parameter.name }
    return optimizers.lazy.compactMap { name, optimizer in optimizer.unsoundMoment.map { "\($0) (moments of \(name))" } }.first
  }
}
