import ScanCatalog
import ScanDeid
import ScanModel

/// `rocrate/ro-crate-metadata.json` over `rocrate/images/SPLIT/*.png` and `rocrate/workflow.json`.
///
/// Sources: RO-Crate 1.1, Workflow RO-Crate 1.0, Process Run Crate 0.5 and Workflow Run Crate 0.5.
package struct ROCrateExport: PictureFormat {
  package static let name = "rocrate"
  package init() {}

  package func folder(of item: ExportItem) -> String { "images/\(item.part)" }

  package func documents(_ contents: ExportedSet) throws -> [ExportDocument] {
    let facts = try DatasetFacts(contents)
    let workflow = ExportDocument("workflow.json", ROCrate.workflow(facts.graph).indented)
    return [workflow, ExportDocument("ro-crate-metadata.json", ROCrate(contents, facts, workflow: workflow).json.indented)]
  }
}

/// The graph of a crate while it is put together.
private struct ROCrate {
  private var graph: [CanonicalJSON] = []
  private let contents: ExportedSet
  private let facts: DatasetFacts

  init(_ contents: ExportedSet, _ facts: DatasetFacts, workflow: ExportDocument) {
    self.contents = contents
    self.facts = facts
    addDescriptor()
    addWorkflow(workflow)
    for file in contents.files { add(file) }
    for model in facts.graph.models { add(model) }
    for activity in facts.graph.activities { add(activity) }
  }

  /// What was run, in order, as far as the images depend on it.
  static func workflow(_ graph: ProvenanceGraph) -> CanonicalJSON {
    .object([
      "name": .string("scanforge"),
      "steps": .array(
        graph.activities.map { activity in
          .object([
            "op": .string(activity.op), "parameters": activity.parameters, "run": .string(activity.digest.hex),
            "seed": activity.seed.map { .string(String($0)) } ?? .null, "version": .string(activity.version),
          ])
        }),
    ])
  }

  var json: CanonicalJSON {
    // Terms of the columns that neither context has.
    let terms = ["label", "model_sha256", "origin", "patient", "run", "seed", "split", "synthetic"]
    return .object([
      "@context": .array([
        .string("https://w3id.org/ro/crate/1.1/context"), .string("https://w3id.org/ro/terms/workflow-run/context"),
        .object(Dictionary(uniqueKeysWithValues: terms.map { ($0, .string("urn:scanforge:terms:\($0)")) })),
      ]),
      "@graph": .array(graph),
    ])
  }

  private static func reference(_ id: String) -> CanonicalJSON { .object(["@id": .string(id)]) }
  private static func text(_ value: String) -> CanonicalJSON { .string(value) }

  private mutating func add(_ id: String, _ types: String..., members: [String: CanonicalJSON]) {
    var members = members
    members["@id"] = .string(id)
    members["@type"] = types.count == 1 ? .string(types[0]) : .array(types.map { .string($0) })
    graph.append(.object(members))
  }

  private static let profiles = [
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
  ]

  private mutating func addDescriptor() {
    add(
      "ro-crate-metadata.json", "CreativeWork",
      members: [
        "about": Self.reference("./"),
        "conformsTo": .array([
          Self.reference("https://w3id.org/ro/crate/1.1"), Self.reference("https://w3id.org/workflowhub/workflow-ro-crate/1.0"),
        ]),
      ])
    let parts = ["workflow.json", ExportStaging.metadataName] + contents.files.map(contents.relative)
    let actions = ["#execution"] + facts.graph.activities.map { "#run-\($0.digest.hex)" }
    add(
      "./", "Dataset",
      members: [
        "name": Self.text(DatasetFacts.title), "description": Self.text(facts.description),
        "datePublished": Self.text(DatasetFacts.datePublished),
        "license": Self.reference("#terms"), "conformsTo": .array(Self.profiles.map { Self.reference($0.0) }),
        "hasPart": .array(parts.map(Self.reference)), "mainEntity": Self.reference("workflow.json"),
        "mentions": .array(actions.map(Self.reference)),
      ])
    for (id, name, version) in Self.profiles { add(id, "CreativeWork", members: ["name": Self.text(name), "version": Self.text(version)]) }
    add(
      "#terms", "CreativeWork",
      members: ["name": Self.text(facts.license), "description": Self.text("Licence and consent of the source images")])
    add(
      ExportStaging.metadataName, "File",
      members: [
        "name": Self.text("Table of the images"), "encodingFormat": Self.text("text/csv"),
        "sha256": Self.text(ContentDigest(of: contents.metadata).hex),
        "contentSize": Self.text(String(contents.metadata.count)),
      ])
  }

