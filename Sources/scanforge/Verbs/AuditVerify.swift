import ArgumentParser
import Diagnostics
import Foundation
import ScanCatalog
import Synchronization

struct AuditVerifyVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check every byte, row, edge and event of the workspace.",
    discussion: """
      Exit 0 when all is as recorded, 1 with findings, 3 when the catalog cannot be read. With --json one line per finding, then a \
      summary. Whether the whole history was rewritten or rolled back cannot be seen without an anchor kept elsewhere (audit anchor).
      """)

  @Option(help: "A signed head that audit anchor wrote and that was kept elsewhere.") var anchor: String?
  @Option(help: "Fingerprint of the key that must have signed the anchor.") var fingerprint: String?
  @Flag(help: "Leave out rows, edges and bytes of what was recorded before the anchor (without --anchor: before the newest in anchors/).")
  var sinceAnchor = false
  @Option(help: "Hash this share of the objects, drawn at random (0.05 or 5%), and say with what probability a change is found.")
  var sample: Share?
  @OptionGroup var common: CommonOptions

  /// Above 0, at most 1.
  struct Share: ExpressibleByArgument {
    let value: Double

    init?(argument: String) {
      let isPercent = argument.hasSuffix("%")
      guard let number = Double(isPercent ? String(argument.dropLast()) : argument) else { return nil }
      value = isPercent ? number / 100 : number
      guard value > 0, value <= 1 else { return nil }
    }
  }

  func validate() throws {
    if fingerprint != nil, anchor == nil { throw ValidationError("--fingerprint goes with --anchor.") }
  }

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      var request = AuditRequest()
      request.anchor = try anchor.map { try .init(reading: URL(fileURLWithPath: $0)) }
      request.sinceAnchor = sinceAnchor
      request.sample = sample?.value
      request.fingerprint = fingerprint?.lowercased().filter(\.isHexDigit)
      let findings = Mutex(0)
      do {
        let catalog = try open(request) { report($0, console, findings) }
        let objects = Mutex(0)
        let progress = console.progress
        progress(.began(stage: "verify", total: nil, unit: "objects"))
        let audit = CatalogAudit(catalog, threads: common.threadCount, request: request)
        let summary = try audit.verify(
          progress: { _ in
            let done = objects.withLock { count in
              count += 1
              return count
            }
            progress(.advanced(stage: "verify", done: done))
          },
          found: { report($0, console, findings) })
        conclude(summary, console)
        return summary.ok
      } catch let error as CatalogError where Self.isUnreadable(error) {
        report(AuditFinding(.catalogUnreadable, error.what), console, findings)
        var summary = AuditSummary()
        summary.ok = false
        summary.findings = findings.withLock { $0 }
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

  /// Opens the catalog; where that fails, says first that the anchor could not be compared.
  private func open(_ request: AuditRequest, found: (AuditFinding) -> Void) throws -> Catalog {
    do {
      return try Catalog.openForQuestions(at: common.workspaceURL)
    } catch let error as CatalogError where Self.isUnreadable(error) {
      request.unreadable.forEach(found)
      throw error
    }
  }

  private func report(_ finding: AuditFinding, _ console: Console, _ count: borrowing Mutex<Int>) {
    count.withLock { $0 += 1 }
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
      \(summary.modelFiles) model files, \(summary.runFiles) files of runs.
      """)
    if let anchor = summary.anchor {
      console.say(
        "The anchor covers events 1 to \(anchor.sequence) of \(summary.events); signed by \(anchor.signer.fingerprint). What came later, a later one shows.")
    }
    if let sample = summary.sample { console.say(sample.text) }
    for (_, what) in summary.notChecked.sorted(by: { $0.key < $1.key }) { console.say("Not checked: \(what).") }
  }
}
