import Foundation
import ScanCatalog

/// The whole catalog as PROV-JSON (W3C member submission of 24 April 2013): artifacts are entities, runs activities, accounts agents.
struct ProvenanceRecord {
  let json: CanonicalJSON

  init(_ catalog: Catalog) throws {
    func id(_ value: CanonicalJSON) -> String { value.integerValue.map(String.init) ?? "" }
    var entities: [String: CanonicalJSON] = [:]
    var made: [String: CanonicalJSON] = [:]
    for row in try catalog.select("SELECT id, sha256, kind, origin, label, split, state, run_id FROM artifact ORDER BY id").rows {
      let name = "sf:artifact/\(id(row[0]))"
      let facts = zip(["sha256", "kind", "origin", "label", "split", "state"], row[1...6]).filter { $0.1 != .null }
      entities[name] = .object(Dictionary(uniqueKeysWithValues: facts.map { ("sf:\($0)", $1) }))
      made["_:g\(id(row[0]))"] = .object(["prov:entity": .string(name), "prov:activity": .string("sf:run/\(id(row[7]))")])
    }
    var derived: [String: CanonicalJSON] = [:]
    for (number, row) in try catalog.select("SELECT child, parent, role FROM derivation ORDER BY child, parent, role").rows.enumerated() {
      derived["_:d\(number)"] = .object([
        "prov:generatedEntity": .string("sf:artifact/\(id(row[0]))"), "prov:usedEntity": .string("sf:artifact/\(id(row[1]))"), "sf:role": row[2],
      ])
    }
    var activities: [String: CanonicalJSON] = [:]
    var agents: [String: CanonicalJSON] = [:]
    var associations: [String: CanonicalJSON] = [:]
    for run in try catalog.runs() {
      let name = "sf:run/\(run.id)"
      var facts: [String: CanonicalJSON] = [
        "prov:startTime": .string(Self.time(run.startedMilliseconds)), "sf:op": .string(run.op), "sf:parameters": .string(run.params),
        "sf:version": .string(run.toolVersion), "sf:build": .string(run.buildSHA256), "sf:host": .string(run.host),
      ]
      facts["prov:endTime"] = run.endedMilliseconds.map { .string(Self.time($0)) }
      facts["sf:seed"] = run.seed.map { .whole($0) }
      activities[name] = .object(facts)
      agents["sf:account/\(run.actor)"] = .object(["prov:type": .string("prov:Person")])
      associations["_:a\(run.id)"] = .object(["prov:activity": .string(name), "prov:agent": .string("sf:account/\(run.actor)")])
    }
    json = .object([
      "prefix": .object(["sf": .string("urn:scanforge:"), "prov": .string("http://www.w3.org/ns/prov#")]), "entity": .object(entities),
      "activity": .object(activities), "agent": .object(agents), "wasGeneratedBy": .object(made), "wasDerivedFrom": .object(derived),
      "wasAssociatedWith": .object(associations),
    ])
  }

  private static func time(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
  }
}
