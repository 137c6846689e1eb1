import ArgumentParser
import ScanCatalog
import ScanDeid

struct AuditLineageVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lineage", abstract: "What an image or model was made from, or with --down what was made from it.")

  @Argument(help: "SHA-256 (at least 4 digits), or a file that ScanForge stored or exported.") var artifact: String
  @Flag(help: "Descendants instead of ancestors.") var down = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let catalog = try Catalog.openForReading(at: common.workspaceURL)
      let roots = try ArtifactName.resolve(artifact, in: catalog)
      let lineage = try catalog.lineage(of: roots.map(\.id), down ? .down : .up)
      let byID = Dictionary(uniqueKeysWithValues: lineage.artifacts.map { ($0.id, $0) })
      // A root may be another root's parent: a slice that needed no change has the bytes of its source.
      let reached = Set(lineage.edges.map { down ? $0.child : $0.parent })
      let others = lineage.artifacts.filter { reached.contains($0.id) }
      // Nearest first: ids grow from parent to child.
      for root in roots { console.say(root.summary) }
      for record in down ? others : others.reversed() {
        let roles = Set(lineage.edges.filter { down ? $0.child == record.id : $0.parent == record.id }.map(\.role)).sorted()
        console.say("  \(roles.joined(separator: ", ")): \(record.summary)")
      }
      let patients = Set(lineage.artifacts.compactMap { $0.patient?.description }).sorted()
      console.say("\(others.count) \(down ? "descendants" : "ancestors"), \(patients.count) patients")
      func sha256(_ id: ArtifactID) -> CanonicalJSON { byID[id]?.sha256.map { .string($0.hex) } ?? .null }
      console.result([
        "ok": CanonicalJSON.bool(true), "direction": .string(down ? "down" : "up"), "roots": .array(roots.map(\.json)),
        "artifacts": .array(others.map(\.json)), "patients": .array(patients.map { .string($0) }),
        "edges": .array(
          lineage.edges.map { .object(["child": sha256($0.child), "parent": sha256($0.parent), "role": .string($0.role)]) }),
      ])
      return true
    }
  }
}
