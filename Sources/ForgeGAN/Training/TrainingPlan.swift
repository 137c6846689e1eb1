import ForgeNN

/// How long a training goes and how often it leaves traces.
package struct TrainingPlan: Sendable, Equatable {
  /// The planned total. Schedules follow `step / steps`, so the result does not depend on the clock.
  package var steps: Int?
  /// Wall time in minutes. Without `steps`, schedules follow it; with `steps`, it only ends the run early.
  package var minutes: Double?
  /// Ends the run when this many steps of the planned total are done; schedules still follow the total.
  package var stopAfter: Int?
  /// Seconds between checkpoints. The state depends on the step alone, so this changes no result.
  package var checkpointSeconds: Double
  /// Progress shows means of this many steps.
  package var reportEvery: Int
  /// Number of sample sheets over the planned training, beside the one that each run begins with.
  package var sampleSheets: Int
  /// Batches of a step, whose gradients are added up before the optimizers move.
  package var accumulate: Int
  /// Steps between two looks by the model's probe, which there is one of at the end too; nil for as often as costs little.
  package var probeEvery: Int?
  /// How often a training that fails goes back to its best checkpoint before it gives up.
  package var returns: Int
  /// Whether findings take the training back; else they are told alone, but for numbers that are not finite.
  package var heedsFindings: Bool

  package static let defaultReturns = 5
  /// Images trained on between two looks when nothing else is said. A look costs about as much as training on 100.
  private static let imagesBetweenProbes = 10_000
  /// Images trained on before looks that come earlier than that, so that small trainings are looked at too.
  private static let imagesBeforeEarlyProbes = [1_250, 2_500, 5_000]

  package init(
    steps: Int? = nil, minutes: Double? = nil, stopAfter: Int? = nil, checkpointSeconds: Double = 60, reportEvery: Int = 20,
    sampleSheets: Int = 16, accumulate: Int = 1, probeEvery: Int? = nil, returns: Int = TrainingPlan.defaultReturns,
    heedsFindings: Bool = true
  ) throws(ForgeGANError) {
    guard steps != nil || minutes != nil else { throw .badPlan(reason: "the training has no end") }
    guard steps.map({ $0 > 0 }) ?? true, minutes.map({ $0 > 0 && $0.isFinite }) ?? true, stopAfter.map({ $0 > 0 }) ?? true else {
      throw .badPlan(reason: "the training would have no steps")
    }
    self.steps = steps
    self.minutes = minutes
    self.stopAfter = stopAfter
    self.checkpointSeconds = checkpointSeconds
    self.reportEvery = max(1, reportEvery)
    self.sampleSheets = max(1, sampleSheets)
    self.accumulate = max(1, accumulate)
    self.probeEvery = probeEvery.map { max(1, $0) }
    self.returns = max(0, returns)
    self.heedsFindings = heedsFindings
  }

  /// Whether the model is looked at when `step` steps are done: at steps that do not depend on the clock, and at the end.
  package func isProbeDue(step: Int, imagesPerStep: Int, isComplete: Bool) -> Bool {
    if isComplete { return true }
    if let probeEvery { return step.isMultiple(of: probeEvery) }
    func after(_ images: Int) -> Int { (images + imagesPerStep - 1) / imagesPerStep }
    let interval = max(after(Self.imagesBetweenProbes), ((steps ?? 0) + 19) / 20)
    return step.isMultiple(of: interval) || Self.imagesBeforeEarlyProbes.contains { after($0) == step && step < interval }
  }

  /// What a resumed training must have in common with the one that it goes on from.
  var description: JSON {
    var values: [String: JSON] = steps.map { ["steps": .integer($0)] } ?? ["minutes": .number(minutes ?? 0)]
    if accumulate != 1 { values["accumulate"] = .integer(accumulate) }
    if let probeEvery { values["probeEvery"] = .integer(probeEvery) }
    if returns != TrainingPlan.defaultReturns { values["returns"] = .integer(returns) }
    if !heedsFindings { values["heedsFindings"] = false }
    return .object(values)
  }

  /// The step that ends the run at the latest; nil when the clock alone ends it.
  var lastStep: Int? {
    guard let steps, let stopAfter else { return steps ?? stopAfter }
    return min(steps, stopAfter)
  }

  /// How far along the training is, 0 to 1: what learning-rate schedules follow.
  package func progress(step: Int, seconds: Double) -> Double {
    if let steps { return min(1, Double(step) / Double(steps)) }
    return min(1, seconds / ((minutes ?? 0) * 60))
  }

  /// Whether the planned end is reached.
  package func isComplete(step: Int, seconds: Double) -> Bool { progress(step: step, seconds: seconds) >= 1 }

  /// Whether this run ends here, at the planned end or before.
  package func endsRun(step: Int, seconds: Double) -> Bool {
    if isComplete(step: step, seconds: seconds) { return true }
    if let stopAfter, step >= stopAfter { return true }
    if let minutes, seconds >= minutes * 60 { return true }
    return false
  }
}
