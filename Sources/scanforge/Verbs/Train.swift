import ArgumentParser
import Diagnostics
import Foundation
import ScanPipeline

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model on the workspace's slices or on a folder of images.",
    discussion: "A killed or interrupted training goes on with --resume, and ends with the same bytes as one that was left alone.")

  @Argument(help: "The model; see --list.")
  var model: String?

  @Flag(help: "Print the models, a line each, name first.")
  var list = false

  @Option(help: "QUERY (key=value,… over label, split, origin, modality, run) or an existing folder, which is ingested first.")
  var data: String?

  @Option(help: "Side of the images in pixels; for srgan the side of a high-resolution crop.")
  var size: Int?

  @Option(help: "Planned total of steps.")
  var steps: Int?

  @Option(help: "End early after this many steps; schedules follow --steps.")
  var stopAfter: Int?

  @Option(help: "Wall time in minutes.")
  var minutes: Double?

  @Option(help: "Seed of everything random (default: 0).")
  var seed: UInt64?

  @Option(help: "YAML file with keys of the train stage: accumulate, factor, phase, batch, width …")
  var config: String?

  @Option(help: "Name of the model in the workspace (default: the model's).")
  var name: String?

  @Flag(help: "Go on with an unfinished training of that name.")
  var resume = false

  @Flag(help: "Take the place of a model of that name.")
  var replace = false

  @Option(help: "Seconds between two checkpoints; a killed training loses at most this much.")
  var checkpointSeconds = 60.0

  @Option(help: "De-identification option for a folder given to --data (repeatable).")
  var option: [String] = []

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if list { return }
    guard model != nil else { throw ValidationError("Name a model, or use --list.") }
    if let size, !(8...4096).contains(size) { throw ValidationError("--size must be 8 to 4096.") }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1.") }
    if let stopAfter, stopAfter < 1 { throw ValidationError("--stop-after must be at least 1.") }
    if let minutes, !(minutes > 0 && minutes.isFinite) { throw ValidationError("--minutes must be above 0.") }
    if !(checkpointSeconds >= 0 && checkpointSeconds.isFinite) { throw ValidationError("--checkpoint-seconds must not be negative.") }
    if resume, replace { throw ValidationError("--resume and --replace exclude each other.") }
  }

  private struct Result: Encodable {
    let ok: Bool
    let model: String
    let name: String
    let summary: String
    let figures: [String: Double]
    let folder: String
    /// The page of the live view.
    let page: String
  }

  func run() throws {
    try common.perform { console in
      if list {
        let lines = TrainingRequest.modelLines
        for line in lines { console.say(line) }
        console.result(["models": lines])
        return true
      }
      let request = try TrainingRequest(
        model: model ?? "", name: name, steps: steps, minutes: minutes, stopAfter: stopAfter, size: size, seed: seed,
        config: config.map { URL(fileURLWithPath: $0) })
      if let data, data.contains("/"), !FileManager.default.fileExists(atPath: data) {
        throw ValidationError("--data is neither a query (key=value,…) nor an existing folder.")
      }
      try TrainingRequest.checkData(data, workspace: common.workspaceURL)
      let context = try RunContext(
        workspace: common.workspaceURL, seed: request.options.seed ?? 0, threads: common.threadCount, progress: console.progress)
      context.resumesTraining = resume
      context.checkpointSeconds = checkpointSeconds
      let outcome = try request.run(
        context, data: data, options: try DeidOptionArguments.parse(option), replaces: replace)
      console.say(outcome.summary)
      for line in outcome.table { console.say("  \(line)") }
      for place in outcome.places { console.say("  \(place)") }
      console.say("For research, not for diagnosis.")
      console.result(
        Result(
          ok: outcome.failedItems == 0, model: model ?? "", name: request.options.name, summary: outcome.summary,
          figures: outcome.figures.filter { $0.value.isFinite }, folder: outcome.places.first ?? "",
          page: outcome.places.first { $0.hasSuffix("/live.html") } ?? ""))
      return outcome.failedItems == 0
    }
  }
}
