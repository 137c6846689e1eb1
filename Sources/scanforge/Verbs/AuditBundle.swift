import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

struct AuditBundleVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle", abstract: "Evidence that can be checked without ScanForge: one ZIP file with a small verifier in it.",
    discussion: """
      Events, rows, edges, a signed head, PROV-JSON, a manifest, and verify.py (Python's standard library): unzip -p FILE verify.py > verify.py; \
      python3 verify.py FILE. It holds pseudonyms and hashes, no images: keep it as the workspace is kept.
      """)

  @Argument(help: "ZIP file, which must not exist.") var file: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let url = URL(fileURLWithPath: file)
      // Before a copy is recorded that was never made.
      try ReportFile.check(url)
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      let isRecorded = catalog.recordCopy(.bundle, to: url, telling: console)
      let report = try AuditBundle(catalog).write(to: url)
      console.say("\(file): \(report.events) events, \(report.artifacts) artifacts, \(report.anchor.map { "signed head of event \($0)" } ?? "no anchor").")
      console.result([
        "ok": CanonicalJSON.bool(true), "bundle": .string(file), "events": .integer(Int64(report.events)),
        "artifacts": .integer(Int64(report.artifacts)), "anchor": report.anchor.map { .integer($0) } ?? .null, "bytes": .integer(Int64(report.bytes)),
        "recorded": .bool(isRecorded),
      ])
      return true
    }
  }
}
