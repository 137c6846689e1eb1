import ArgumentParser
import Diagnostics
import Foundation
import ScanPipeline

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say what this machine can do: worker, codecs, kernels, disk.")

  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    struct Check: Encodable {
      let name: String
      let ok: Bool
      let detail: String
    }
    let ok: Bool
    let version: String
    let checks: [Check]
  }

  func run() throws {
    try common.perform { console in
      let checks = Machine.check(workspace: common.workspaceURL)
      for check in checks { console.say("\(check.isGood ? "ok  " : "FAIL")  \(check.name): \(check.detail)") }
      let isGood = checks.allSatisfy(\.isGood)
      console.result(
        Result(ok: isGood, version: Version.text, checks: checks.map { .init(name: $0.name, ok: $0.isGood, detail: $0.detail) }))
      return isGood
    }
  }
}
