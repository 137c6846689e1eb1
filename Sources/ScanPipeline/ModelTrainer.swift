import Diagnostics
import Foundation
import ForgeGAN
import ForgeNN
import ForgeTensor
import PixelMath
package import ScanCatalog
import ScanIO
import ScanModel

/// Trains a model on slices of the workspace and publishes it with its lineage.
package struct ModelTrainer {
  package let options: TrainingOptions
  package let context: RunContext
  /// Which slices; nil for those of `options.split`.
  package var query: ArtifactQuery?
  /// Exactly these slices, whatever the query says.
  var items: [ArtifactID]?
  /// Take the place of a model of that name.
  package var replaces = false

  package init(options: TrainingOptions, context: RunContext) {
    self.options = options
    self.context = context
  }

  package func run() throws -> StageOutcome {
    let catalog = context.catalog
    let working = try workingFolder()
    let resume = try prepare(working)
    KernelTable.threads = context.threads

    let records = try items.map { try catalog.artifacts($0) } ?? TrainingSlices.records(query ?? TrainingSlices.query(split: options.split), in: catalog)
    try options.checkMemory(for: records)
    let set = try TrainingSet(records, for: options, context: context)
    let seed = options.seed ?? context.seed
    let run = try catalog.beginRun(
      op: "train", parameters: options.catalogParameters(isa: KernelTable.current.name), seed: Int64(truncatingIfNeeded: seed), determinism: .device)
    let dataset = try run.recordDataset(set.items)
    let folder = try run.folder()

    let model = try ModelRegistry.entry(options.model).make(ModelRequest(options: options.modelOptions, data: set.data, seed: seed))
    context.progress(.note(stage: "train", text: set.description))
    if let warning = set.warning { context.progress(.warning(stage: "train", text: warning)) }
    for line in set.lines(about: options.condition) { context.progress(.note(stage: "train", text: line)) }
    let plan = try TrainingPlan(
      steps: options.steps, minutes: options.minutes, stopAfter: options.stopAfter, checkpointSeconds: context.checkpointSeconds,
      accumulate: options.accumulate ?? 1, probeEvery: options.probeEvery, returns: options.returns ?? TrainingPlan.defaultReturns,
      heedsFindings: options.heedFindings ?? true)
    let live = LiveView(
      LivePage(name: options.name, model: options.model, plannedSteps: options.steps, plannedMinutes: options.minutes), in: folder)
    context.progress(.note(stage: "train", text: "live view: \(live.page.path)"))
    let trainer = Trainer(
      plan: plan, seed: seed, attributes: set.facts.attributes, progress: context.progress, onEvent: live.receive, isCancelled: context.isCancelled,
      hash: { ContentDigest(of: Array($0)).hex })
    let log = working.url.appendingPathComponent(ModelTrainer.logName)
    func keepLog() { try? Data(contentsOf: log).write(to: folder.appendingPathComponent(ModelTrainer.logName), options: .atomic) }

    var description = ModelSummary(model: model, options: options, set: set)
    let summary: TrainingSummary
    do {
      summary = try trainer.train(model, into: working, log: log, resume: resume)
    } catch {
      live.finish(.failed((error as? any ExplainedError)?.description ?? "The training ended with an error."))
      keepLog()
      guard case ForgeGANError.failed(_, _, _, _, let best) = error else { throw error }
      // The best model stays usable, and says in model.json what happened.
      if best > 0 { try publish(working, description, run, dataset) }
      try run.finish(exit: 1)
      try? FileManager.default.removeItem(at: working.url)
      throw error
    }
    keepLog()
    if context.isCancelled() {
      live.finish(.stopped, step: summary.steps)
      try run.finish(exit: 1)
      throw PipelineError.interrupted
    }

    description.summary = summary
    if options.model == "srgan" { description.score = try score(working) }
    let table = TrainingTable(summary).lines
    live.finish(summary.isComplete ? .finished : .stopped, step: summary.steps, table: table)
    try publish(working, description, run, dataset)
    try run.finish()
    clear(working, isComplete: summary.isComplete)
    return StageOutcome(
      summary: description.sentence, figures: description.figures,
      places: [try context.catalog.workspace.model(named: options.name).path, live.page.path] + live.sheetFiles.suffix(1).map(\.path), table: table)
  }

  private func publish(_ working: ModelFolder, _ description: ModelSummary, _ run: RunHandle, _ dataset: ArtifactID) throws {
    let files = ModelFiles(weights: working.model, state: working.state, description: try description.bytes(adding: working.summary))
    _ = try run.publishModel(options.name, files: files, from: [(.recorded(dataset), "trainingSet")])
  }

  /// What was published need not be kept twice. A training that ended before its plan may be resumed: its best checkpoint and log stay.
  private func clear(_ working: ModelFolder, isComplete: Bool) {
    let files = FileManager.default
    if isComplete {
      try? files.removeItem(at: working.url)
    } else {
      for file in [working.state, working.model, working.summary] { try? files.removeItem(at: file) }
    }
  }

  private static let logName = "losses.jsonl"

  /// Neither a model nor an unfinished training of that name is begun anew unless asked for.
  ///
  /// - Throws: `PipelineError.unfinishedTraining`, `.modelExists`.
  func checkName() throws {
    guard !context.resumesTraining, !replaces else { return }
    if ModelTrainer.isUnfinished(options.name, in: context.catalog.workspace) { throw PipelineError.unfinishedTraining(options.name) }
    if (try? context.catalog.model(named: options.name)) != nil { throw PipelineError.modelExists(options.name) }
  }

  /// Where checkpoints go until the model is published; a killed training goes on from here.
  private func workingFolder() throws -> ModelFolder {
    _ = try context.catalog.workspace.model(named: options.name)
    let folder = ModelTrainer.workingFolder(of: options.name, in: context.catalog.workspace)
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return folder
  }

  static func workingFolder(of name: String, in workspace: Workspace) -> ModelFolder {
    ModelFolder(workspace.runs.appendingPathComponent("training-\(name)", isDirectory: true))
  }

  /// A training of that name has left a checkpoint and no model.
  static func isUnfinished(_ name: String, in workspace: Workspace) -> Bool {
    FileManager.default.fileExists(atPath: workingFolder(of: name, in: workspace).state.path)
  }

  /// - Returns: true when the training goes on from a state in `working`.
  private func prepare(_ working: ModelFolder) throws -> Bool {
    let files = FileManager.default
    if context.resumesTraining {
      if files.fileExists(atPath: working.state.path) { return true }
      if let published = try? context.catalog.model(named: options.name) {
        if try context.catalog.artifact(published.weights).state == .tainted { throw CatalogError.modelTainted(options.name) }
        // Copies, since published files are read-only links to objects.
        for name in ["state.safetensors", "model.safetensors"] {
          let copy = working.url.appendingPathComponent(name)
          try? files.removeItem(at: copy)
          try files.copyItem(at: published.folder.appendingPathComponent(name), to: copy)
          try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: copy.path)
        }
        return true
      }
      return false
    }
    try checkName()
    let log = working.url.appendingPathComponent(ModelTrainer.logName)
    for file in [working.state, working.model, working.summary, log] + working.bests { try? files.removeItem(at: file) }
    return false
  }

  /// Held-out score of a super-resolution model; nil when nothing was held out.
  private func score(_ working: ModelFolder) throws -> SuperResolutionScore? {
    var held: [ArtifactRecord] = []
    for split in [Split.val, .test] where held.isEmpty && options.split == "train" && query == nil && items == nil {
      held = try TrainingSlices.records(TrainingSlices.query(split: split.rawValue), in: context.catalog)
    }
    guard !held.isEmpty else { return nil }
    let planes = try TrainingSet.planes(held, context: context)
    return try? SuperResolutionScore(of: SuperResolver(contentsOf: working.model), on: planes, limit: 64)
  }
}

