import ArgumentParser
import Diagnostics
import Foundation
import ScanPipeline

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a whole pipeline from a YAML file.",
    discussion: "The whole file is checked before anything is opened. --resume skips the stages that an earlier run finished and goes on with an unfinished training. --shard does one share of the next stages that can be divided.")

  @Argument(help: "The pipeline file.")
  var pipeline: String

  @Flag(help: "Go on where an earlier run of the same pipeline stopped.")
  var resume = false

  @Flag(help: "Check the plan and print it; open no scan.")
  var dryRun = false

  @Flag(help: "Do what --shard does not divide (split, train, export) and stop before the next stage that it does. Goes on like --resume.")
  var undivided = false

  @OptionGroup var sharding: ShardOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if undivided, sharding.shard != nil { throw ValidationError("Give --shard or --undivided, not both.") }
  }

  private struct Result: Encodable {
    struct Stage: Encodable {
      let stage: String
      let summary: String
      let figures: [String: Double]
      let failedItems: Int
      let skipped: Bool
      let places: [String]
    }
    let ok: Bool
    let pipeline: String
    let workspace: String
    let stages: [Stage]
  }

  func run() throws {
    try common.perform { console in
      let spec = try PipelineSpec(contentsOf: URL(fileURLWithPath: pipeline))
      try Planner.check(spec)
      if dryRun {
        for (number, step) in spec.steps.enumerated() {
          console.say("\(number + 1). \(type(of: step.stage).name): \(step.stage.summary)")
        }
        console.result(
          Result(
            ok: true, pipeline: spec.name, workspace: common.workspaceURL.path,
            stages: spec.steps.map {
              .init(stage: type(of: $0.stage).name, summary: $0.stage.summary, figures: [:], failedItems: 0, skipped: false, places: [])
            }))
        return true
      }
      if let work = try sharding.work(common, console) { return console.conclude(try work.run(spec), sharding) }
      let context = try RunContext(
        workspace: common.workspaceURL, seed: spec.seed, threads: common.threadCount, progress: console.progress)
      var number = 0
      let reports = try Runner(spec, context: context).run(resume: resume || undivided, onlyUndivided: undivided) { report in
        number += 1
        console.say("[\(number)/\(spec.steps.count)] \(report.stage): \(report.outcome.summary)\(report.wasDone ? " (done before)" : "")")
        for line in report.outcome.table { console.say("      \(line)") }
        for place in report.outcome.places { console.say("      \(place)") }
      }
      let isGood = reports.allSatisfy { $0.outcome.failedItems == 0 }
      console.result(
        Result(
          ok: isGood, pipeline: spec.name, workspace: common.workspaceURL.path,
          stages: reports.map {
            .init(
              stage: $0.stage, summary: $0.outcome.summary, figures: $0.outcome.figures.filter { $0.value.isFinite },
              failedItems: $0.outcome.failedItems, skipped: $0.wasDone, places: $0.outcome.places)
          }))
      return isGood
    }
  }
}
