import ArgumentParser
import Foundation
import ScanCatalog

struct InitVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make an empty workspace in a new or empty folder.",
    discussion: "Every writing verb does so when there is none. An existing workspace is left as it is.")

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let catalog = try Catalog.openOrCreate(at: common.workspaceURL)
      console.say("Workspace ready: \(catalog.workspace.root.path)")
      console.result(["ok": CanonicalJSON.bool(true), "workspace": .string(catalog.workspace.root.path)])
      return true
    }
  }
}