  private mutating func addWorkflow(_ workflow: ExportDocument) {
    add(
      "workflow.json", "File", "SoftwareSourceCode", "ComputationalWorkflow",
      members: [
        "name": Self.text("The runs that made these images"), "encodingFormat": Self.text("application/json"),
        "programmingLanguage": Self.reference("#scanforge-pipeline"), "sha256": Self.text(ContentDigest(of: workflow.bytes).hex),
        "contentSize": Self.text(String(workflow.bytes.count)),
      ])
    let versions = Set(facts.graph.activities.map(\.version)).sorted().joined(separator: ", ")
    add("#scanforge-pipeline", "ComputerLanguage", members: ["name": Self.text("ScanForge pipeline"), "version": Self.text(versions)])
    add("#scanforge", "SoftwareApplication", members: ["name": Self.text("ScanForge"), "softwareVersion": Self.text(versions)])
    add(
      "#acquired", "Collection",
      members: ["name": Self.text("Acquired images, not in this crate"), "description": Self.text(facts.collection)])
    add(
      "#execution", "CreateAction",
      members: [
        "name": Self.text("Run of the workflow"), "instrument": Self.reference("workflow.json"), "agent": Self.reference("#scanforge"),
        "actionStatus": Self.text("http://schema.org/CompletedActionStatus"), "object": .array([Self.reference("#acquired")]),
        "result": .array(contents.files.map { Self.reference(contents.relative($0)) }),
      ])
  }

  private mutating func add(_ file: ExportedFile) {
    var members = file.common
    members["path"] = nil
    members["patient"] = file.item.record.patient.map { .string($0.text) }
    members["model_sha256"] = file.item.model.map { Self.reference("#model-\($0.hex)") }
    members["additionalType"] = .string(file.item.record.origin.rawValue)
    members["name"] = .string(file.item.labelName)
    members["encodingFormat"] = .string("image/png")
    members["contentSize"] = .string(String(file.byteCount))
    add(contents.relative(file), "File", members: members)
  }

  private mutating func add(_ model: ArtifactRecord) {
    add(
      "#model-\(model.sha256?.hex ?? "")", "CreativeWork",
      members: [
        "name": .string(model.attributes.values["model"]?.stringValue ?? "model"), "additionalType": .string("model"),
        "sha256": .string(model.sha256?.hex ?? ""), "encodingFormat": .string(model.media),
      ])
  }

  /// One step, with the results that the crate has or names.
  private mutating func add(_ activity: ProvenanceGraph.Activity) {
    let models = facts.graph.models.filter { facts.graph.activity(of: $0) == activity.digest }.map { "#model-\($0.sha256?.hex ?? "")" }
    let files = contents.files.filter { $0.item.run == activity.digest }
    let used = Set(files.compactMap { $0.item.model.map { "#model-\($0.hex)" } }).sorted()
    add(
      "#run-\(activity.digest.hex)", "CreateAction",
      members: [
        "name": .string(activity.op), "instrument": Self.reference("#scanforge"), "agent": Self.reference("#scanforge"),
        "description": .string(activity.parameters.text), "actionStatus": .string("http://schema.org/CompletedActionStatus"),
        "object": .array((used.isEmpty ? ["#acquired"] : used).map(Self.reference)),
        "result": .array((models + files.map(contents.relative)).map(Self.reference)),
      ])
  }
}
