import Foundation
import ScanCatalog
import ScanExport

/// The whole catalog as PROV-JSON: artifacts are entities, runs activities, accounts agents. Written row by row, in the order of the ids, since a
/// catalog of millions does not fit into memory.
///
/// Sources: W3C PROV-DM (2013), the PROV-JSON member submission of 24 April 2013.
struct ProvenanceRecord {
  private let catalog: Catalog

  init(_ catalog: Catalog) { self.catalog = catalog }

  /// The bundle's verifier makes the same text anew from the rows, so its order and names are part of the bundle's format.
  ///
  /// - Parameter put: gets the document piece by piece.
  func write(_ put: (String) throws -> Void) throws {
    let prefixes = ["sf": "urn:scanforge:", "prov": "http://www.w3.org/ns/prov#"]
    try put("{\"prefix\":\(CanonicalJSON.object(prefixes.mapValues { .string($0) }).text)")
    try write("activity", from: "SELECT * FROM run ORDER BY id", put) { (Self.run($0("id")), Self.activity($0)) }
    try write("agent", from: "SELECT actor FROM run GROUP BY actor ORDER BY min(id)", put) { (Self.account($0("actor")), Self.person) }
    try write("entity", from: "SELECT id, sha256, kind, origin, label, split, state FROM artifact ORDER BY id", put) { value in
      (Self.artifact(value("id")), .object(Self.told(["sha256", "kind", "origin", "label", "split", "state"], value)))
    }
    try relate("wasAssociatedWith", "a", from: "SELECT id, actor FROM run ORDER BY id", put) { value in
      ["prov:activity": Self.run(value("id")), "prov:agent": Self.account(value("actor"))]
    }
    let edges = "SELECT row_number() OVER (ORDER BY child, parent, role) AS id, child, parent, role FROM derivation ORDER BY child, parent, role"
    try relate("wasDerivedFrom", "d", from: edges, put) { value in
      let ends = ["prov:generatedEntity": Self.artifact(value("child")), "prov:usedEntity": Self.artifact(value("parent"))]
      return ends.merging(["sf:role": value("role").stringValue ?? ""]) { $1 }
    }
    try relate("wasGeneratedBy", "g", from: "SELECT id, run_id FROM artifact ORDER BY id", put) { value in
      ["prov:entity": Self.artifact(value("id")), "prov:activity": Self.run(value("run_id"))]
    }
    try put("}\n")
  }

  /// A row by the names of its columns.
  private struct Columns {
    let names: [String]
    let row: [CanonicalJSON]

    func callAsFunction(_ name: String) -> CanonicalJSON { names.firstIndex(of: name).map { row[$0] } ?? .null }
  }

  /// A member of the document with one entry for each row, by the identifier that `entry` gives.
  private func write(
    _ name: String, from sql: String, _ put: (String) throws -> Void, _ entry: (Columns) -> (id: String, value: CanonicalJSON)
  ) throws {
    var isFirst = true
    try put(",\"\(name)\":{")
    try catalog.forEachRow(sql) { columns, row in
      let (id, value) = entry(Columns(names: columns, row: row))
      try put("\(isFirst ? "" : ",")\(CanonicalJSON.string(id).text):\(value.text)")
      isFirst = false
    }
    try put("}")
  }

  /// The same for a relation, whose entries have a letter and the row's id.
  private func relate(
    _ name: String, _ letter: String, from sql: String, _ put: (String) throws -> Void, _ members: (Columns) -> [String: String]
  ) throws {
    try write(name, from: sql, put) { value in
      ("_:\(letter)\(value("id").integerValue ?? 0)", CanonicalJSON.object(members(value).mapValues { .string($0) }))
    }
  }

  private static func artifact(_ id: CanonicalJSON) -> String { "sf:artifact/\(id.integerValue ?? 0)" }
  private static func run(_ id: CanonicalJSON) -> String { "sf:run/\(id.integerValue ?? 0)" }
  private static func account(_ actor: CanonicalJSON) -> String { "sf:account/\(actor.stringValue ?? "")" }

  private static let person = CanonicalJSON.object([
    "prov:type": .object(["$": .string(PROVJSON.Agent.person.rawValue), "type": .string("prov:QUALIFIED_NAME")])
  ])

  private static func told(_ names: [String], _ value: Columns) -> [String: CanonicalJSON] {
    Dictionary(uniqueKeysWithValues: names.compactMap { name in value(name) == .null ? nil : ("sf:\(name)", value(name)) })
  }

  private static func activity(_ value: Columns) -> CanonicalJSON {
    var facts = told(["op", "params", "tool_version", "build_sha256", "host", "device", "determinism"], value)
    facts["prov:startTime"] = value("started_ms").integerValue.map { .string(time($0)) }
    facts["prov:endTime"] = value("ended_ms").integerValue.map { .string(time($0)) }
    facts["sf:seed"] = value("seed").integerValue.map { .whole($0) }
    return .object(facts)
  }

  private static func time(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
  }
}
