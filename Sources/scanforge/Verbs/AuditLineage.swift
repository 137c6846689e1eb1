import ArgumentParser
import ScanCatalog
import ScanDeid

struct AuditLineageVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lineage", abstract: "What an image or model was made from, or with --down what was made from it.",
    discussion: """
      A data set or an export is summed up (items and patients); with --full its items are listed too. Exit 1 when an edge is one that \
      ScanForge does not write: run audit verify.
      """)

  @Argument(help: "SHA-256 (at least 4 digits), or a file that ScanForge stored or exported.") var artifact: String
  @Flag(help: "Descendants instead of ancestors.") var down = false
  @Flag(help: "List the items of data sets and exports, too.") var full = false
  @Option(help: "At most so many artifacts, the nearest ones.") var limit = 10_000
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000000.") }
  }

  func run() throws {
    try common.perform(endsPromptly: true) { console in
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      let roots = try ArtifactName.resolve(artifact, in: catalog)
      let lineage = try catalog.lineage(of: roots.map(\.id), down ? .down : .up, isSummarized: !full && !down, limit: limit)
      let byID = Dictionary(uniqueKeysWithValues: lineage.artifacts.map { ($0.id, $0) })
      let summaries = Dictionary(uniqueKeysWithValues: lineage.summaries.map { ($0.collection, $0) })
      // A root may be another root's parent: a slice that needed no change has the bytes of its source.
      let reached = Set(lineage.edges.map { down ? $0.child : $0.parent })
      let others = lineage.artifacts.filter { reached.contains($0.id) }
      let roles = Dictionary(grouping: lineage.edges) { down ? $0.child : $0.parent }.mapValues { Set($0.map(\.role)).sorted().joined(separator: ", ") }
      // Nearest first: ids grow from parent to child.
      for root in roots { console.say(Self.line(root, summaries)) }
      for record in down ? others : others.reversed() { console.say("  \(roles[record.id] ?? ""): \(Self.line(record, summaries))") }
      let patients = Set(lineage.artifacts.compactMap(\.patient) + lineage.summaries.flatMap(\.pseudonyms)).sorted()
      let patientCount = max(patients.count, lineage.summaries.map(\.patients).max() ?? 0)
      console.say("\(others.count)\(lineage.isCut ? " nearest" : "") \(down ? "descendants" : "ancestors"), \(patientCount) patients")
      for edge in lineage.impossible {
        console.say("lineage.changed: artifact \(edge.child) names artifact \(edge.parent), which is later or not there. Run scanforge audit verify.")
      }
      func sha256(_ id: ArtifactID) -> CanonicalJSON { byID[id]?.sha256.map { .string($0.hex) } ?? .null }
      console.result([
        "ok": CanonicalJSON.bool(lineage.impossible.isEmpty), "direction": .string(down ? "down" : "up"), "roots": .array(roots.map(\.json)),
        "artifacts": .array(others.map(\.json)), "patients": .array(patients.map { .string($0.text) }),
        "patientCount": .integer(Int64(patientCount)), "complete": .bool(!lineage.isCut),
        "edges": .array(
          lineage.edges.map { .object(["child": sha256($0.child), "parent": sha256($0.parent), "role": .string($0.role)]) }),
        "summaries": .array(
          lineage.summaries.map {
            .object([
              "sha256": sha256($0.collection), "items": .integer(Int64($0.items)), "patients": .integer(Int64($0.patients)),
            ])
          }),
        "findings": .array(
          lineage.impossible.map { .object(["finding": .string("lineage.changed"), "artifact": .integer($0.child.rawValue)]) }),
      ])
      return lineage.impossible.isEmpty
    }
  }

  private static func line(_ record: ArtifactRecord, _ summaries: [ArtifactID: Lineage.Summary]) -> String {
    guard let summary = summaries[record.id] else { return record.summary }
    return "\(record.summary)  of \(summary.items) items, \(summary.patients) patients"
  }
}
