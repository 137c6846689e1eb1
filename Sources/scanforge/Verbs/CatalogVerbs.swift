import ArgumentParser
import ScanCatalog

struct CatalogVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog", abstract: "Look around in the catalog, back it up, clear up, make it again.",
    subcommands: [
      CatalogListVerb.self, CatalogShowVerb.self, CatalogSQLVerb.self, CatalogGCVerb.self, CatalogBackupVerb.self, CatalogEventsVerb.self,
      CatalogRebuildVerb.self,
    ])
}

struct CatalogListVerb: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List artifacts.")

  @Option(help: "Which ones, as key=value,… over label, split, origin, kind, modality, run.") var query: String = ""
  @Option(help: "Short for --query kind=…: image, slice, mask, model, checkpoint, dataset, grid, export.") var kind: String?
  @Option(help: "At most so many.") var limit: Int?
  @Flag(help: "Also those that are superseded or withdrawn.") var all = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      var selection = try ArtifactQuery(parsing: ([query] + (kind.map { ["kind=\($0)"] } ?? [])).joined(separator: ","))
      selection.onlyActive = !all
      let records = try Catalog.openForQuestions(at: common.workspaceURL).artifacts(selection)
      let shown = limit.map { Array(records.prefix(max(0, $0))) } ?? records
      for record in shown { console.say(record.summary) }
      console.say("\(records.count) artifacts\(shown.count < records.count ? ", \(shown.count) shown" : "")")
      console.result(["artifacts": CanonicalJSON.array(shown.map(\.json)), "count": .integer(Int64(records.count)), "ok": .bool(true)])
      return true
    }
  }
}

struct CatalogShowVerb: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all that is known about an artifact.")

  @Argument(help: "SHA-256 (at least 4 digits), or a file that ScanForge stored or exported.") var artifact: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let catalog = try Catalog.openForQuestions(at: common.workspaceURL)
      let runs = Dictionary(uniqueKeysWithValues: try catalog.runs().map { ($0.id, $0) })
      var shown: [CanonicalJSON] = []
      for record in try ArtifactName.resolve(artifact, in: catalog) {
        let parents = try catalog.parents(of: record.id)
        var members = record.json.objectValue ?? [:]
        members["attributes"] = record.attributes.json
        members["parents"] = .array(
          parents.map { .object(["role": .string($0.role), "sha256": $0.record.sha256.map { .string($0.hex) } ?? .null]) })
        if let run = runs[record.run] {
          members["runRecord"] = .object([
            "op": .string(run.op), "params": CanonicalJSON(parsing: run.params) ?? .string(run.params), "seed": run.seed.map { .integer($0) } ?? .null,
            "toolVersion": .string(run.toolVersion), "device": .string(run.device), "determinism": .string(run.determinism),
            "startedMilliseconds": .integer(run.startedMilliseconds), "endedMilliseconds": run.endedMilliseconds.map { .integer($0) } ?? .null,
            "exit": run.exit.map { .integer(Int64($0)) } ?? .null,
          ])
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null { console.say("\(key): \(value.stringValue ?? value.text)") }
        shown.append(.object(members))
      }
      console.result(["artifacts": CanonicalJSON.array(shown), "ok": .bool(true)])
      return true
    }
  }
}

struct CatalogSQLVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Run a SELECT on the catalog, which is opened read-only.",
    discussion: "Tables: patient, run, artifact, derivation, event, patient_split, split_rule, model_file, stage, signing_key, run_file. Blobs are shown as hexadecimal.")

  @Argument(help: "One SELECT statement.") var statement: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let selection = try Catalog.openForQuestions(at: common.workspaceURL).select(statement)
      console.say(selection.columns.joined(separator: "\t"))
      for row in selection.rows { console.say(row.map { $0 == .null ? "" : $0.stringValue ?? $0.text }.joined(separator: "\t")) }
      console.result([
        "columns": CanonicalJSON.array(selection.columns.map { .string($0) }), "ok": .bool(true), "rows": .array(selection.rows.map { .array($0) }),
      ])
      return true
    }
  }
}
