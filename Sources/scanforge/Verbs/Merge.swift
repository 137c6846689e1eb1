import ArgumentParser
import Diagnostics
import Foundation
import ScanCatalog
import ScanPipeline

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Admit the output of shards into the workspace.",
    discussion:
      "Every line and object of every shard is checked first; nothing is admitted when one is damaged, made with another key, or missing. What is in the workspace already is not recorded again, so a merge may be repeated. The folders are left as they are; remove them when the merge is done.")

  @Argument(help: "Folders that --shard wrote, or folders that hold such.")
  var folders: [String]

  @Flag(help: "Admit the shards that are there although others are missing. The work ends with the last one.")
  var partial = false

  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    let ok: Bool
    let admitted: Int
    let known: Int
    let items: Int
    let leftOut: Int
    let failedItems: Int
    let missing: [Int]
    let workspace: String
  }

  func run() throws {
    try common.perform { console in
      let context = try RunContext(workspace: common.workspaceURL, seed: 0, threads: common.threadCount, progress: console.progress)
      let report = try ShardMerge.run(folders.map { URL(fileURLWithPath: $0) }, isPartial: partial, context: context)
      console.say("\(report.admitted) shards with \(report.items) items admitted, \(report.known) were in before.")
      if report.leftOut > 0 {
        console.say("Left out: \(report.leftOut) items of patients who have withdrawn. Remove the folders of the shards, which still hold them.")
      }
      if report.failedItems > report.leftOut { console.say("\(report.failedItems - report.leftOut) items failed in the shards.") }
      if !report.missing.isEmpty { console.say("Still missing: \(report.missing.count) shards.") }
      let isGood = report.failedItems == 0 && report.leftOut == 0
      console.result(
        Result(
          ok: isGood, admitted: report.admitted, known: report.known, items: report.items, leftOut: report.leftOut, failedItems: report.failedItems,
          missing: report.missing, workspace: common.workspaceURL.path))
      return isGood
    }
  }
}
