import GRDB

/// Compares every artifact row and edge with the Merkle roots of the events: one pass beside the log's, in constant memory.
final class ArtifactVerifier {
  private let report: (AuditFinding) -> Void
  private let rows: RowCursor
  private let edgeRows: RowCursor
  private var row: Row?
  private var edge: Row?
  /// Rows with smaller ids are not looked at.
  private let first: Int64
  /// Part of each patient, by `patient_split`, which is compared with the log on its own.
  private let splits: [Int64: String]
  /// Rows whose state is not `active`: compared with the log when all of it has been read.
  private var changed: [ContentDigest: (id: Int64, state: String)] = [:]
  private(set) var artifacts = 0
  private(set) var edges = 0

  /// - Parameter first: artifacts below this id are left out.
  init(_ db: Database, from first: Int64 = .min, report: @escaping (AuditFinding) -> Void) throws {
    self.report = report
    self.first = first
    splits = Dictionary(
      try Row.fetchAll(db, sql: "SELECT patient_id, split FROM patient_split").map { ($0.integer("patient_id") ?? 0, $0.text("split") ?? "") },
      uniquingKeysWith: { first, _ in first })
    rows = try Row.fetchCursor(db, sql: "SELECT \(Column.list) FROM artifact WHERE id >= ? ORDER BY id", arguments: [first])
    edgeRows = try Row.fetchCursor(
      db,
      sql: """
        SELECT d.child, d.role, p.leaf FROM derivation d LEFT JOIN artifact p ON p.id = d.parent
        WHERE d.child >= ? ORDER BY d.child, d.parent, d.role
        """, arguments: [first])
    row = try rows.next()
    edge = try edgeRows.next()
  }

  private enum Column: Int, CaseIterable {
    case id, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, key, salt, leaf, edges, event_seq

    static let list = allCases.map { "\($0)" }.joined(separator: ", ")
  }

  /// Compares the rows of one batch. Batches come in the order of their ids.
  func verify(_ batch: EventReplay.Batch) throws {
    guard batch.first >= first else { return }
    var tree = MerkleTree()
    var isWhole = true
    var next = batch.first
    let end = batch.first + batch.count
    try skipUnrecorded(before: next)
    while next < end {
      let id = min(row?.integer(Column.id.rawValue) ?? end, end)
      if id > next {
        isWhole = false
        let what = id == next + 1 ? "artifact \(next) was" : "artifacts \(next) to \(id - 1) were"
        report(AuditFinding(.artifactRowMissing, "\(what) recorded and not found", artifact: next, event: batch.event))
        _ = try takeEdges(upTo: id - 1, of: nil)
        next = id
        continue
      }
      guard let current = row else { break }
      artifacts += 1
      let parents = try takeEdges(upTo: id, of: id)
      if !verify(current, id: id, batch: batch, parents: parents) { isWhole = false }
      if let leaf = current.digest(Column.leaf.rawValue) { tree.append(leaf) }
      row = try rows.next()
      next = id + 1
    }
    if isWhole, tree.root != batch.root {
      let range = batch.count == 1 ? "artifact \(batch.first) is" : "artifacts \(batch.first) to \(end - 1) are"
      report(AuditFinding(.artifactRowChanged, "\(range) not what event \(batch.event) recorded", artifact: batch.first, event: batch.event))
    }
  }

  /// Looks at what comes after the last batch, and at the states that the whole log gave.
  func conclude(_ db: Database, states: [ContentDigest: (event: Int64, state: String)]) throws {
    try skipUnrecorded(before: .max)
    _ = try takeEdges(upTo: .max, of: nil)
    let statement = try db.makeStatement(sql: "SELECT id, state FROM artifact WHERE leaf = ?")
    for (leaf, state) in states.sorted(by: { $0.key < $1.key }) {
      changed[leaf] = nil
      guard let found = try Row.fetchOne(statement, arguments: [leaf.data]), let id = found.integer("id") else {
        report(AuditFinding(.artifactRowMissing, "an artifact whose state was changed is not found", event: state.event))
        continue
      }
      if found.text("state") != state.state {
        report(AuditFinding(.artifactRowChanged, "artifact \(id) does not have the state that event \(state.event) gave it", artifact: id, event: state.event))
      }
    }
    for (id, _) in changed.values.sorted(by: { $0.id < $1.id }) {
      report(AuditFinding(.artifactRowChanged, "artifact \(id) has a state that no event gave it", artifact: id))
    }
  }

