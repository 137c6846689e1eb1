import ScanModel

/// Makes labelled synthetic slices with a trained conditional model.
///
/// YAML: `generate: { model: NAME, perLabel: N | count: N, label: L, modality: …, bodyPart: …, sex: …, ageBand: …, seed: S,
/// precision: fp32 | int16 }`; an attribute's value is a text or a list, and every combination is made.
package struct GenerateStage: Stage {
  package static let name = "generate"
  package static let isDivisible = true

  package var model: String
  package var request: GenerationPlan
  package var seed: UInt64?
  package var precision: InferencePrecision

  package init(model: String, _ request: GenerationPlan, seed: UInt64?, precision: InferencePrecision = .fp32) {
    self.model = model
    self.request = request
    self.seed = seed
    self.precision = precision
  }

  package init(_ options: inout OptionReader) throws(PlanError) {
    guard let model = try options.string("model") else { throw options.missing("model") }
    let perLabel = try options.int("perLabel", in: 1...1_000_000)
    let count = try options.int("count", in: 1...10_000_000)
    let label = try options.string("label")
    var choices: [AttributeChoice] = []
    for attribute in ScanAttribute.allCases {
      let texts = try options.strings(attribute.rawValue) ?? []
      // Before anything is trained for nothing.
      guard texts.allSatisfy({ attribute.value($0) != nil }) else {
        throw .outOfRange(key: attribute.rawValue, allowed: attribute.form, options.positionOf(attribute.rawValue))
      }
      if let choice = AttributeChoice(attribute, texts) { choices.append(choice) }
    }
    let seed = try options.int("seed", in: 0...Int.max)
    let amount: GenerationAmount
    switch (perLabel, count, label) {
    case (let perLabel?, nil, nil): amount = .perLabel(perLabel)
    case (nil, let count?, nil): amount = .count(count)
    case (nil, let count, let label?): amount = .label(label, count: count ?? 1)
    default: throw .outOfRange(key: "generate", allowed: "given perLabel, count, or label with count", options.position)
    }
    self.model = model
    request = GenerationPlan(amount, choices)
    self.seed = seed.map(UInt64.init)
    precision = try options.choice("precision", of: InferencePrecision.names).flatMap(InferencePrecision.init(rawValue:)) ?? .fp32
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    guard let kind = state.models[model] else {
      throw .needs(
        stage: "generate", what: "the model \(model); trained so far: \(state.trainedModels)", remedy: "Add a train stage for it before.", position)
    }
    guard kind != "srgan" else {
      throw .needs(stage: "generate", what: "a model that makes images from labels; \(model) is an srgan", remedy: "Use superResolve for it.", position)
    }
    state.hasGenerated = true
  }

  package func run(_ context: RunContext) throws -> StageOutcome {
    try context.generateIntoWorkspace(model: model, request, seed: seed, precision: precision)
  }

  package var summary: String { "\(request) with \(model)" }
}
