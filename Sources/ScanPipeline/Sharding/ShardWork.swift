package import Diagnostics
package import Foundation
package import ScanCatalog
import ScanDeid

/// One shard of a verb's or a pipeline's work: `--shard I/N`.
package struct ShardWork {
  /// What `--shard`, `--shards` and `--key` say.
  package struct Request: Sendable {
    package var shard: Shard
    /// Folder of the shards' folders; nil for `shards/` in the workspace.
    package var place: URL?
    /// Key file; nil for the workspace's.
    package var keyFile: String?

    package init(_ shard: Shard, place: URL?, keyFile: String?) {
      self.shard = shard
      self.place = place
      self.keyFile = keyFile
    }
  }

  package struct Report: Sendable {
    package let stages: [Runner.Report]
    /// The shard's folder.
    package let folder: URL
    /// Stage that comes next, after a merge; nil when there is none.
    package let next: String?
  }

  /// A stage of the work, with its place in the pipeline.
  private typealias Step = (position: Int, name: String, run: (RunContext) throws -> StageOutcome)

  private let request: Request
  private let threads: Int
  private let progress: ProgressSink
  private let catalog: Catalog
  private let workspace: URL

  /// Opens what the shard reads. A workspace that is not there, or has nothing but a key, is read as an empty one.
  ///
  /// - Throws: `ShardError.noKey`; `CatalogError`.
  package init(_ request: Request, workspace: URL, threads: Int, progress: @escaping ProgressSink) throws {
    self.request = request
    self.workspace = workspace
    self.threads = threads
    self.progress = progress
    let hasCatalog = FileManager.default.fileExists(atPath: workspace.appendingPathComponent("catalog.sqlite").path)
    catalog = try hasCatalog ? Catalog.openForReading(at: workspace) : Catalog.empty(.withoutCatalog(at: workspace))
  }

  /// Does the stages that come next in a pipeline and can be divided.
  ///
  /// - Throws: `ShardError.runsOnce` when the next one cannot.
  package func run(_ spec: PipelineSpec) throws -> Report {
    let attempt = max(1, try catalog.lastAttempt(pipeline: spec.identity))
    let done = Set(try catalog.finishedStages(pipeline: spec.identity, attempt: attempt).map(\.position))
    guard var first = spec.steps.indices.first(where: { !done.contains($0) }) else { throw ShardError.nothingLeft }
    // The intake lives in memory only.
    if first > 0, spec.steps[first - 1].stage is IngestStage { first -= 1 }
    let rest = spec.steps[first...]
    let steps = rest.prefix { type(of: $0.stage).isDivisible }
    guard !steps.isEmpty else { throw ShardError.runsOnce(stage: type(of: spec.steps[first].stage).name) }
    return try run(
      steps.indices.map { index in (index, type(of: spec.steps[index].stage).name, { try spec.steps[index].stage.run($0) }) },
      of: ["pipeline", spec.identity, String(attempt), String(first)], seed: spec.seed,
      pipeline: .init(identity: spec.identity, attempt: attempt), next: rest.dropFirst(steps.count).first.map { type(of: $0.stage).name })
  }

  /// Does a verb that is made of stages.
  package func run(_ stages: [any Stage], seed: UInt64) throws -> Report {
    try run(
      stages.enumerated().map { index, stage in (index, type(of: stage).name, { try stage.run($0) }) },
      of: ["verb"] + stages.map(\.fingerprint), seed: seed, pipeline: nil, next: nil)
  }

  /// Does a verb's own work.
  ///
  /// - Parameter description: all options that change the result.
  package func run(_ verb: String, _ description: String, seed: UInt64, _ work: @escaping (RunContext) throws -> StageOutcome) throws -> Report {
    try run([(0, verb, work)], of: ["verb", verb, description], seed: seed, pipeline: nil, next: nil)
  }

  private func run(
    _ steps: [Step], of work: [String], seed: UInt64, pipeline: ShardHeader.Pipeline?, next: String?
  ) throws -> Report {
    let key = try key()
    let parts = ["shard 1", ToolIdentity.version, String(seed), String(request.shard.count)] + work
    let job = key.shardSeal(of: "job " + CanonicalJSON.array(parts.map { .string($0) }).text)
    let header = ShardHeader(job: job, shard: request.shard, key: key.fingerprint, pipeline: pipeline)
    let place = request.place ?? Workspace.withoutCatalog(at: workspace).shards
    let url = place.appendingPathComponent(ShardFolder.name(header), isDirectory: true)
    let folder: ShardFolder
    switch try ShardFolder.open(in: place, header, key: key, threads: threads) {
    case .begun(let begun): folder = begun
    case .finished(let log): return Report(stages: log.stages.map(Runner.Report.init), folder: url, next: next)
    }
    let ledger = ShardLedger(folder, catalog: catalog, key: key)
    let context = RunContext(catalog: catalog, ledger: ledger, seed: seed, threads: threads, progress: progress)
    let reports = try steps.map { step in
      try context.checkCancelled()
      return Runner.Report(stage: step.name, outcome: try step.run(context), wasDone: false)
    }
    try folder.seal(
      zip(steps, reports).map { step, report in
        ShardStage(position: step.position, name: step.name, failedItems: report.outcome.failedItems, figures: report.outcome.figures.filter { $0.value.isFinite })
      })
    return Report(stages: reports, folder: url, next: next)
  }

  /// A shard never makes a key: another one would make its own.
  private func key() throws -> PseudonymKey {
    let path = request.keyFile ?? catalog.workspace.keys.appendingPathComponent("pseudonym.key").path
    do { return try PseudonymKey.load(path) } catch KeyFileError.missing { throw ShardError.noKey }
  }
}

extension Runner.Report {
  /// A stage of a shard that was finished before.
  fileprivate init(_ stage: ShardStage) {
    let outcome = StageOutcome(summary: stage.counts, figures: stage.figures, failedItems: stage.failedItems)
    self.init(stage: stage.name, outcome: outcome, wasDone: true)
  }
}
