package import Foundation
import Diagnostics
import ForgeGAN
import ForgeNN
import ScanCatalog
package import ScanDeid
import ScanImaging
import Yams

/// What the train verb asks for: options from flags and from a YAML file, data from the workspace or a folder.
package struct TrainingRequest {
  package private(set) var options: TrainingOptions

  /// One line per model, name first.
  package static var modelLines: [String] {
    let width = (ModelRegistry.names.map(\.count).max() ?? 0) + 2
    return ModelRegistry.entries.map { $0.name.padding(toLength: width, withPad: " ", startingAt: 0) + $0.summary }
  }

  /// - Parameter config: YAML with keys of the train stage; flags win.
  /// - Throws: `ForgeGANError` for an unknown model or option, `PlanError` for the YAML file.
  package init(
    model: String, name: String?, steps: Int?, minutes: Double?, stopAfter: Int?, size: Int?, seed: UInt64?, config: URL?
  ) throws {
    _ = try ModelRegistry.entry(model)
    var base = TrainingOptions(model: model)
    if let config {
      base = try TrainingRequest.read(config, model: model)
    }
    base.name = name ?? base.name
    base.steps = steps ?? base.steps
    base.minutes = minutes ?? (steps == nil ? base.minutes : nil)
    base.stopAfter = stopAfter ?? base.stopAfter
    base.size = size ?? base.size
    base.seed = seed ?? base.seed ?? 0
    if base.steps == nil, base.minutes == nil { base.minutes = 10 }
    try base.check()
    options = base
  }

  private static func read(_ config: URL, model: String) throws -> TrainingOptions {
    let yaml = try YAMLFile.text(of: config)
    let node: Node
    do {
      node = try Yams.compose(yaml: yaml) ?? Node("")
    } catch {
      throw PipelineSpec.syntaxError(error)
    }
    var reader = try OptionReader(node, section: "the config file \(config.path)")
    if let named = try reader.string("model"), named != model {
      throw PlanError.outOfRange(key: "model", allowed: "\(model), as on the command line", reader.positionOf("model"))
    }
    return try TrainingOptions(&reader, model: model)
  }

  /// Finds out whether there is anything to learn from, before a workspace is made for nothing.
  ///
  /// - Throws: `InputError` for a folder without files; `CatalogError.notAWorkspace` when no workspace holds what was asked for.
  package static func checkData(_ data: String?, workspace: URL) throws {
    if let data, FileManager.default.fileExists(atPath: data) {
      _ = try Intake(inputs: [URL(fileURLWithPath: data)]).files()
    } else {
      _ = try Workspace.open(at: workspace)
    }
  }

  /// - Parameter data: a query, or an existing folder or file, which is ingested first and used whole; nil for the training split of the
  ///   workspace, or for all of its slices when nothing was split yet.
  package func run(_ context: RunContext, data: String?, options deid: Set<DeidOption>, replaces: Bool) throws -> StageOutcome {
    var trainer = ModelTrainer(options: options, context: context)
    trainer.replaces = replaces
    // Before images are taken in for nothing.
    try trainer.checkName()
    if context.resumesTraining, !ModelTrainer.isUnfinished(options.name, in: context.catalog.workspace),
      (try? context.catalog.model(named: options.name)) == nil
    {
      context.progress(.note(stage: "resume", text: "nothing to resume: no training of \(options.name) was begun here, so it begins anew"))
    }
    var leftOut = 0
    if let data {
      if FileManager.default.fileExists(atPath: data) {
        let (slices, failed) = try ingest(URL(fileURLWithPath: data), context, deid)
        trainer.items = slices
        leftOut = failed
      } else {
        var query = try ArtifactQuery(parsing: data)
        if query.kinds.isEmpty { query.kinds = query.origins == [.generated] ? [.image] : [.slice] }
        trainer.query = query
      }
    } else if try context.catalog.artifacts(TrainingSlices.query(split: "train")).isEmpty {
      trainer.query = TrainingSlices.query(split: nil)
    }
    var outcome = try trainer.run()
    outcome.failedItems += leftOut
    return outcome
  }

  /// Ingests a folder with its subfolders as labels, and gives exactly its slices, and how many files failed.
  private func ingest(_ url: URL, _ context: RunContext, _ deid: Set<DeidOption>) throws -> (slices: [ArtifactID], failed: Int) {
    // Folder names may be people's names: they become labels only where the model learns from labels.
    let isConditional = try ModelRegistry.entry(options.model).data == .images
    let hasSubfolders = (try? FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: [.isDirectoryKey]))?.contains {
      !$0.lastPathComponent.hasPrefix(".") && (try? $0.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }
    context.intake = Intake(inputs: [url], labels: hasSubfolders == true && isConditional ? .folder : .none)
    let (outcome, images) = try Admission(options: deid, context: context).admit()
    if outcome.failedItems > 0 { context.progress(.warning(stage: "deidentify", text: "\(outcome.failedItems) files were left out")) }
    let maker = SliceMaker(normalizer: Normalizer(intensity: .auto, size: nil), context: context)
    let made = try maker.make(from: context.catalog.artifacts(images))
    return (made.slices, outcome.failedItems + made.outcome.failedItems)
  }
}
