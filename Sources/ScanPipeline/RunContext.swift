package import Diagnostics
package import Foundation
package import ScanCatalog
package import ScanDeid
import ScanIO

/// What stages share while a pipeline (or one verb) runs.
package final class RunContext {
  package let catalog: Catalog
  /// Where stages that `--shard` divides read and record: the catalog, or a shard's folder.
  package let ledger: any Ledger
  package let seed: UInt64
  package let threads: Int
  package let progress: ProgressSink
  /// Asked between items and steps; true ends the work cleanly, resumable.
  package let isCancelled: @Sendable () -> Bool
  private var knownKey: PseudonymKey?
  /// What the ingest stage named.
  package var intake = Intake()
  /// Continue unfinished trainings instead of refusing them.
  package var resumesTraining = false
  /// Seconds between two checkpoints of a training. Changes no result.
  package var checkpointSeconds = 60.0

  package init(
    catalog: Catalog, ledger: (any Ledger)? = nil, seed: UInt64, threads: Int, progress: @escaping ProgressSink,
    isCancelled: @escaping @Sendable () -> Bool = { Interruption.isRequested }
  ) {
    self.catalog = catalog
    self.ledger = ledger ?? catalog
    self.seed = seed
    self.threads = threads
    self.progress = progress
    self.isCancelled = isCancelled
  }

  /// Opens the workspace for writing (makes one when there is none).
  package convenience init(workspace: URL, seed: UInt64, threads: Int, progress: @escaping ProgressSink) throws {
    let catalog = try Catalog.openOrCreate(at: workspace)
    self.init(catalog: catalog, seed: seed, threads: threads, progress: progress)
  }

  /// The workspace's pseudonym key; the first use is an event of the log.
  package func key(for purpose: String) throws -> PseudonymKey {
    if let knownKey { return knownKey }
    let (key, isNew) = try ledger.pseudonymKey(for: purpose)
    if isNew { progress(.note(stage: "key", text: "made a new pseudonym key (fingerprint \(key.fingerprint)) under keys/; keep a copy in a safe place")) }
    knownKey = key
    return key
  }

  package func checkCancelled() throws {
    if isCancelled() { throw PipelineError.interrupted }
  }
}

