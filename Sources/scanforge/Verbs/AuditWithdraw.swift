import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

struct AuditWithdrawVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Take a patient out: what it touches (--plan), or do it (--execute).",
    discussion: """
      --execute removes the patient's images with their super-resolved ones, names, hashes and attributes from the workspace, taints the \
      models that learned from them and what these made, and leaves a tombstone: audit verify stays clean. The patient does not come in \
      again. Cut off, it goes on when run again. What left the workspace is listed, not removed: files and tables of exports, backups, event exports, bundles and reports.
      """)

  @Argument(help: "Pseudonym, or patient number.") var patient: String
  @Flag(help: "Show what it touches; change nothing.") var plan = false
  @Flag(help: "Do it. There is no way back.") var execute = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard plan != execute else { throw ValidationError("Give --plan to see what a withdrawal touches, or --execute to do it.") }
  }

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let name = try PatientArgument.parse(patient)
      let report: PatientWithdrawal.Report
      if plan {
        report = try PatientWithdrawal(name, in: Catalog.openForQuestions(at: common.workspaceURL)).plan()
      } else {
        report = try PatientWithdrawal(name, in: Catalog(Workspace.open(at: common.workspaceURL), mode: .readWrite)).execute()
      }
      PatientArgument.say(report, console)
      let title =
        switch report.state {
        case .planned: "Planned, nothing was changed"
        case .done: "Done"
        case .wasDone: "Was done before"
        }
      let outside = report.exports.flatMap { $0.files.compactMap(\.found?.path) + $0.documents.map(\.path) } + report.copies.filter(\.isThere).map(\.place)
      let found = Set(outside).sorted()
      console.say("\(title): \(report.removedObjects) objects removed, \(report.runFiles.count) files below runs.")
      if !found.isEmpty { console.say("Still outside the workspace, to be removed by hand: \(found.count) files.") }
      for file in found { console.say("  \(file)") }
      for path in report.residue { console.say("Still in the workspace, put there by hand or by a rebuild: \(path)") }
      var result = PatientArgument.json(report)
      result["removedObjects"] = .integer(Int64(report.removedObjects))
      console.result(result)
      return true
    }
  }
}
