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
    let set = try TrainingSet(records, for: options, context: context)
    let seed = options.seed ?? context.seed
    let run = try catalog.beginRun(
      op: "train", parameters: options.catalogParameters(isa: KernelTable.current.name), seed: Int64(truncatingIfNeeded: seed), determinism: .device)
    let dataset = try run.recordDataset(set.items)
    let folder = try run.folder()

    let model = try ModelRegistry.entry(options.model).make(ModelRequest(options: options.modelOptions, data: set.data, seed: seed))
    context.progress(.note(stage: "train", text: set.description))
    var sheets: [String] = []
    let plan = try TrainingPlan(steps: options.steps, minutes: options.minutes, stopAfter: options.stopAfter, checkpointSeconds: context.checkpointSeconds)
    let trainer = Trainer(
      plan: plan, seed: seed, attributes: set.facts.attributes, progress: context.progress,
      onSamples: { sheet in
        // A picture that cannot be written must not end a training.
        if let place = try? SampleSheetWriter.write(sheet, to: folder) { sheets.append(place.path) }
      },
      isCancelled: context.isCancelled)
    let summary = try trainer.train(model, into: working, log: folder.appendingPathComponent("losses.jsonl"), resume: resume)
    if context.isCancelled() {
      try run.finish(exit: 1)
      throw PipelineError.interrupted
    }

    var description = ModelSummary(model: model, options: options, set: set, summary: summary)
    if options.model == "srgan" { description.score = try score(working) }
    let files = ModelFiles(weights: working.model, state: working.state, description: try description.bytes(adding: working.summary))
    _ = try run.publishModel(options.name, files: files, from: [(.recorded(dataset), "trainingSet")])
    try run.finish()
    try? FileManager.default.removeItem(at: working.url)
    return StageOutcome(
      summary: description.sentence, figures: description.figures,
      places: [try catalog.workspace.model(named: options.name).path] + sheets.suffix(1))
  }

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

  private static func workingFolder(of name: String, in workspace: Workspace) -> ModelFolder {
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
    for file in [working.state, working.model, working.summary] { try? files.removeItem(at: file) }
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
}

extension TrainingOptions {
  func catalogParameters(isa: String) -> CanonicalJSON {
    let own = CanonicalJSON(parsing: canonical) ?? .null
    return .object(["isa": .string(isa), "training": own])
  }
}

/// What `model.json` says beside the trainer's own description, and the sentence for people.
struct ModelSummary {
  let model: any GenerativeModel
  let options: TrainingOptions
  let set: TrainingSet
  let summary: TrainingSummary
  var score: SuperResolutionScore?

  init(model: any GenerativeModel, options: TrainingOptions, set: TrainingSet, summary: TrainingSummary) {
    self.model = model
    self.options = options
    self.set = set
    self.summary = summary
  }

  func bytes(adding url: URL) throws -> [UInt8] {
    var values = (try? JSON.parse(String(decoding: Data(contentsOf: url), as: UTF8.self)))?.objectValue ?? [:]
    values["name"] = .string(options.name)
    values["training"] = options.parameters
    values["items"] = .integer(set.items.count)
    values["patients"] = .integer(set.patients)
    values["steps"] = .integer(summary.steps)
    values["notice"] = "For research, not for diagnosis."
    if let score {
      values["heldOut"] = [
        "images": .integer(score.count), "psnr": .number(score.psnr), "ssim": .number(score.ssim), "bicubicPSNR": .number(score.bicubicPSNR),
        "bicubicSSIM": .number(score.bicubicSSIM),
      ]
    }
    return Array(JSON.object(values).text(pretty: true).utf8)
  }

  var sentence: String {
    var text = String(format: "%@: %d steps, %.0f images/s", options.name, summary.steps, summary.imagesPerSecond)
    for (name, value) in summary.losses.sorted(by: { $0.key < $1.key }) { text += String(format: ", %@ %.3f", name, value) }
    if let score {
      text += String(
        format: "; PSNR %.2f dB against bicubic %.2f dB (%+.2f), SSIM %.4f against %.4f, on %d held-out slices", score.psnr, score.bicubicPSNR,
        score.gain, score.ssim, score.bicubicSSIM, score.count)
    } else if options.model == "srgan" {
      text += "; no held-out slices to score"
    }
    return text
  }

  var figures: [String: Double] {
    var figures = summary.losses
    figures["steps"] = Double(summary.steps)
    figures["imagesPerSecond"] = summary.imagesPerSecond
    figures["seconds"] = summary.secondsOfThisRun
    if let score {
      figures["psnr"] = score.psnr
      figures["bicubicPSNR"] = score.bicubicPSNR
      figures["heldOut"] = Double(score.count)
    }
    return figures
  }
}

/// Sample sheets as PNG files.
enum SampleSheetWriter {
  static func write(_ sheet: SampleSheet, to folder: URL) throws -> URL {
    let shape = sheet.images.shape
    let (rows, columns) = (shape[1], shape[2])
    let values = sheet.images.values
    let planes = (0..<shape[0]).map { index in
      Plane(rows: rows, columns: columns, values: Array(values[index * rows * columns..<(index + 1) * rows * columns]))
    }
    let grid = SampleGrid.compose(planes, columns: sheet.columns, scale: max(1, 96 / max(rows, columns)))
    let url = folder.appendingPathComponent("samples-\(sheet.step).png")
    try AtomicFile.write(PNGWriter.encode(grid, photometric: .monochrome2, spacing: nil, texts: ["Comment": PNGWriter.syntheticNotice]), to: url.path)
    return url
  }
}
