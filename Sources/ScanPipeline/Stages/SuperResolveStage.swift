/// Super-resolves the workspace's acquired images; results stay their patient's data (`enhanced`).
///
/// YAML: `superResolve: { model: NAME, split: train | val | test | all, precision: fp32 | int16, backProjections: N, ensemble: true }`
package struct SuperResolveStage: Stage {
  package static let name = "superResolve"
  package static let isDivisible = true

  package var model: String
  package var split: String?
  package var precision: InferencePrecision
  package var refinement: RefinementRequest

  package init(model: String, split: String?, precision: InferencePrecision = .fp32, refinement: RefinementRequest = RefinementRequest()) {
    self.model = model
    self.split = split
    self.precision = precision
    self.refinement = refinement
  }

  package init(_ options: inout OptionReader) throws(PlanError) {
    guard let model = try options.string("model") else { throw options.missing("model") }
    let split = try options.choice("split", of: ["train", "val", "test", "all"])
    let precision = try options.choice("precision", of: InferencePrecision.names)
    let refinement = RefinementRequest(
      backProjections: try options.int("backProjections", in: RefinementRequest.allowedBackProjections), isEnsemble: try options.bool("ensemble") ?? false)
    self.init(
      model: model, split: split == "all" ? nil : split, precision: precision.flatMap(InferencePrecision.init(rawValue:)) ?? .fp32,
      refinement: refinement)
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    guard state.models[model] == "srgan" else {
      throw .needs(
        stage: "superResolve", what: "an srgan called \(model); trained so far: \(state.trainedModels)",
        remedy: "Add - train: { model: srgan, name: \(model), factor: 2 } before.", position)
    }
    state.hasEnhanced = true
  }

  package func run(_ context: RunContext) throws -> StageOutcome {
    try context.superResolveWorkspace(model: model, split: split, precision: precision, refinement: refinement)
  }

  package var summary: String { "\(split ?? "all") images with \(model)" }
}
