package import ScanCatalog

/// A PROV-JSON document while it is put together; the same members in any order give the same text.
///
/// Sources: W3C PROV-DM (2013), the PROV-JSON member submission of 24 April 2013.
package struct PROVJSON {
  package enum Relation: String {
    case wasGeneratedBy, wasDerivedFrom, wasAssociatedWith, used
  }

  /// PROV-DM, section 5.3.1.
  package enum Agent: String {
    case person = "prov:Person"
    case software = "prov:SoftwareAgent"
  }

  private typealias Members = [String: CanonicalJSON]
  private let prefixes: [String: String]
  private var entities: [String: [String: Set<String>]] = [:]
  private var activities: Members = [:]
  private var agents: Members = [:]
  private var relations: [Relation: [CanonicalJSON]] = [:]

  package init(prefixes: [String: String]) { self.prefixes = prefixes }

  /// Adds to an entity; what is told twice and differs stands with both values.
  package mutating func describe(_ entity: String, _ attributes: [String: String?]) {
    entities[entity, default: [:]].merge(attributes.compactMapValues { $0.map { [$0] } }) { $0.union($1) }
  }

  package mutating func add(activity: String, _ members: [String: CanonicalJSON]) { activities[activity] = .object(members) }

  package mutating func add(agent: String, _ type: Agent, _ members: [String: CanonicalJSON] = [:]) {
    let type = CanonicalJSON.object(["$": .string(type.rawValue), "type": .string("prov:QUALIFIED_NAME")])
    agents[agent] = .object(members.merging(["prov:type": type]) { $1 })
  }

  package mutating func relate(_ kind: Relation, _ members: [String: String]) {
    relations[kind, default: []].append(.object(members.mapValues { .string($0) }))
  }

  package var json: CanonicalJSON {
    var document: Members = [
      "prefix": .object(prefixes.mapValues { .string($0) }), "activity": .object(activities), "agent": .object(agents),
      "entity": .object(entities.mapValues { .object($0.mapValues(Self.value)) }),
    ]
    for (kind, all) in relations {
      let sorted = all.map { (text: $0.text, members: $0) }.sorted { $0.text < $1.text }.map(\.members)
      document[kind.rawValue] = .object(
        Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ("_:\(kind.rawValue)\($0.offset + 1)", $0.element) }))
    }
    return .object(document)
  }

  private static func value(_ texts: Set<String>) -> CanonicalJSON {
    texts.count == 1 ? .string(texts.first ?? "") : .array(texts.sorted().map { .string($0) })
  }
}
