/// Assigns patients to train, val and test, before anything learns. Recorded once; newcomers follow the same rule.
///
/// YAML: `split: { train: 0.8, val: 0, test: 0.2 }`. Splits that the user's CSV file gave are kept.
package struct SplitStage: Stage {
  package static let name = "split"

  package var train: Double
  package var val: Double
  package var test: Double

  package init(train: Double, val: Double, test: Double) {
    self.train = train
    self.val = val
    self.test = test
  }

  package init(_ options: inout OptionReader) throws(PlanError) {
    let train = try options.double("train", in: 0...1)
    let val = try options.double("val", in: 0...1) ?? 0
    let test = try options.double("test", in: 0...1) ?? max(0, 1 - (train ?? 0.8) - val)
    self.init(train: train ?? max(0, 1 - val - test), val: val, test: test)
    guard abs(self.train + self.val + self.test - 1) < 1e-6 else {
      throw .outOfRange(key: "train, val and test", allowed: "shares that sum to 1", options.position)
    }
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    try state.requireClean("split", position)
    guard state.models.isEmpty else { throw .needs(stage: "split", what: "to come before any train stage", remedy: "Move split up.", position) }
    guard !state.isSplit else {
      throw .needs(stage: "split", what: "to be the only one of its kind", remedy: "Keep one: a patient's part never changes.", position)
    }
    state.isSplit = true
  }

  package func run(_ context: RunContext) throws -> StageOutcome { try context.split(train: train, val: val, test: test) }

  package var summary: String { "train \(train), val \(val), test \(test), by patient" }
}
