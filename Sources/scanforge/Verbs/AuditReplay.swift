import ArgumentParser
import ScanCatalog
import ScanPipeline

struct AuditReplayVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Make generated and super-resolved images again from their records and compare bytes.",
    discussion: """
      Same instruction set: same bytes, whatever --threads says; a difference is exit 1. Made with another instruction set the bytes may differ, \
      which is told; SCANFORGE_KERNELS=portable on both sides gives the same bytes on every machine.
      """)

  @Argument(help: "SHA-256 or file of one image; without it those of --sample, or all.") var artifact: String?
  @Option(help: "So many images, evenly spread.") var sample: Int?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let sample, sample < 1 { throw ValidationError("--sample must be above 0.") }
    if artifact != nil, sample != nil { throw ValidationError("Give one image or --sample, not both.") }
  }

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      let audit = ReplayAudit(catalog, threads: common.threadCount, progress: console.progress)
      let ids = try artifact.map { try ArtifactName.resolve($0, in: catalog).map(\.id) } ?? audit.candidates(sample)
      let outcomes = try audit.run(ids)
      var counts: [String: Int] = [:]
      for outcome in outcomes {
        counts[outcome.result.rawValue, default: 0] += 1
        guard outcome.result != .same else { continue }
        console.say("replay.\(outcome.result.rawValue): \(outcome.expected.map { String($0.hex.prefix(16)) } ?? "artifact \(outcome.artifact)"): \(outcome.why)")
      }
      let isGood = outcomes.allSatisfy { $0.result != .different && (artifact == nil || $0.result != .impossible) }
      console.say("\(counts["same"] ?? 0) of \(outcomes.count) images made again bit by bit (\(ReplayAudit.isa), \(common.threadCount) threads).")
      console.result([
        "ok": CanonicalJSON.bool(isGood), "isa": .string(ReplayAudit.isa), "images": .integer(Int64(outcomes.count)),
        "counts": .object(counts.mapValues { .integer(Int64($0)) }),
        "outcomes": .array(
          outcomes.map { outcome in
            .object([
              "sha256": outcome.expected.map { .string($0.hex) } ?? .null, "made": outcome.made.map { .string($0.hex) } ?? .null,
              "result": .string(outcome.result.rawValue), "why": .string(outcome.why),
            ])
          }),
      ])
      return isGood
    }
  }
}
