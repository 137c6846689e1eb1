import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

struct AuditFlagsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flags", abstract: "Whether every file of an export is marked as synthetic or real, inside and beside it.",
    discussion: """
      DIR is what export --to was given. Looks into DICOM, PNG, TIFF and tar files, metadata and manifest. With the workspace that made it, its \
      record says what is what; without, the export's own metadata. Exit 1 with findings: flag.missing, flag.wrong, flag.unlisted, flag.manifest, \
      flag.unreadable.
      """)

  @Argument(help: "Folder of the export.") var folder: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let catalog = FileManager.default.fileExists(atPath: common.workspaceURL.path) ? try Catalog.openForQuestions(at: common.workspaceURL) : nil
      let report = try FlagAudit(URL(fileURLWithPath: folder), catalog: catalog).run()
      for finding in report.findings { console.say("\(finding.code.rawValue): \(finding.path): \(finding.what)") }
      console.say(
        "\(report.formats.joined(separator: ", ")): \(report.files) pictures, \(report.synthetic) synthetic; "
          + (report.findings.isEmpty ? "all are marked." : "\(report.findings.count) findings."))
      if !report.usedCatalog { console.say("Not checked: whether the metadata itself was changed; that needs the workspace that made the export.") }
      console.result([
        "ok": CanonicalJSON.bool(report.findings.isEmpty), "files": .integer(Int64(report.files)), "synthetic": .integer(Int64(report.synthetic)),
        "formats": .array(report.formats.map { .string($0) }), "notChecked": .array(report.usedCatalog ? [] : [.string("metadata")]),
        "findings": .array(
          report.findings.map { .object(["finding": .string($0.code.rawValue), "path": .string($0.path), "what": .string($0.what)]) }),
      ])
      return report.findings.isEmpty
    }
  }
}
