/// Trains a model on the training split.
///
/// YAML: `train: { model: cgan | srgan, name: NAME, steps: N | minutes: M, size: PIXELS, seed: S, split: train, … }`; the other keys are the
/// model's own (`batch`, `width`, `factor`, `phase` …).
package struct TrainStage: Stage {
  package static let name = "train"

  package var options: TrainingOptions

  package init(options: TrainingOptions) { self.options = options }

  package init(_ reader: inout OptionReader) throws(PlanError) {
    options = try TrainingOptions(&reader)
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    try state.requireClean("train", position)
    guard state.isNormalized else {
      throw .needs(stage: "train", what: "normalize before it", remedy: "Add - normalize: { intensity: auto } after deidentify.", position)
    }
    guard state.isSplit else {
      throw .needs(stage: "train", what: "split before it", remedy: "Add - split: { train: 0.8, test: 0.2 } before the first train.", position)
    }
    guard state.models[options.name] == nil else {
      throw .needs(stage: "train", what: "a model name of its own; \(options.name) is taken", remedy: "Give this stage a name: NAME.", position)
    }
    state.models[options.name] = options.model
  }

  package func run(_ context: RunContext) throws -> StageOutcome { try ModelTrainer(options: options, context: context).run() }

  package var fingerprint: String { "train: \(options.canonical)" }
  package var summary: String { "\(options.model) as \(options.name), \(options.budgetText)" }
}
