import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

struct AuditReportVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "One self-contained HTML page: data sheet, lineage, balance, checks, samples, runs.",
    discussion: "Everything is from the catalog, nothing typed by hand. It shows de-identified images: keep it as the workspace is kept.")

  @Option(help: "HTML file, which must not exist.") var to: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let url = URL(fileURLWithPath: to)
      // Before a copy is recorded that was never made.
      try ReportFile.check(url)
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      let isRecorded = catalog.recordCopy(.report, to: url, telling: console)
      try AuditReport(catalog).write(to: url)
      console.say(to)
      console.result(["ok": CanonicalJSON.bool(true), "report": .string(to), "recorded": .bool(isRecorded)])
      return true
    }
  }
}
