import ArgumentParser
import ScanCatalog

struct AuditTermsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "terms", abstract: "Which licence or consent governs what, down to models and generated images.",
    discussion: """
      Terms are words joined by +, given to ingest --terms; any word is carried along, these are obeyed: \
      \(Terms.Rule.allCases.map { "\($0.rawValue): \($0.meaning)" }.joined(separator: "; ")). Exit 1 when an export holds what its terms forbid.
      """)

  @Argument(help: "SHA-256 or file: the terms of this artifact alone.") var artifact: String?
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      if let artifact { return try show(artifact, catalog, console) }
      let tallies = try catalog.termsTally()
      for tally in tallies {
        let counts = tally.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        console.say("\(tally.terms): \(counts)")
        for rule in tally.rules { console.say("  \(rule.rawValue): \(rule.meaning)") }
      }
      if tallies.isEmpty { console.say("No terms are recorded. Give them with scanforge ingest --terms TAG.") }
      let broken = try catalog.exportsAgainstTerms()
      for finding in broken {
        console.say("terms.broken: an export of run \(finding.export.run) holds \(finding.items) items that its terms forbid (\(finding.terms))")
      }
      console.result([
        "ok": CanonicalJSON.bool(broken.isEmpty),
        "terms": .array(
          tallies.map { tally in
            .object([
              "terms": .string(tally.terms), "counts": .object(tally.counts.mapValues { .integer(Int64($0)) }),
              "rules": .array(tally.rules.map { .string($0.rawValue) }),
            ])
          }),
        "findings": .array(
          broken.map { finding in
            .object([
              "finding": .string("terms.broken"), "sha256": finding.export.sha256.map { .string($0.hex) } ?? .null,
              "run": .integer(finding.export.run.rawValue), "items": .integer(Int64(finding.items)), "terms": .string(finding.terms),
            ])
          }),
      ])
      return broken.isEmpty
    }
  }

  private func show(_ artifact: String, _ catalog: Catalog, _ console: Console) throws -> Bool {
    let records = try ArtifactName.resolve(artifact, in: catalog)
    let terms = try catalog.terms(of: records.map(\.id))
    var shown: [CanonicalJSON] = []
    for record in records {
      let governing = terms[record.id] ?? GoverningTerms()
      let refusal = governing.refusal(of: record.origin)
      console.say(record.summary)
      console.say("  its own: \(governing.own.sorted().joined(separator: ", ")); through models: \(governing.inherited.sorted().joined(separator: ", "))")
      console.say(refusal.map { "  export is refused: \($0.rule.meaning)" } ?? "  nothing forbids its export")
      shown.append(
        .object([
          "artifact": record.json, "own": .array(governing.own.sorted().map { .string($0) }),
          "inherited": .array(governing.inherited.sorted().map { .string($0) }), "mayExport": .bool(refusal == nil),
        ]))
    }
    console.result(["ok": CanonicalJSON.bool(true), "artifacts": .array(shown)])
    return true
  }
}
