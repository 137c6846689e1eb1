import ArgumentParser
import Diagnostics
import ScanCatalog
import Synchronization

struct AuditVerifyVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check every byte, row, edge and event of the workspace.",
    discussion: """
      Exit 0 when all is as recorded, 1 with findings, 3 when the catalog cannot be read. With --json one line per finding, then a \
      summary. Whether the whole history was rewritten or rolled back cannot be seen without an anchor kept elsewhere.
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      do {
        let catalog = try Catalog.openForReading(at: common.workspaceURL)
        let objects = Mutex(0)
        let progress = console.progress
        progress(.began(stage: "verify", total: nil, unit: "objects"))
        let audit = CatalogAudit(catalog, threads: common.threadCount)
        let summary = try audit.verify(
          progress: { _ in
            let done = objects.withLock { count in
              count += 1
              return count
            }
            progress(.advanced(stage: "verify", done: done))
          },
          found: { finding in report(finding, console) })
        conclude(summary, console)
        return summary.ok
      } catch let error as CatalogError where Self.isUnreadable(error) {
        let finding = AuditFinding(.catalogUnreadable, error.what)
        report(finding, console)
        var summary = AuditSummary()
        summary.ok = false
        summary.findings = 1
        if common.json { console.streamLine(summary.json) }
        console.finish()
        Console.writeError("scanforge: \(error)")
        throw ExitCode(error.kind.exitCode)
      }
    }
  }

  private static func isUnreadable(_ error: CatalogError) -> Bool {
    switch error {
    case .unreadable, .notAWorkspace, .noPermission, .notAFolder, .newerSchema: true
    default: false
    }
  }

  private func report(_ finding: AuditFinding, _ console: Console) {
    if common.json {
      console.streamLine(finding.json)
    } else {
      console.say("\(finding.code.rawValue): \(finding.what)\(finding.path.map { " (\($0))" } ?? "")")
    }
  }

  private func conclude(_ summary: AuditSummary, _ console: Console) {
    if common.json { return console.streamLine(summary.json) }
    console.say(
      """
      \(summary.ok ? "All as recorded" : "\(summary.findings) findings"): \(summary.objects) objects (\(summary.bytes) bytes), \
      \(summary.artifacts) artifacts, \(summary.edges) edges, \(summary.events) events, \(summary.patients) patients, \(summary.runs) runs, \
      \(summary.modelFiles) model files.
      """)
    for (_, what) in summary.notChecked.sorted(by: { $0.key < $1.key }) { console.say("Not checked: \(what).") }
  }
}
