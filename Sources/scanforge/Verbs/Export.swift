import ArgumentParser
import Diagnostics
import Foundation
import ScanCatalog
import ScanExport
import ScanPipeline

struct ExportVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a training set that other programs read, with a manifest.",
    discussion: """
      Several formats may share a folder; MANIFEST.sha256 covers all of it (check with sha256sum --check). Refused when a held-out \
      patient reached an item of another part, or an image looks like one of another part anywhere in the workspace (audit splits finds these). For research, not for diagnosis.
      """)

  @Option(help: "Layout: \(ExportRegistry.names.joined(separator: ", ")). Repeatable.") var format: [String]
  @Option(help: "Output folder.") var to: String
  @Option(help: "Which items, as key=value,… over label, split, origin, kind, modality, run.") var query: String?
  @Option(help: "Only this part: train, val, test.") var split: String?
  @Flag(help: "Leave out images that look like one of another part, and say which.") var leaveOutLookAlikes = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !format.isEmpty else { throw ValidationError("--format is missing. Use one of \(ExportRegistry.names.joined(separator: ", ")).") }
  }

  func run() throws {
    try common.perform { console in
      for name in format { _ = try ExportRegistry.format(named: name) }
      let query = try query.map { try ArtifactQuery(parsing: $0) }
      let part = try split.map { text in
        guard let part = ScanCatalog.Split(rawValue: text) else { throw CatalogError.malformedQuery("split=\(text)") }
        return part
      }
      guard OutputFolder.isFolderOrFree(URL(fileURLWithPath: to)) else { throw PipelineError.outputNotAFolder }
      try OutputFolder.checkWritable(URL(fileURLWithPath: to))
      let catalog = try Catalog(Workspace.open(at: common.workspaceURL), mode: .readWrite)
      let exporter = Exporter(catalog, threads: common.threadCount, progress: console.progress)
      var reports: [CanonicalJSON] = []
      var notChecked: Set<String> = []
      for name in format {
        let report: ExportReport
        do {
          report = try exporter.export(
            ExportRequest(
              format: name, root: URL(fileURLWithPath: to), query: query, split: part, renewing: Set(format), leavesOutLookAlikes: leaveOutLookAlikes))
        } catch let error as ExportError where !error.findings.isEmpty {
          return refuse(error, console)
        }
        notChecked.formUnion(report.notChecked)
        let parts = report.splits.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        console.say("\(report.files) files of \(report.items) images (\(parts); \(report.synthetic) synthetic): \(report.folder.path)")
        if !report.leftOut.isEmpty {
          console.say("  \(report.leftOut.count) images left out, since they look like one of another part:")
          for record in report.leftOut.prefix(20) { console.say("    \(record.summary)") }
          if report.leftOut.count > 20 { console.say("    … and \(report.leftOut.count - 20) more; --json lists all") }
        }
        reports.append(
          .object([
            "format": .string(report.format), "folder": .string(report.folder.path), "files": .integer(Int64(report.files)),
            "items": .integer(Int64(report.items)), "synthetic": .integer(Int64(report.synthetic)),
            "splits": .object(report.splits.mapValues { .integer(Int64($0)) }), "notChecked": .array(report.notChecked.map { .string($0) }),
            "leftOut": .array(report.leftOut.map { $0.sha256.map { .string($0.hex) } ?? .null }),
          ]))
      }
      for check in notChecked.sorted() { console.say("\(check): not checked") }
      console.result(["ok": CanonicalJSON.bool(true), "exports": .array(reports)])
      return true
    }
  }

  /// Every reason, for people and programs; nothing was written.
  private func refuse(_ error: ExportError, _ console: Console) -> Bool {
    for finding in error.findings { console.say("\(finding.code.rawValue): \(finding.what)") }
    Console.writeError(Failure(error).line)
    console.result([
      "ok": CanonicalJSON.bool(false), "error": .object(["code": .string(error.code), "message": .string(error.description)]),
      "findings": .array(error.findings.map(\.json)),
    ])
    return false
  }
}
