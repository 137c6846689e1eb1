import Diagnostics
import Foundation
import ScanCatalog

/// Runs a checked pipeline stage by stage, keeping in the catalog which stages are done.
package struct Runner {
  package let spec: PipelineSpec
  package let context: RunContext

  package init(_ spec: PipelineSpec, context: RunContext) {
    self.spec = spec
    self.context = context
  }

  /// What one stage did, or that it was done before.
  package struct Report: Sendable {
    package let stage: String
    package let outcome: StageOutcome
    package let wasDone: Bool
  }

  /// - Parameters:
  ///   - resume: skip the stages that an earlier run of the same pipeline finished.
  ///   - onlyUndivided: stop before the next stage that `--shard` divides.
  ///   - each: told after every stage.
  package func run(resume: Bool, onlyUndivided: Bool = false, each: (Report) -> Void = { _ in }) throws -> [Report] {
    let catalog = context.catalog
    let pipeline = spec.identity
    let last = try catalog.lastAttempt(pipeline: pipeline)
    let attempt = resume ? max(1, last) : last + 1
    var finished: [Int: FinishedStage] = [:]
    if resume {
      if last == 0 { try explainNothingToResume(isQuiet: onlyUndivided) }
      for stage in try catalog.finishedStages(pipeline: pipeline, attempt: attempt) { finished[stage.position] = stage }
    }
    context.resumesTraining = resume
    if !resume { try refuseKnownModels() }
    var reports: [Report] = []
    for (position, step) in spec.steps.enumerated() {
      try context.checkCancelled()
      let name = type(of: step.stage).name
      if let done = finished[position], let outcome = StageOutcome(done.summary) {
        // The intake is not kept: it names identified files. Later stages that need it run only after it.
        if name == IngestStage.name, finished[position + 1] == nil, !onlyUndivided { _ = try step.stage.run(context) }
        let report = Report(stage: name, outcome: outcome, wasDone: true)
        reports.append(report)
        each(report)
        continue
      }
      if onlyUndivided, type(of: step.stage).isDivisible { break }
      let outcome = try step.stage.run(context)
      // A stage with failed items is done: running it again would fail again. The exit code tells.
      try finish(position, outcome, attempt: attempt)
      let report = Report(stage: name, outcome: outcome, wasDone: false)
      reports.append(report)
      each(report)
    }
    return reports
  }

  /// Nothing of this very pipeline was begun here. Where one of its name was, and has other options, that is the mistake.
  ///
  /// - Throws: `PipelineError.otherPipeline`.
  private func explainNothingToResume(isQuiet: Bool) throws {
    let differences = try PipelineDifference(of: spec, in: context.catalog).phrases
    guard differences.isEmpty else { throw PipelineError.otherPipeline(spec.name, differences: differences) }
    if !isQuiet { context.progress(.note(stage: "resume", text: "nothing to resume: \(spec.name) begins anew")) }
  }

  /// Records that a stage is done.
  package func finish(_ position: Int, _ outcome: StageOutcome, attempt: Int) throws {
    let stage = spec.steps[position].stage
    try context.catalog.finishStage(
      pipeline: spec.identity, attempt: attempt, position: position, name: type(of: stage).name, summary: journal(outcome, of: stage))
  }

  /// What the journal keeps of a finished stage: no places, which are paths, and of options that are paths a hash.
  private func journal(_ outcome: StageOutcome, of stage: any Stage) -> CanonicalJSON {
    .object([
      "summary": .string(outcome.summary), "failedItems": .integer(Int64(outcome.failedItems)),
      "figures": .object(outcome.figures.mapValues { .number($0) }), "pipeline": .string(spec.name), "seed": .string(String(spec.seed)),
      "options": .object(StageOptions.texts(of: stage).mapValues { .string($0) }),
    ])
  }

  /// Before anything is done again: a training would replace neither a model nor an unfinished training.
  private func refuseKnownModels() throws {
    let known = Set(try context.catalog.models().map(\.name))
    for step in spec.steps {
      guard let name = (step.stage as? TrainStage)?.options.name else { continue }
      if ModelTrainer.isUnfinished(name, in: context.catalog.workspace) { throw PipelineError.unfinishedBefore(name) }
      if known.contains(name) { throw PipelineError.ranBefore(name) }
    }
  }
}

extension PipelineSpec {
  /// The same for the same name, seed and stages, whatever the file looks like or where it lies.
  var identity: String {
    ContentDigest(ofText: ([name, String(seed)] + steps.map { $0.stage.fingerprint }).joined(separator: "\n")).hex
  }
}

extension StageOutcome {
  init?(_ journal: CanonicalJSON) {
    guard let summary = journal["summary"]?.stringValue else { return nil }
    self.init(
      summary: summary, figures: (journal["figures"]?.objectValue ?? [:]).compactMapValues(\.numberValue),
      failedItems: Int(journal["failedItems"]?.integerValue ?? 0))
  }
}
