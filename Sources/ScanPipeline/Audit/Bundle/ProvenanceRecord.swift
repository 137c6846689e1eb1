import Foundation
import ScanCatalog
import ScanExport

/// The whole catalog as PROV: artifacts are entities, runs activities, accounts agents.
struct ProvenanceRecord {
  private var document = PROVJSON(prefixes: ["sf": "urn:scanforge:", "prov": "http://www.w3.org/ns/prov#"])

  init(_ catalog: Catalog) throws {
    let columns = ["sha256", "kind", "origin", "label", "split", "state"]
    for row in try catalog.select("SELECT id, run_id, \(columns.joined(separator: ", ")) FROM artifact ORDER BY id").rows {
      document.describe(
        Self.artifact(row[0]), Dictionary(uniqueKeysWithValues: zip(columns.map { "sf:\($0)" }, row[2...].map(\.stringValue))))
      document.relate(.wasGeneratedBy, ["prov:entity": Self.artifact(row[0]), "prov:activity": Self.run(row[1].integerValue)])
    }
    for row in try catalog.select("SELECT child, parent, role FROM derivation").rows {
      document.relate(
        .wasDerivedFrom,
        ["prov:generatedEntity": Self.artifact(row[0]), "prov:usedEntity": Self.artifact(row[1]), "sf:role": row[2].stringValue ?? ""])
    }
    for run in try catalog.runs() { add(run) }
  }

  var json: CanonicalJSON { document.json }

  private static func artifact(_ id: CanonicalJSON) -> String { "sf:artifact/\(id.integerValue ?? 0)" }
  private static func run(_ id: Int64?) -> String { "sf:run/\(id ?? 0)" }

  private mutating func add(_ run: RunRecord) {
    var facts: [String: CanonicalJSON] = [
      "prov:startTime": .string(Self.time(run.startedMilliseconds)), "sf:op": .string(run.op), "sf:parameters": .string(run.params),
      "sf:version": .string(run.toolVersion), "sf:build": .string(run.buildSHA256), "sf:host": .string(run.host),
    ]
    facts["prov:endTime"] = run.endedMilliseconds.map { .string(Self.time($0)) }
    facts["sf:seed"] = run.seed.map { .whole($0) }
    document.add(activity: Self.run(run.id.rawValue), facts)
    document.add(agent: "sf:account/\(run.actor)", .person)
    document.relate(.wasAssociatedWith, ["prov:activity": Self.run(run.id.rawValue), "prov:agent": "sf:account/\(run.actor)"])
  }

  private static func time(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
  }
}