/// Why a pipeline stops while it runs.
package enum PipelineError: ExplainedError, Equatable {
  case interrupted
  /// As `interrupted`, of work that leaves nothing until it is done.
  case stopped
  case itemFailed(stage: String, number: Int)
  case nothingToLearn(model: String, split: String)
  case noLabels
  /// Neither a file or folder nor a model of the workspace.
  case noModel(String, hasWorkspace: Bool)
  case modelExists(String)
  /// A training of that name was killed or interrupted, and its checkpoint is there.
  case unfinishedTraining(String)
  case ranBefore(String)
  /// As `unfinishedTraining`, of a pipeline.
  case unfinishedBefore(String)
  /// A pipeline of that name was begun with other options.
  case otherPipeline(String, differences: [String])
  case nothingToSuperResolve
  case unknownSplit
  case outputInsideWorkspace
  case outputInsideInput
  /// Something else than a folder has the output folder's name, or that of a folder above it.
  case outputNotAFolder
  /// The key is an input, or lies inside one.
  case keyInsideInput
  case outputExists
  /// Another program writes to the output folder.
  case outputBusy
  case mixedSizes
  case archiveTooLarge

  package var kind: FailureKind {
    switch self {
    case .interrupted, .stopped: .item
    case .itemFailed: .item
    // A path that leads nowhere is a missing file.
    case .noModel(let text, let hasWorkspace): hasWorkspace && !text.contains("/") ? .request : .surroundings
    case .outputBusy: .surroundings
    default: .request
    }
  }

  package var code: String {
    switch self {
    case .interrupted: "run.interrupted"
    case .stopped: "run.stopped"
    case .itemFailed: "run.itemFailed"
    case .nothingToLearn: "train.nothingToLearn"
    case .noLabels: "train.noLabels"
    case .noModel: "model.missing"
    case .modelExists: "train.modelExists"
    case .unfinishedTraining: "train.unfinished"
    case .ranBefore: "run.modelExists"
    case .unfinishedBefore: "run.unfinished"
    case .otherPipeline: "run.otherPipeline"
    case .nothingToSuperResolve: "superResolve.nothing"
    case .unknownSplit: "ingest.unknownSplit"
    case .outputInsideWorkspace: "output.insideWorkspace"
    case .outputInsideInput: "output.insideInput"
    case .outputNotAFolder: "output.notAFolder"
    case .keyInsideInput: "key.insideInput"
    case .outputExists: "output.exists"
    case .outputBusy: "output.busy"
    case .mixedSizes: "train.mixedSizes"
    case .archiveTooLarge: "generate.archiveTooLarge"
    }
  }

  package var what: String {
    switch self {
    case .interrupted: "Stopped on request; what is done is kept"
    case .stopped: "Stopped on request; nothing was written"
    case .itemFailed(let stage, let number): "\(stage) stopped at item \(number)"
    case .nothingToLearn(let model, let split): "There are no slices in the \(split) split for \(model) to learn from"
    case .noLabels: "The slices have no labels, and a conditional model learns from labels"
    case .noModel(let text, let hasWorkspace):
      "There is no model \(text): no file or folder has that path, and "
        + (hasWorkspace ? "no model of the workspace that name" : "there is no workspace to look for that name in")
    case .modelExists(let name): "The workspace has a model called \(name) already"
    case .unfinishedTraining(let name): "The workspace has an unfinished training of \(name)"
    case .ranBefore(let name): "The workspace has the model \(name) of an earlier run"
    case .unfinishedBefore(let name): "The workspace has an unfinished training of \(name) from an earlier run"
    case .otherPipeline(let name, let differences): "The pipeline \(name) was begun with \(differences.joined(separator: ", "))"
    case .nothingToSuperResolve: "The workspace has no images to super-resolve in that split"
    case .unknownSplit: "A split in the CSV file is not train, val or test"
    case .outputInsideWorkspace: "The output folder lies inside a workspace"
    case .outputInsideInput: "The output folder is an input folder or lies inside one"
    case .outputNotAFolder: "The output, or a part of its path, is there already and is not a folder"
    case .keyInsideInput: "The key lies inside an input folder and would be read as a scan"
    case .outputExists: "An output file exists already with other contents"
    case .outputBusy: "Another program is writing to the output folder"
    case .mixedSizes: "The slices have different sizes"
    case .archiveTooLarge: "An npz file holds at most 4 GB"
    }
  }

  package var remedy: String {
    switch self {
    case .interrupted: "Run the same command again to go on (run and train: with --resume)."
    case .stopped: "Run the same command again."
    case .itemFailed: "See the message above, or use --on-item-error continue."
    case .nothingToLearn: "Ingest images, or choose another split."
    case .noLabels: "Ingest with --label-from folder, csv:FILE or attribute:KEYWORD."
    case .noModel: "Give the path of a model.safetensors file or of a model's folder, or the name of a model of the workspace (--workspace DIR; scanforge catalog list --kind model shows them)."
    case .ranBefore: "Use --resume to go on with that run, or another --workspace."
    case .unfinishedBefore: "Use --resume to go on with that run; for a changed pipeline give the model another name, or use another --workspace."
    case .unfinishedTraining: "Use --resume to go on with it, --replace to begin anew, or another --name."
    case .modelExists: "Give another --name, use --resume to go on with it, or --replace."
    case .otherPipeline: "Use the options of that run to go on with it; for a changed pipeline give it another name, or use another --workspace."
    case .nothingToSuperResolve: "Ingest images, or choose split: all."
    case .unknownSplit: "Use train, val or test in the split column."
    case .outputInsideWorkspace: "Choose a folder outside the workspace."
    case .outputInsideInput: "Choose a folder outside the inputs."
    case .outputNotAFolder: "Name a folder; it is made when there is none."
    case .keyInsideInput: "Keep the key in a private folder elsewhere."
    case .outputExists: "Choose an empty folder, or the seed and model of before."
    case .outputBusy: "Wait until it has ended."
    case .mixedSizes: "Give --size, so that all are brought to one size."
    case .archiveTooLarge: "Ask for fewer images, or for tiff, png or dicom."
    }
  }
}