  private func skipUnrecorded(before end: Int64) throws {
    var range: ClosedRange<Int64>?
    func tell() {
      guard let range else { return }
      let what = range.count == 1 ? "artifact \(range.lowerBound) is" : "artifacts \(range.lowerBound) to \(range.upperBound) are"
      report(AuditFinding(.artifactRowUnrecorded, "\(what) in no event", artifact: range.lowerBound))
    }
    while let stray = row {
      let id = stray.integer(Column.id.rawValue) ?? .max
      guard id < end || end == .max else { break }
      if let known = range, known.upperBound < id, known.upperBound + 1 == id {
        range = known.lowerBound...id
      } else {
        tell()
        range = id...id
      }
      row = try rows.next()
    }
    tell()
  }

  /// Takes the edges of children up to `last`; those of any child but `child` belong to no recorded row.
  private func takeEdges(upTo last: Int64, of child: Int64?) throws -> [(leaf: ContentDigest?, role: String)] {
    var parents: [(leaf: ContentDigest?, role: String)] = []
    var told: Int64?
    while let current = edge {
      let owner = current.integer(0) ?? .max
      guard owner <= last else { break }
      edges += 1
      if owner == child {
        parents.append((current.digest(2), current.text(1) ?? ""))
      } else if told != owner {
        told = owner
        report(AuditFinding(.lineageChanged, "an edge names artifact \(owner), which is in no event or not found", artifact: owner))
      }
      edge = try edgeRows.next()
    }
    return parents
  }

  /// - Returns: false when the row itself is not what was recorded.
  private func verify(_ row: Row, id: Int64, batch: EventReplay.Batch, parents: [(leaf: ContentDigest?, role: String)]) -> Bool {
    var isGood = true
    func fail(_ code: AuditFinding.Code, _ what: String) {
      // Edges and parts are not in the leaf that the row has: the batch's root still tells whether the leaf is the recorded one.
      if code == .artifactRowChanged { isGood = false }
      report(AuditFinding(code, what, artifact: id, event: batch.event, sha256: row.text(Column.sha256.rawValue)))
    }
    let edgesDigest = row.digest(Column.edges.rawValue)
    let known = parents.compactMap { parent in parent.leaf.map { (leaf: $0, role: parent.role) } }
    if known.count != parents.count || ArtifactLeaf.edges(known) != edgesDigest {
      fail(.lineageChanged, "the parents of artifact \(id) are not those that were recorded")
    }
    let leaf = row.digest(Column.leaf.rawValue)
    let state = row.text(Column.state.rawValue) ?? ""
    if state != "active", let leaf { changed[leaf] = (id, state) }
    let isErased = [Column.sha256, .salt, .key].allSatisfy { row.isNull($0.rawValue) }
    if isErased {
      if state != "withdrawn" { fail(.artifactRowChanged, "artifact \(id) has lost its hash without a withdrawal") }
      if !row.isNull(Column.label.rawValue) || row.integer(Column.bytes.rawValue) != 0 || row.text(Column.attributes.rawValue) != "{}" {
        fail(.artifactRowChanged, "artifact \(id) was erased and tells something again")
      }
    } else if leaf == nil || self.leaf(of: row, edges: edgesDigest) != leaf {
      fail(.artifactRowChanged, "artifact \(id) is not what was recorded")
    }
    if row.integer(Column.event_seq.rawValue) != batch.event || row.integer(Column.run_id.rawValue) != batch.run {
      fail(.artifactRowChanged, "artifact \(id) is not of the batch that recorded it")
    }
    if let patient = row.integer(Column.patient_id.rawValue), row.text(Column.split.rawValue) != splits[patient] {
      fail(.splitChanged, "artifact \(id) is not in its patient's part")
    }
    return isGood
  }

  private func leaf(of row: Row, edges: ContentDigest?) -> ContentDigest? {
    func text(_ column: Column) -> String? { row.text(column.rawValue) }
    func integer(_ column: Column) -> Int64? { row.integer(column.rawValue) }
    guard let salt = row.blob(Column.salt.rawValue), let sha256 = text(.sha256), let kind = text(.kind), let origin = text(.origin),
      let bytes = integer(.bytes), let media = text(.media), let run = integer(.run_id), let attributes = text(.attributes),
      let key = row.digest(Column.key.rawValue)
    else { return nil }
    return ArtifactLeaf.leaf(
      salt: salt, sha256: sha256, kind: kind, origin: origin, bytes: bytes, media: media, label: text(.label), split: text(.split),
      patient: integer(.patient_id), run: run, attributes: attributes, key: key, edges: edges)
  }
}
