import ScanCatalog
import ScanDeid
import ScanModel

/// `prov/prov.json` (PROV-JSON) over `prov/images/SPLIT/*.png`: each picture, what it came from, and the runs and models between.
///
/// Entities are `sha256:HEX`. Those of kind `image` are files of this export; `model`, `scan`, `slice`, `mask`, `dataset` and `checkpoint` are
/// what they were made from. Sources: W3C PROV-DM (2013), the PROV-JSON member submission (2013).
package struct PROVExport: PictureFormat {
  package static let name = "prov"
  package init() {}

  package func folder(of item: ExportItem) -> String { "images/\(item.part)" }

  package func documents(_ contents: ExportedSet) throws -> [ExportDocument] {
    [ExportDocument("prov.json", PROVDocument(contents, try ProvenanceGraph(contents)).json.indented)]
  }
}

/// The artifacts, runs and files of an export as PROV.
private struct PROVDocument {
  private var document = PROVJSON(prefixes: [
    "default": "urn:scanforge:terms:", "run": "urn:scanforge:run:", "sha256": "urn:sha256:", "tool": "urn:scanforge:tool:",
  ])

  init(_ contents: ExportedSet, _ graph: ProvenanceGraph) {
    for artifact in graph.artifacts { add(artifact) }
    for file in contents.files { add(file) }
    for activity in graph.activities { add(activity) }
    for artifact in graph.artifacts {
      document.relate(.wasGeneratedBy, ["prov:entity": Self.entity(artifact.sha256), "prov:activity": Self.run(graph.activity(of: artifact))])
    }
    var used: Set<[String]> = []
    for edge in graph.edges {
      let (child, parent, run) = (Self.entity(edge.child.sha256), Self.entity(edge.parent.sha256), Self.run(graph.activity(of: edge.child)))
      // A slice may be the very bytes of its image: one entity, which comes from itself in no useful sense.
      guard child != parent else { continue }
      document.relate(
        .wasDerivedFrom, ["prov:generatedEntity": child, "prov:usedEntity": parent, "prov:activity": run, "role": edge.role])
      if edge.child.run != edge.parent.run, used.insert([run, parent]).inserted {
        document.relate(.used, ["prov:activity": run, "prov:entity": parent])
      }
    }
    for file in contents.files where file.sha256 != file.item.sha256 {
      document.relate(
        .wasDerivedFrom,
        ["prov:generatedEntity": Self.entity(file.sha256), "prov:usedEntity": Self.entity(file.item.sha256), "role": "exported"])
    }
  }

  private static func entity(_ digest: ContentDigest?) -> String { "sha256:\(digest?.hex ?? "")" }
  private static func run(_ digest: ContentDigest) -> String { "run:\(digest.hex)" }

  private mutating func add(_ artifact: ArtifactRecord) {
    document.describe(
      Self.entity(artifact.sha256),
      [
        "kind": artifact.kind == .image ? "scan" : artifact.kind.rawValue, "origin": artifact.origin.rawValue,
        "split": artifact.split?.rawValue, "patient": artifact.patient?.text, "label": artifact.label?.name, "mediaType": artifact.media,
        "path": artifact.attributes.values["model"]?.stringValue.map { "models/\($0)/model.safetensors" },
        "terms": artifact.attributes.terms,
      ])
  }

  private mutating func add(_ file: ExportedFile) {
    let record = file.item.record
    document.describe(
      Self.entity(file.sha256),
      [
        "kind": "image", "path": file.path, "origin": record.origin.rawValue, "split": record.split?.rawValue,
        "patient": record.patient?.text, "label": record.label?.name, "mediaType": "image/png",
        "synthetic": file.isSynthetic ? "true" : "false",
      ])
  }

  private mutating func add(_ activity: ProvenanceGraph.Activity) {
    var members: [String: CanonicalJSON] = ["op": .string(activity.op), "parameters": .string(activity.parameters.text)]
    members["seed"] = activity.seed.map { .string(String($0)) }
    document.add(activity: Self.run(activity.digest), members)
    let agent = "tool:scanforge-\(activity.version)"
    document.add(agent: agent, .software, ["version": .string(activity.version)])
    document.relate(.wasAssociatedWith, ["prov:activity": Self.run(activity.digest), "prov:agent": agent])
  }

  var json: CanonicalJSON { document.json }
}
