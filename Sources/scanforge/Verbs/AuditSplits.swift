import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

struct AuditSplitsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "splits", abstract: "Whether a held-out patient leaked into training, through models and look-alikes too.",
    discussion: """
      Exit 1 with findings: split.patient, split.model, split.item, split.look_alike, split.unreadable. Pictures of two parts are found by perceptual hash, in all \
      turns, flips and cuts of up to 20 % a side, and count as one from a correlation on that the most alike patients of the training part do \
      not reach, whatever their gamma. The result is recorded: an export then refuses both of a pair.
      """)

  @Flag(help: "Ask the catalog alone; do not compare pictures.") var noPictures = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      var audit = SplitAudit(catalog, threads: common.threadCount, progress: console.progress)
      audit.comparesPictures = !noPictures
      let report = try audit.run()
      let isRecorded = try report.check.map { try record($0, console) }
      for finding in report.findings {
        let places = finding.artifacts.compactMap { $0.sha256?.hex.prefix(16).description } + finding.patients.prefix(4)
        console.say("\(finding.code.rawValue): \(finding.what): \(places.joined(separator: " "))")
      }
      if report.pictures > 0 || report.notChecked.isEmpty {
        let honest = report.honest.map { String(format: "; patients of the training part reach %.4f (99 %% quantile)", $0) } ?? ""
        console.say("\(report.pictures) pictures compared, the same from a correlation of \(String(format: "%.4f", report.threshold)) on\(honest)")
      }
      for name in report.notChecked { console.say("Not checked: \(Self.sentence(name)).") }
      console.say(report.findings.isEmpty ? "No held-out patient reached another part." : "\(report.findings.count) findings.")
      console.result([
        "ok": CanonicalJSON.bool(report.findings.isEmpty), "findings": .array(report.findings.map(\.json)),
        "pictures": .integer(Int64(report.pictures)), "threshold": .number(report.threshold),
        "honest": report.honest.map { .number($0) } ?? .null, "recorded": .bool(isRecorded ?? false),
        "notChecked": .array(report.notChecked.map { .string($0) }),
      ])
      return report.findings.isEmpty
    }
  }

  private static func sentence(_ check: String) -> String {
    switch check {
    case "lookAlikes": "look-alikes"
    case "unreadablePictures": "pictures that cannot be read; so the result is not recorded"
    default: "\(check), for want of a table that can be read"
    }
  }

  /// Only now for writing: the comparison may take long, and others may work meanwhile.
  private func record(_ check: LookAlikeCheck, _ console: Console) throws -> Bool {
    do {
      try Catalog(Workspace.open(at: common.workspaceURL), mode: .readWrite).record(check)
      return true
    } catch let error as CatalogError where error.isOfReadOnly {
      console.warn("the workspace cannot be written, so the result is not recorded")
      return false
    }
  }
}
