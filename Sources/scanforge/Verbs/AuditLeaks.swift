import ArgumentParser
import Foundation
import ScanCatalog
import ScanPipeline

struct AuditLeaksVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaks", abstract: "Whether generated images are copies of training images.",
    discussion: """
      Each generated image is held against its nearest training image, in all turns and cuts, and that distance against what real images reach \
      that the model never saw. Exit 1 when an image is nearer than half of what honest ones reach, or near to one patient alone (leak.copy), \
      and when a picture cannot be read (leak.unreadable). The result is recorded: an export then says checked, and refuses copies.
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let (catalog, isWritable) = try Self.open(common.workspaceURL)
      let audit = LeakAudit(catalog, threads: common.threadCount, progress: console.progress)
      let report = try audit.run()
      let (findings, notChecked) = (report.findings, report.notChecked)
      let isRecorded = try isWritable && audit.record(report)
      if !isWritable { console.warn("the workspace cannot be written, so the result is not recorded") }
      for finding in findings { Self.say(finding, console) }
      if findings.isEmpty, notChecked.isEmpty { console.say("There are no generated images in the workspace.") }
      for line in notChecked { console.say("Not checked: \(line).") }
      for (record, why) in report.unreadable { console.say("leak.unreadable: artifact \(record.id): \(why)") }
      if !report.unreadable.isEmpty { console.say("Not recorded: an image may be a copy of one that cannot be read.") }
      let suspects = findings.flatMap(\.suspects)
      let isGood = suspects.isEmpty && report.unreadable.isEmpty
      console.result([
        "ok": CanonicalJSON.bool(isGood), "recorded": .bool(isRecorded), "notChecked": .array(notChecked.map { .string($0) }),
        "checked": .integer(Int64(findings.reduce(0) { $0 + $1.checks.count })), "models": .array(findings.map(Self.json)),
        "findings": .array(
          suspects.map { suspect in
            .object([
              "finding": .string("leak.copy"), "sha256": suspect.image.sha256.map { .string($0.hex) } ?? .null,
              "nearest": suspect.nearest.sha256.map { .string($0.hex) } ?? .null, "distance": .number(suspect.check.distance),
              "baseline": .number(suspect.check.baseline), "score": .number(suspect.check.score),
            ])
          }
            + report.unreadable.map { record, why in
              .object([
                "finding": .string("leak.unreadable"), "sha256": record.sha256.map { .string($0.hex) } ?? .null,
                "artifact": .integer(record.id.rawValue), "what": .string(why),
              ])
            }),
      ])
      return isGood
    }
  }

  /// For writing where that is allowed, so that the result can be recorded.
  private static func open(_ url: URL) throws -> (Catalog, Bool) {
    do {
      return (try Catalog(Workspace.open(at: url), mode: .readWrite), true)
    } catch let error as CatalogError where error.isOfReadOnly {
      return (try Catalog.openForQuestions(at: url), false)
    }
  }

  private static func say(_ finding: LeakAudit.Finding, _ console: Console) {
    func text(_ value: Double) -> String { String(format: "%.4f", value) }
    console.say("model \(finding.model.summary)")
    console.say("  \(finding.generated) generated images against \(finding.training) training images: nearest \(text(finding.distances.least)), median \(text(finding.distances.median))")
    console.say(
      "  \(finding.honest) real images \(finding.isHeldOut ? "that it never saw" : "of other patients, for want of held-out ones"): nearest "
        + "\(text(finding.honestDistances.least)), 1 % quantile \(text(finding.honestDistances.low)), median \(text(finding.honestDistances.median))")
    for suspect in finding.suspects {
      console.say(
        "leak.copy: \(suspect.image.sha256.map { String($0.hex.prefix(16)) } ?? "") is a copy of "
          + "\(suspect.nearest.sha256.map { String($0.hex.prefix(16)) } ?? "") (distance \(text(suspect.check.distance)))")
    }
    console.say(finding.suspects.isEmpty ? "  no copy: none is nearer than \(text(finding.threshold))" : "  \(finding.suspects.count) copies: nearer than \(text(finding.threshold))")
  }

  private static func json(_ finding: LeakAudit.Finding) -> CanonicalJSON {
    .object([
      "model": finding.model.sha256.map { .string($0.hex) } ?? .null, "training": .integer(Int64(finding.training)),
      "generated": .integer(Int64(finding.generated)), "honest": .integer(Int64(finding.honest)), "heldOut": .bool(finding.isHeldOut),
      "threshold": .number(finding.threshold), "flagged": .integer(Int64(finding.suspects.count)),
      "distances": .object(["least": .number(finding.distances.least), "median": .number(finding.distances.median)]),
      "honestDistances": .object([
        "least": .number(finding.honestDistances.least), "low": .number(finding.honestDistances.low),
        "median": .number(finding.honestDistances.median),
      ]),
      "images": .array(
        finding.checks.map {
          .object([
            "artifact": .integer($0.artifact.rawValue), "distance": .number($0.distance), "score": .number($0.score), "flagged": .bool($0.isFlagged),
          ])
        }),
    ])
  }
}
