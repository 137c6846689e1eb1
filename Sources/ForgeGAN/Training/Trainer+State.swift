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
      model: model.name, configuration: model.configuration, labelNames: model.labelNames, seed: seed, attributes: attributes)
  }

  /// What a resumed training must agree on.
  private func stateDescription(of model: any GenerativeModel) -> JSON {
    let plan: JSON = self.plan.steps.map { ["steps": .integer($0)] } ?? ["minutes": .number(self.plan.minutes ?? 0)]
    return ["model": description(of: model).json, "data": model.dataDescription, "plan": plan]
  }

  /// Writes the state first: a kill between two of the files costs nothing, since a resumed run writes all three again.
  func save(_ model: any GenerativeModel, _ clock: TrainingClock, to folder: ModelFolder) throws {
    var state = CheckpointWriter(description: stateDescription(of: model))
    model.save(to: &state)
    state.add(counter: Int64(clock.step), as: "counter/step")
    let progress = plan.progress(step: clock.step, seconds: clock.seconds)
    state.add(fraction: progress, as: "counter/progress")
    if let name = model.firstUnsoundParameter {
      throw ForgeGANError.diverged(model: model.name, step: clock.step, measure: "tensor \(name)")
    }
    try state.write(to: folder.state)

    let description = description(of: model)
    var usable = CheckpointWriter(description: description.json)
    usable.add(model.inferenceParameters)
    try usable.write(to: folder.model)

    var training: [String: JSON] = [
      "steps": .integer(clock.step), "images": .integer(clock.step * model.imagesPerStep), "progress": .number(progress),
      "weights": .integer(model.networks.weightCount),
    ]
    if let steps = plan.steps { training["plannedSteps"] = .integer(steps) }
    if plan.steps == nil, let minutes = plan.minutes { training["plannedMinutes"] = .number(minutes) }
    guard case .object(var members) = description.json else { return }
    members["training"] = .object(training)
    members["data"] = model.dataDescription
    try AtomicFile.write(Data(JSON.object(members).text(pretty: true).utf8), to: folder.summary)
  }

  func restore(_ model: any GenerativeModel, from folder: ModelFolder) throws -> TrainingClock {
    let state = try CheckpointReader(contentsOf: folder.state)
    let expected = stateDescription(of: model)
    for (part, name) in [("model", "model, options, labels, seed or window"), ("data", "training images"), ("plan", "planned length")] {
      guard state.description[part] == expected[part] else {
        throw ForgeGANError.resumeMismatch(reason: "it was begun with other \(name)")
      }
    }
    try model.restore(from: state)
    let step = Int(try state.counter("counter/step"))
    let progress = try state.fraction("counter/progress")
    try state.finish()
    return TrainingClock(step: step, seconds: plan.steps == nil ? progress * (plan.minutes ?? 0) * 60 : 0)
  }
}

extension GenerativeModel {
  /// A parameter that holds NaN or infinity; a state with one is not worth keeping.
  var firstUnsoundParameter: String? {
    (networks.parameters + averages).first { parameter in
      parameter.value.withUnsafeBufferPointer { values in !values.allSatisfy(\.isFinite) }
    }?.name
  }
}
