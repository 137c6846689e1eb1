import Foundation
import GRDB
import ScanDeid
package import ScanModel

/// Which artifacts: conditions joined by AND; the values of one condition are joined by OR.
///
/// Text form: `key=value,…` over label, split, origin, kind, modality and run; a key that stands twice means either value.
package struct ArtifactQuery: Sendable, Equatable {
  package var labels: [Label] = []
  package var splits: [Split] = []
  package var origins: [ArtifactOrigin] = []
  package var kinds: [ArtifactKind] = []
  package var modalities: [String] = []
  package var runs: [RunID] = []
  /// Only rows whose object is there and free to use.
  package var onlyActive = true

  package init(
    labels: [Label] = [], splits: [Split] = [], origins: [ArtifactOrigin] = [], kinds: [ArtifactKind] = [], modalities: [String] = [],
    runs: [RunID] = []
  ) {
    self.labels = labels
    self.splits = splits
    self.origins = origins
    self.kinds = kinds
    self.modalities = modalities
    self.runs = runs
  }

  /// - Throws: `CatalogError.unknownQueryKey`, `malformedQuery`.
  package init(parsing text: String) throws {
    self.init()
    for part in text.split(separator: ",") {
      guard let equals = part.firstIndex(of: "=") else { throw CatalogError.malformedQuery(String(part)) }
      let key = part[..<equals].trimmingCharacters(in: .whitespaces)
      let value = part[part.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      func parsed<T>(_ value: T?) throws -> T {
        guard let value else { throw CatalogError.malformedQuery(String(part)) }
        return value
      }
      switch key {
      case "label": labels.append(try parsed(Label(value)))
      case "split": splits.append(try parsed(Split(rawValue: value)))
      case "origin": origins.append(try parsed(ArtifactOrigin(rawValue: value)))
      case "kind": kinds.append(try parsed(ArtifactKind(rawValue: value)))
      case "modality": modalities.append(value)
      case "run": runs.append(RunID(rawValue: try parsed(Int64(value))))
      default: throw CatalogError.unknownQueryKey(key)
      }
    }
  }

  /// Both conditions at once; a condition that both have is met by the values that both allow.
  package func narrowed(by other: ArtifactQuery) -> ArtifactQuery {
    func both<T: Equatable>(_ a: [T], _ b: [T]) -> [T]? {
      if a.isEmpty { return b }
      if b.isEmpty { return a }
      let common = a.filter(b.contains)
      return common.isEmpty ? nil : common
    }
    guard let labels = both(labels, other.labels), let splits = both(splits, other.splits), let origins = both(origins, other.origins),
      let kinds = both(kinds, other.kinds), let modalities = both(modalities, other.modalities), let runs = both(runs, other.runs)
    else {
      // Nothing has a negative run.
      return ArtifactQuery(runs: [RunID(rawValue: -1)])
    }
    return ArtifactQuery(labels: labels, splits: splits, origins: origins, kinds: kinds, modalities: modalities, runs: runs)
  }

  /// The text form, keys in a fixed order.
  package var text: String {
    let parts =
      labels.map { "label=\($0)" } + splits.map { "split=\($0.rawValue)" } + origins.map { "origin=\($0.rawValue)" }
      + kinds.map { "kind=\($0.rawValue)" } + modalities.map { "modality=\($0)" } + runs.map { "run=\($0)" }
    return parts.joined(separator: ",")
  }

  /// A WHERE clause over `artifact a`.
  var condition: (sql: String, arguments: StatementArguments) {
    var clauses: [String] = onlyActive ? ["a.state = 'active'"] : []
    var arguments = StatementArguments()
    func add(_ expression: String, _ values: [any DatabaseValueConvertible]) {
      guard !values.isEmpty else { return }
      clauses.append("\(expression) IN (\(values.map { _ in "?" }.joined(separator: ", ")))")
      arguments += StatementArguments(values)
    }
    add("a.label", labels.map(\.name))
    add("a.split", splits.map(\.rawValue))
    add("a.origin", origins.map(\.rawValue))
    add("a.kind", kinds.map(\.rawValue))
    add("a.attributes ->> '$.modality'", modalities)
    add("a.run_id", runs.map(\.rawValue))
    return (clauses.isEmpty ? "1" : clauses.joined(separator: " AND "), arguments)
  }
}

extension Catalog {
  /// The artifacts that `query` names, by id.
  package func artifacts(_ query: ArtifactQuery) throws -> [ArtifactRecord] {
    let (condition, arguments) = query.condition
    return try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(ArtifactRecord.columns) FROM artifact a LEFT JOIN patient p ON p.id = a.patient_id
          WHERE \(condition) ORDER BY a.id
          """, arguments: arguments
      ).map(ArtifactRecord.init(row:))
    }
  }

  /// Ids of the artifacts that `query` names, in order: for catalogs whose rows do not fit into memory.
  package func artifactIDs(_ query: ArtifactQuery) throws -> [ArtifactID] {
    let (condition, arguments) = query.condition
    return try read { db in
      let ids = try Int64.fetchCursor(db, sql: "SELECT a.id FROM artifact a WHERE \(condition) ORDER BY a.id", arguments: arguments)
      var found: [ArtifactID] = []
      while let id = try ids.next() { found.append(ArtifactID(rawValue: id)) }
      return found
    }
  }

  /// Of images that were ingested or normalized more than once, the latest: slices of the last way of normalizing alone, and of equal
  /// contents of one patient the last row, which has the last label.
  package func current(_ records: [ArtifactRecord]) throws -> [ArtifactRecord] {
    let latest = try runs().last { $0.op == "normalize" }?.params
    let isLatest = { (record: ArtifactRecord) in record.attributes.normalization.map { $0.text == latest } ?? true }
    let hasLatest = records.contains { $0.kind == .slice && $0.attributes.normalization != nil && isLatest($0) }
    var last: [[String]: ArtifactID] = [:]
    func key(_ record: ArtifactRecord) -> [String]? {
      guard let patient = record.patient, let digest = record.sha256 else { return nil }
      return [digest.hex, patient.text, record.kind.rawValue, record.origin.rawValue]
    }
    let kept = records.filter { $0.kind != .slice || !hasLatest || isLatest($0) }
    for record in kept { if let key = key(record) { last[key] = max(last[key] ?? record.id, record.id) } }
    return kept.filter { record in key(record).map { last[$0] == record.id } ?? true }
  }

  /// The rows of `ids`, in their order.
  ///
  /// - Throws: `CatalogError.unknownArtifact`.
  package func artifacts(_ ids: [ArtifactID]) throws -> [ArtifactRecord] {
    try read { db in
      try ids.map { id in
        guard let record = try Self.artifact(id, db) else { throw CatalogError.unknownArtifact("artifact \(id)") }
        return record
      }
    }
  }

  package func artifact(_ id: ArtifactID) throws -> ArtifactRecord { try artifacts([id])[0] }

  /// All rows whose content is `digest`, oldest first.
  package func artifacts(sha256 digest: ContentDigest) throws -> [ArtifactRecord] {
    try artifacts(sha256Beginning: digest.hex)
  }

  /// All rows whose SHA-256 begins with `prefix` (4 hexadecimal digits or more).
  ///
  /// - Throws: `CatalogError.unknownArtifact`, `ambiguousArtifact`.
  package func artifacts(sha256Prefix prefix: String) throws -> [ArtifactRecord] {
    let prefix = prefix.lowercased()
    guard (4...64).contains(prefix.utf8.count), prefix.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
      throw CatalogError.unknownArtifact(prefix)
    }
    let records = try artifacts(sha256Beginning: prefix)
    guard !records.isEmpty else { throw CatalogError.unknownArtifact(prefix) }
    let contents = Set(records.compactMap(\.sha256))
    guard contents.count == 1 else { throw CatalogError.ambiguousArtifact(prefix, count: contents.count) }
    return records
  }

  /// Parents of `id` with their roles, by id.
  package func parents(of id: ArtifactID) throws -> [(role: String, record: ArtifactRecord)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT d.role, \(ArtifactRecord.columns) FROM derivation d CROSS JOIN artifact a ON a.id = d.parent
          LEFT JOIN patient p ON p.id = a.patient_id WHERE d.child = ? ORDER BY a.id, d.role
          """, arguments: [id.rawValue]
      ).map { ($0["role"], try ArtifactRecord(row: $0)) }
    }
  }

  /// Parents of a collection with their roles, by id, without those of the patient with this random id.
  package func items(of collection: ArtifactID, leavingOut patient: Int64) throws -> [(item: ArtifactID, role: String)] {
    try read { db in
      let rows = try BareStatement(
        db,
        """
        SELECT d.parent, d.role FROM derivation d CROSS JOIN artifact a ON a.id = d.parent
        WHERE d.child = ?1 AND a.patient_id IS NOT ?2 ORDER BY d.parent, d.role
        """)
      rows.bind(collection.rawValue, at: 1)
      rows.bind(patient, at: 2)
      var items: [(item: ArtifactID, role: String)] = []
      while try rows.next() { items.append((ArtifactID(rawValue: rows.integer(0) ?? 0), rows.text(1) ?? "")) }
      return items
    }
  }

  static func artifact(_ id: ArtifactID, _ db: Database) throws -> ArtifactRecord? {
    let statement = try db.cachedStatement(
      sql: "SELECT \(ArtifactRecord.columns) FROM artifact a LEFT JOIN patient p ON p.id = a.patient_id WHERE a.id = ?")
    return try Row.fetchOne(statement, arguments: [id.rawValue]).map(ArtifactRecord.init(row:))
  }

  /// The hash that binds the row of `id`.
  package func leaf(of id: ArtifactID) throws -> ContentDigest { try read { try Self.leaf(of: id, $0) } }

  static func leaf(of id: ArtifactID, _ db: Database) throws -> ContentDigest {
    let statement = try db.cachedStatement(sql: "SELECT leaf FROM artifact WHERE id = ?")
    guard let leaf = try Data.fetchOne(statement, arguments: [id.rawValue]).flatMap({ ContentDigest(bytes: $0) }) else {
      throw CatalogError.unknownArtifact("artifact \(id)")
    }
    return leaf
  }

  private func artifacts(sha256Beginning digits: String) throws -> [ArtifactRecord] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(ArtifactRecord.columns) FROM (\(ContentIndex.matches(db))) c CROSS JOIN artifact a ON a.id = c.artifact
          LEFT JOIN patient p ON p.id = a.patient_id WHERE a.sha256 >= ?1 AND a.sha256 < ?1 || 'g' ORDER BY a.id
          """, arguments: [digits]
      ).map(ArtifactRecord.init(row:))
    }
  }
}