/// The slices to learn from.
package enum TrainingSlices {
  /// What the query names, of images that were normalized more than once the latest; a query for runs gives all of these runs.
  package static func records(_ query: ArtifactQuery, in catalog: Catalog) throws -> [ArtifactRecord] {
    let records = try catalog.artifacts(query)
    return query.runs.isEmpty ? try catalog.current(records) : records
  }

  package static func query(split: String?) -> ArtifactQuery {
    ArtifactQuery(splits: split.flatMap(Split.init(rawValue:)).map { [$0] } ?? [], origins: [.derived], kinds: [.slice])
  }
}

extension TrainingSet {
  var description: String {
    let counts = labelCounts.map { "\($0.label) \($0.count)" }.joined(separator: ", ")
    return "\(items.count) slices of \(patients) patients" + (counts.isEmpty ? "" : ": " + counts)
  }

  /// Fewer than a batch has (32 unless said otherwise): a model sees each of them at every step, and its looks compare it with these alone.
  private static let few = 20

  /// Told where copies make most of the items, or where a model of whole images has few of them. Super-resolution learns from patches, of
  /// which one image has thousands.
  package var warning: String? {
    let learnsWholeImages = if case .images = data { true } else { false }
    let areCopies = 2 * different < items.count
    guard areCopies || learnsWholeImages && different < TrainingSet.few else { return nil }
    let images = "\(items.count) training images"
    return "only " + (different < items.count ? "\(different) different among \(images)" : images)
      + (different < TrainingSet.few ? ": the model will learn them by heart" : ": the others are copies of these")
  }

  /// How many slices have which value of the attributes of these names.
  func lines(about names: [String]) -> [String] {
    attributes.filter { names.contains($0.attribute.name) }.map { column in
      let counts = (["unknown"] + column.attribute.values).enumerated().map { index, value in
        "\(value) \(column.indexes.count { $0 == Int32(index) })"
      }
      return "\(column.attribute.name): \(counts.joined(separator: ", "))"
    }
  }
}

extension TrainingOptions {
  func catalogParameters(isa: String) -> CanonicalJSON {
    let own = CanonicalJSON(parsing: canonical) ?? .null
    return .object(["isa": .string(isa), "training": own])
  }
}
