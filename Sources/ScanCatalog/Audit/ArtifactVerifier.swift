import GRDB

/// Compares every artifact row and edge with the Merkle roots of the events: one pass beside the log's, in constant memory.
final class ArtifactVerifier {
  private let report: (AuditFinding) -> Void
  private let rows: BareStatement
  private let edgeRows: BareStatement
  /// `artifact.id` of the row that `rows` stands at; nil after the last.
  private var row: Int64?
  /// `derivation.child` of the row that `edgeRows` stands at; nil after the last.
  private var edge: Int64?
  /// Parents of the row that is looked at, and the bytes of its leaf.
  private var parents: [(leaf: ContentDigest, role: String)] = []
  private var canonical = CanonicalRow()
  private var contents: ContentIndexVerifier
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
    contents = try ContentIndexVerifier(db, from: first)
    rows = try BareStatement(db, "SELECT \(Column.list) FROM artifact WHERE id >= ? ORDER BY id")
    edgeRows = try BareStatement(
      db,
      """
      SELECT d.child, d.role, p.leaf FROM derivation d LEFT JOIN artifact p ON p.id = d.parent
      WHERE d.child >= ? ORDER BY d.child, d.parent, d.role
      """)
    rows.bind(first, at: 1)
    edgeRows.bind(first, at: 1)
    try nextRow()
    try nextEdge()
  }

  private func nextRow() throws {
    row = try rows.next() ? rows.integer(Column.id.rawValue) ?? .max : nil
    if let row { contents.add(row, rows.utf8(Column.sha256.rawValue)) }
  }
  private func nextEdge() throws { edge = try edgeRows.next() ? edgeRows.integer(0) ?? .max : nil }

  private enum Column: Int32, CaseIterable {
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
      let id = min(row ?? end, end)
      if id > next {
        isWhole = false
        let what = id == next + 1 ? "artifact \(next) was" : "artifacts \(next) to \(id - 1) were"
        report(AuditFinding(.artifactRowMissing, "\(what) recorded and not found", artifact: next, event: batch.event))
        try skipEdges(upTo: id - 1)
        next = id
        continue
      }
      guard row != nil else { break }
      artifacts += 1
      let leaf = rows.digest(Column.leaf.rawValue)
      if try !verify(id: id, leaf: leaf, batch: batch, hasAllParents: takeParents(of: id)) { isWhole = false }
      if let leaf { tree.append(leaf) }
      try nextRow()
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
    try skipEdges(upTo: .max)
    try contents.conclude(db, report: report)
    // States that the rows show as the log gave them need no further look, nor do those that are active again: a missing row is told already.
    let open = states.filter { leaf, state in
      changed[leaf]?.state != state.state && (state.state != "active" || changed[leaf] != nil || first > .min)
    }
    let found = try ArtifactLeaf.rows(with: Set(open.keys), db)
    for (leaf, state) in open.sorted(by: { $0.key < $1.key }) {
      guard let row = found[leaf] else {
        report(AuditFinding(.artifactRowMissing, "an artifact whose state was changed is not found", event: state.event))
        continue
      }
      if row.state != state.state {
        report(
          AuditFinding(
            .artifactRowChanged, "artifact \(row.id) does not have the state that event \(state.event) gave it", artifact: row.id,
            event: state.event))
      }
    }
    for (leaf, row) in changed.sorted(by: { $0.value.id < $1.value.id }) where states[leaf] == nil {
      report(AuditFinding(.artifactRowChanged, "artifact \(row.id) has a state that no event gave it", artifact: row.id))
    }
  }

  private func skipUnrecorded(before end: Int64) throws {
    var range: ClosedRange<Int64>?
    func tell() {
      guard let range else { return }
      let what = range.count == 1 ? "artifact \(range.lowerBound) is" : "artifacts \(range.lowerBound) to \(range.upperBound) are"
      report(AuditFinding(.artifactRowUnrecorded, "\(what) in no event", artifact: range.lowerBound))
    }
    while let id = row {
      guard id < end || end == .max else { break }
      if let known = range, known.upperBound < id, known.upperBound + 1 == id {
        range = known.lowerBound...id
      } else {
        tell()
        range = id...id
      }
      try nextRow()
    }
    tell()
  }

  /// Reads the edges of one child into `parents`, past those of earlier ones.
  ///
  /// - Returns: false when a parent has no row.
  private func takeParents(of child: Int64) throws -> Bool {
    try skipEdges(upTo: child - 1)
    parents.removeAll(keepingCapacity: true)
    var isWhole = true
    while edge == child {
      edges += 1
      if let leaf = edgeRows.digest(2) { parents.append((leaf, edgeRows.text(1) ?? "")) } else { isWhole = false }
      try nextEdge()
    }
    return isWhole
  }

  /// Passes edges of children that are no recorded rows.
  private func skipEdges(upTo last: Int64) throws {
    var told: Int64?
    while let owner = edge, owner <= last {
      edges += 1
      if told != owner {
        told = owner
        report(AuditFinding(.lineageChanged, "an edge names artifact \(owner), which is in no event or not found", artifact: owner))
      }
      try nextEdge()
    }
  }

  /// Looks at the row that `rows` stands at.
  ///
  /// - Returns: false when the row itself is not what was recorded.
  private func verify(id: Int64, leaf: ContentDigest?, batch: EventReplay.Batch, hasAllParents: Bool) -> Bool {
    var isGood = true
    func fail(_ code: AuditFinding.Code, _ what: String) {
      // Edges and parts are not in the leaf that the row has: the batch's root still tells whether the leaf is the recorded one.
      if code == .artifactRowChanged { isGood = false }
      report(AuditFinding(code, what, artifact: id, event: batch.event, sha256: rows.text(Column.sha256.rawValue)))
    }
    let edgesDigest = rows.digest(Column.edges.rawValue)
    if !hasAllParents || ArtifactLeaf.edges(parents) != edgesDigest {
      fail(.lineageChanged, "the parents of artifact \(id) are not those that were recorded")
    }
    let state = rows.text(Column.state.rawValue) ?? ""
    if state != "active", let leaf { changed[leaf] = (id, state) }
    let isErased = [Column.sha256, .salt, .key].allSatisfy { rows.isNull($0.rawValue) }
    if isErased {
      if state != "withdrawn" { fail(.artifactRowChanged, "artifact \(id) has lost its hash without a withdrawal") }
      if !rows.isNull(Column.label.rawValue) || rows.integer(Column.bytes.rawValue) != 0 || rows.text(Column.attributes.rawValue) != "{}" {
        fail(.artifactRowChanged, "artifact \(id) was erased and tells something again")
      }
    } else if leaf == nil || actualLeaf(edges: edgesDigest) != leaf {
      fail(.artifactRowChanged, "artifact \(id) is not what was recorded")
    }
    if rows.integer(Column.event_seq.rawValue) != batch.event || rows.integer(Column.run_id.rawValue) != batch.run {
      fail(.artifactRowChanged, "artifact \(id) is not of the batch that recorded it")
    }
    if let patient = rows.integer(Column.patient_id.rawValue), rows.text(Column.split.rawValue) != splits[patient] {
      fail(.splitChanged, "artifact \(id) is not in its patient's part")
    }
    return isGood
  }

  /// The leaf that follows from the columns, as `ArtifactLeaf.leaf` makes it; nil when one has a wrong type.
  private func actualLeaf(edges: ContentDigest?) -> ContentDigest? {
    func text(_ column: Column) -> UnsafeBufferPointer<UInt8>? { rows.utf8(column.rawValue) }
    func integer(_ column: Column) -> Int64? { rows.integer(column.rawValue) }
    guard let salt = rows.blob(Column.salt.rawValue), let sha256 = text(.sha256), let kind = text(.kind), let origin = text(.origin),
      let bytes = integer(.bytes), let media = text(.media), let run = integer(.run_id), let attributes = text(.attributes),
      let key = rows.digest(Column.key.rawValue)
    else { return nil }
    let patient = integer(.patient_id)
    canonical.begin(salt: salt)
    canonical.add("attributes", utf8: attributes)
    canonical.add("bytes", bytes)
    canonical.add("edges", edges)
    canonical.add("key", key)
    canonical.add("kind", utf8: kind)
    canonical.add("label", utf8: text(.label))
    canonical.add("media", utf8: media)
    canonical.add("origin", utf8: origin)
    canonical.add("patient", patient)
    canonical.add("run", run)
    canonical.add("sha256", utf8: sha256)
    canonical.add("split", utf8: patient == nil ? text(.split) : nil)
    return canonical.leaf()
  }
}
