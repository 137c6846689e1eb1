import Foundation
import ScanCatalog
import ScanDeid
import ScanExport
import TestSupport
import Testing

/// prov, rocrate and croissant: documents about pictures.
@Suite(.serialized)
struct ProvenanceExportTests {
  private func document(_ example: ExportWorkspace, _ path: String) throws -> [String: Any] {
    let bytes = try #require(try example.files()[path])
    return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  @Test func `every picture of prov is a file with that hash, and leads to its scans and models`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    _ = try example.export("prov")
    let files = try example.files()
    let document = try document(example, "prov/prov.json")
    let entities = try #require(document["entity"] as? [String: [String: Any]])
    let images = entities.filter { $0.value["kind"] as? String == "image" }
    #expect(images.count == 7)
    for (id, facts) in images {
      let path = try #require(facts["path"] as? String)
      let bytes = try #require(files[path])
      #expect(id == "sha256:\(ContentDigest(of: [UInt8](bytes)).hex)")
    }
    var parents: [String: Set<String>] = [:]
    for relation in try #require(document["wasDerivedFrom"] as? [String: [String: String]]).values {
      let (child, parent) = (try #require(relation["prov:generatedEntity"]), try #require(relation["prov:usedEntity"]))
      parents[child, default: []].insert(parent)
    }
    for (id, facts) in images {
      var (seen, waiting) = (Set<String>(), [id])
      while let next = waiting.popLast() { if seen.insert(next).inserted { waiting += parents[next] ?? [] } }
      let behind = seen.compactMap { entities[$0] }
      #expect(behind.count == seen.count)
      let patients = Set(behind.compactMap { $0["patient"] as? String })
      switch facts["origin"] as? String {
      case "generated":
        #expect(facts["patient"] == nil && facts["synthetic"] as? String == "true")
        #expect(behind.contains { $0["kind"] as? String == "model" })
        // What the model learned from: the two patients of the training part.
        #expect(patients == Set(example.patients[..<2].map(\.text)))
      case "derived": #expect(patients == Set([facts["patient"] as? String].compactMap(\.self)) && patients.count == 1)
      default: #expect(behind.contains { $0["kind"] as? String == "model" } && patients.count == 2)
      }
    }
    let activities = try #require(document["activity"] as? [String: [String: Any]])
    #expect(Set(activities.values.compactMap { $0["op"] as? String }) == ["ingest", "train", "generate"])
    let text = String(decoding: try #require(files["prov/prov.json"]), as: UTF8.self)
    #expect(!text.contains(ToolIdentity.current.host) || ToolIdentity.current.host.count < 4)
    #expect(!text.contains(example.folder.lastPathComponent))
  }

  @Test func `every file of a crate has its hash, and every reference leads somewhere`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    _ = try example.export("rocrate")
    let files = try example.files()
    let graph = try #require(try document(example, "rocrate/ro-crate-metadata.json")["@graph"] as? [[String: Any]])
    let known = Set(graph.compactMap { $0["@id"] as? String })
    #expect(known.count == graph.count)
    func types(_ entity: [String: Any]) -> [String] { entity["@type"] as? [String] ?? [entity["@type"] as? String ?? ""] }
    var listed = 0
    for entity in graph where types(entity).contains("File") {
      let id = try #require(entity["@id"] as? String)
      let bytes = try #require(files["rocrate/\(id)"])
      #expect(entity["sha256"] as? String == ContentDigest(of: [UInt8](bytes)).hex)
      #expect(entity["contentSize"] as? String == String(bytes.count))
      if entity["encodingFormat"] as? String == "image/png" {
        listed += 1
        #expect(["derived", "enhanced", "generated"].contains(entity["additionalType"] as? String))
      }
    }
    #expect(listed == 7)
    func references(_ value: Any) -> [String] {
      if let list = value as? [Any] { return list.flatMap(references) }
      guard let object = value as? [String: Any] else { return [] }
      return (object["@id"] as? String).map { [$0] } ?? []
    }
    for entity in graph {
      for (key, value) in entity where key != "@id" {
        for id in references(value) where !id.hasPrefix("https://w3id.org/ro/crate/") { #expect(known.contains(id), "\(key) \(id)") }
      }
    }
    let root = try #require(graph.first { $0["@id"] as? String == "./" })
    #expect(references(root["mainEntity"] as Any) == ["workflow.json"])
    #expect(references(root["conformsTo"] as Any).contains("https://w3id.org/ro/wfrun/workflow/0.5"))
    let execution = try #require(graph.first { ($0["instrument"] as? [String: String])?["@id"] == "workflow.json" })
    #expect(references(execution["result"] as Any).count == 7)
  }

  @Test func `croissant names its table by hash, and the table its pictures`() throws {
    let example = try ExportWorkspace()
    defer { example.remove() }
    _ = try example.export("croissant")
    let files = try example.files()
    let document = try document(example, "croissant/croissant.json")
    let distribution = try #require(document["distribution"] as? [[String: Any]])
    let table = [UInt8](try #require(files["croissant/metadata.csv"]))
    #expect(distribution.first?["sha256"] as? String == ContentDigest(of: table).hex)
    #expect(document["conformsTo"] as? [String] == ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"])
    let header = String(decoding: table, as: UTF8.self).split(separator: "\n")[0].split(separator: ",").map(String.init)
    let record = try #require((document["recordSet"] as? [[String: Any]])?.first?["field"] as? [[String: Any]])
    let columns = record.compactMap { (($0["source"] as? [String: Any])?["extract"] as? [String: String])?["column"] }
    #expect(columns.allSatisfy(header.contains) && Set(["file_name", "label", "split", "origin"]).isSubset(of: columns))
    #expect(files.keys.count(where: { $0.hasPrefix("croissant/images/") }) == 7)
  }
}
