package import Diagnostics
package import Foundation
package import ScanCatalog
package import ScanDeid
import ScanIO

/// What stages share while a pipeline (or one verb) runs.
package final class RunContext {
  package let catalog: Catalog
  package let key: PseudonymKey
  package let seed: UInt64
  package let threads: Int
  package let progress: ProgressSink
  /// Asked between items and steps; true ends the work cleanly, resumable.
  package let isCancelled: @Sendable () -> Bool
  /// What the ingest stage named.
  package var intake = Intake()
  /// Continue unfinished trainings instead of refusing them.
  package var resumesTraining = false
  /// Seconds between two checkpoints of a training. Changes no result.
  package var checkpointSeconds = 60.0

  package init(
    catalog: Catalog, key: PseudonymKey, seed: UInt64, threads: Int, progress: @escaping ProgressSink,
    isCancelled: @escaping @Sendable () -> Bool = { Interruption.isRequested }
  ) {
    self.catalog = catalog
    self.key = key
    self.seed = seed
    self.threads = threads
    self.progress = progress
    self.isCancelled = isCancelled
  }

  /// Opens the workspace for writing (makes one when there is none) with its pseudonym key.
  package convenience init(workspace: URL, seed: UInt64, threads: Int, progress: @escaping ProgressSink) throws {
    let catalog = try Catalog.openOrCreate(at: workspace)
    let (key, isNew) = try PseudonymKey.loadOrCreate(catalog.workspace.keys.appendingPathComponent("pseudonym.key").path)
    if isNew { progress(.note(stage: "key", text: "made a new pseudonym key (fingerprint \(key.fingerprint)) under keys/; keep a copy in a safe place")) }
    self.init(catalog: catalog, key: key, seed: seed, threads: threads, progress: progress)
  }

  package func checkCancelled() throws {
    if isCancelled() { throw PipelineError.interrupted }
  }
}

/// Why a pipeline stops while it runs.
package enum PipelineError: ExplainedError, Equatable {
  case interrupted
  case itemFailed(stage: String, number: Int)
  case nothingToLearn(model: String, split: String)
  case noLabels
  case modelExists(String)
  case ranBefore(String)
  case nothingToSuperResolve
  case unknownSplit
  case outputInsideWorkspace
  case outputInsideInput
  case otherKey
  case outputExists
  case mixedSizes
  case archiveTooLarge

  package var kind: FailureKind {
    switch self {
    case .interrupted: .item
    case .itemFailed: .item
    default: .request
    }
  }

  package var code: String {
    switch self {
    case .interrupted: "run.interrupted"
    case .itemFailed: "run.itemFailed"
    case .nothingToLearn: "train.nothingToLearn"
    case .noLabels: "train.noLabels"
    case .modelExists: "train.modelExists"
    case .ranBefore: "run.modelExists"
    case .nothingToSuperResolve: "superResolve.nothing"
    case .unknownSplit: "ingest.unknownSplit"
    case .outputInsideWorkspace: "output.insideWorkspace"
    case .outputInsideInput: "output.insideInput"
    case .otherKey: "key.other"
    case .outputExists: "output.exists"
    case .mixedSizes: "train.mixedSizes"
    case .archiveTooLarge: "generate.archiveTooLarge"
    }
  }

  package var what: String {
    switch self {
    case .interrupted: "Stopped on request; what is done is kept"
    case .itemFailed(let stage, let number): "\(stage) stopped at item \(number)"
    case .nothingToLearn(let model, let split): "There are no slices in the \(split) split for \(model) to learn from"
    case .noLabels: "The slices have no labels, and a conditional model learns from labels"
    case .modelExists(let name): "The workspace has a model called \(name) already"
    case .ranBefore(let name): "The workspace has the model \(name) of an earlier run"
    case .nothingToSuperResolve: "The workspace has no images to super-resolve in that split"
    case .unknownSplit: "A split in the CSV file is not train, val or test"
    case .outputInsideWorkspace: "The output folder lies inside a workspace"
    case .outputInsideInput: "The output folder is an input folder or lies inside one"
    case .otherKey: "The pseudonym key is not the one that this workspace was made with"
    case .outputExists: "An output file exists already with other contents"
    case .mixedSizes: "The slices have different sizes"
    case .archiveTooLarge: "An npz file holds at most 4 GB"
    }
  }

  package var remedy: String {
    switch self {
    case .interrupted: "Run the same command again to go on (run and train: with --resume)."
    case .itemFailed: "See the message above, or use --on-item-error continue."
    case .nothingToLearn: "Ingest images, or choose another split."
    case .noLabels: "Ingest with --label-from folder, csv:FILE or attribute:KEYWORD."
    case .ranBefore: "Use --resume to go on with that run, or another --workspace."
    case .modelExists: "Give another --name, use --resume to go on with it, or --replace."
    case .nothingToSuperResolve: "Ingest images, or choose split: all."
    case .unknownSplit: "Use train, val or test in the split column."
    case .outputInsideWorkspace: "Choose a folder outside the workspace."
    case .outputInsideInput: "Choose a folder outside the inputs."
    case .otherKey: "Put the earlier key back under keys/, or start a new workspace: under another key every patient would count as a new one."
    case .outputExists: "Choose an empty folder, or the seed and model of before."
    case .mixedSizes: "Give --size, so that all are brought to one size."
    case .archiveTooLarge: "Ask for fewer images, or for tiff, png or dicom."
    }
  }
}
