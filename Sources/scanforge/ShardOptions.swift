import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

/// Options of the verbs whose work can be divided.
struct ShardOptions: ParsableArguments {
  @Option(help: "Do one share of the work, I/N with I from 0 or from 1, into a folder that scanforge merge admits. The catalog is only read.")
  var shard: String?

  @Option(help: "Folder for the folders of shards (default: shards/ in the workspace).")
  var shards: String?

  @Option(help: "With --shard: pseudonym key of the workspace, where that is not at hand (default: the workspace's).")
  var key: String?

  func validate() throws {
    if let shard, Shard(shard) == nil {
      throw ValidationError("--shard must be I/N with I in 0...N and N in 1...\(Shard.largestCount), such as 2/7.")
    }
    if shard == nil, shards != nil || key != nil { throw ValidationError("--shards and --key go with --shard.") }
  }

  /// The shard's work; nil without `--shard`.
  func work(_ common: CommonOptions, _ console: Console) throws -> ShardWork? {
    guard let shard = shard.flatMap({ Shard($0) }) else { return nil }
    return try ShardWork(
      .init(shard, place: shards.map { URL(fileURLWithPath: $0) }, keyFile: key), workspace: common.workspaceURL, threads: common.threadCount,
      progress: console.progress)
  }
}

/// What `--json` prints for a shard.
struct ShardResult: Encodable {
  struct Stage: Encodable {
    let stage: String
    let summary: String
    let figures: [String: Double]
    let failedItems: Int
    let skipped: Bool
  }
  let ok: Bool
  let shard: String
  let folder: String
  let stages: [Stage]
  /// Stage that runs once, after the merge.
  let next: String?

  init(_ report: ShardWork.Report, _ shard: String?) {
    ok = report.stages.allSatisfy { $0.outcome.failedItems == 0 }
    self.shard = shard ?? ""
    folder = report.folder.path
    stages = report.stages.map {
      Stage(
        stage: $0.stage, summary: $0.outcome.summary, figures: $0.outcome.figures.filter { $0.value.isFinite }, failedItems: $0.outcome.failedItems,
        skipped: $0.wasDone)
    }
    next = report.next
  }
}

extension Console {
  /// Prints what a shard did.
  ///
  /// - Returns: whether all is well.
  func conclude(_ report: ShardWork.Report, _ options: ShardOptions) -> Bool {
    for stage in report.stages { say("\(stage.stage): \(stage.outcome.summary)\(stage.wasDone ? " (done before)" : "")") }
    say("Shard \(options.shard ?? ""): \(report.folder.path)")
    say("When all shards are done: scanforge merge \(report.folder.deletingLastPathComponent().path)")
    if let next = report.next { say("Then: \(next), which runs once, on the workspace (scanforge run PIPELINE --undivided).") }
    let result = ShardResult(report, options.shard)
    self.result(result)
    return result.ok
  }
}
