import GRDB

/// Compares every artifact row and edge with the Merkle roots of the events, in one pass and constant memory.
struct ArtifactVerifier {
  let history: EventReplay
  let report: (AuditFinding) -> Void
  private(set) var artifacts = 0
  private(set) var edges = 0

  init(history: EventReplay, report: @escaping (AuditFinding) -> Void) {
    self.history = history
    self.report = report
  }

  mutating func verify(_ db: Database) throws {
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM artifact ORDER BY id")
    let edgeRows = try Row.fetchCursor(
      db,
      sql: """
        SELECT d.child, d.parent, d.role, p.leaf FROM derivation d LEFT JOIN artifact p ON p.id = d.parent ORDER BY d.child, d.parent, d.role
        """)
    var row = try rows.next()
    var edge = try edgeRows.next()
    for batch in history.batches {
      var tree = MerkleTree()
      var isWhole = true
      for id in batch.first..<batch.first + batch.count {
        while let stray = row, (stray.integer("id") ?? 0) < id {
          reportUnrecorded(stray)
          row = try rows.next()
        }
        let parents = try takeEdges(of: id, edgeRows, &edge)
        guard let current = row, current.integer("id") == id else {
          isWhole = false
          report(AuditFinding(.artifactRowMissing, "artifact \(id) was recorded and is gone", artifact: id, event: batch.event))
          continue
        }
        artifacts += 1
        if !verify(current, id: id, batch: batch, parents: parents) { isWhole = false }
        if let leaf = current.digest("leaf") { tree.append(leaf) }
        row = try rows.next()
      }
      if isWhole, tree.root != batch.root {
        let range = batch.count == 1 ? "artifact \(batch.first) is" : "artifacts \(batch.first) to \(batch.first + batch.count - 1) are"
        report(AuditFinding(.artifactRowChanged, "\(range) not what event \(batch.event) recorded", artifact: batch.first, event: batch.event))
      }
    }
    while let stray = row {
      reportUnrecorded(stray)
      row = try rows.next()
    }
    while let stray = edge {
      edges += 1
      let child = stray.integer("child") ?? 0
      report(AuditFinding(.lineageChanged, "an edge names artifact \(child), which was never recorded", artifact: child))
      edge = try edgeRows.next()
    }
  }

  private func reportUnrecorded(_ row: Row) {
    let id = row.integer("id") ?? 0
    report(AuditFinding(.artifactRowUnrecorded, "artifact \(id) is in no event", artifact: id))
  }

  /// The edges of child `id`; edges of ids below it belong to no recorded row.
  private mutating func takeEdges(of id: Int64, _ rows: RowCursor, _ edge: inout Row?) throws -> [(leaf: ContentDigest?, role: String)] {
    var parents: [(leaf: ContentDigest?, role: String)] = []
    while let current = edge, let child = current.integer("child"), child <= id {
      edges += 1
      if child == id {
        parents.append((current.digest("leaf"), current.text("role") ?? ""))
      } else {
        report(AuditFinding(.lineageChanged, "an edge names artifact \(child), which was never recorded", artifact: child))
      }
      edge = try rows.next()
    }
    return parents
  }

  /// - Returns: false when a finding was reported.
  private func verify(_ row: Row, id: Int64, batch: EventReplay.Batch, parents: [(leaf: ContentDigest?, role: String)]) -> Bool {
    var isGood = true
    func fail(_ code: AuditFinding.Code, _ what: String) {
      isGood = false
      report(AuditFinding(code, what, artifact: id, event: batch.event, sha256: row.text("sha256")))
    }
    let edgesDigest = row.digest("edges")
    let known = parents.compactMap { parent in parent.leaf.map { (leaf: $0, role: parent.role) } }
    if known.count != parents.count || ArtifactLeaf.edges(known) != edgesDigest {
      fail(.lineageChanged, "the parents of artifact \(id) are not those that were recorded")
    }
    let state = row.digest("leaf").flatMap { history.states[$0] } ?? "active"
    let isErased = row.isNull("sha256") && row.isNull("salt") && row.isNull("key")
    if row.text("state") != state {
      fail(.artifactRowChanged, "artifact \(id) has a state that no event gave it")
    } else if isErased {
      if state != "withdrawn" { fail(.artifactRowChanged, "artifact \(id) has lost its hash without a withdrawal") }
      if !row.isNull("label") || row.integer("bytes") != 0 || row.text("attributes") != "{}" {
        fail(.artifactRowChanged, "artifact \(id) was erased and tells something again")
      }
    } else if leaf(of: row, edges: edgesDigest) != row.digest("leaf") {
      fail(.artifactRowChanged, "artifact \(id) is not what was recorded")
    }
    if row.integer("event_seq") != batch.event || row.integer("run_id") != batch.run {
      fail(.artifactRowChanged, "artifact \(id) is not of the batch that recorded it")
    }
    if let patient = row.integer("patient_id"), row.text("split") != history.patients[patient]?.split?.name {
      fail(.splitChanged, "artifact \(id) is not in its patient's part")
    }
    return isGood
  }

  private func leaf(of row: Row, edges: ContentDigest?) -> ContentDigest? {
    guard let salt = row.blob("salt"), let sha256 = row.text("sha256"), let kind = row.text("kind"), let origin = row.text("origin"),
      let bytes = row.integer("bytes"), let media = row.text("media"), let run = row.integer("run_id"),
      let attributes = row.text("attributes"), let key = row.digest("key")
    else { return nil }
    return ArtifactLeaf.leaf(
      salt: salt, sha256: sha256, kind: kind, origin: origin, bytes: bytes, media: media, label: row.text("label"), split: row.text("split"),
      patient: row.integer("patient_id"), run: run, attributes: attributes, key: key, edges: edges)
  }
}
