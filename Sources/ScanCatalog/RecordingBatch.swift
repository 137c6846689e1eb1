import GRDB
import Glibc
import ScanDeid
import ScanModel

/// Rows of one `record` call while they are put together. Every draft is looked up before the first row is written, so nothing is written twice.
struct RecordingBatch {
  let run: Int64
  let request: ContentDigest
  let workspace: Workspace

  /// A row that waits for the event over all of them.
  private struct Row {
    let id: Int64
    let draft: Int
    let split: String?
    let patient: Int64?
    let attributes: String
    let key: ContentDigest
    let salt: Salt
    let leaf: ContentDigest
    let edges: ContentDigest?
  }

  private struct Patient {
    let id: Int64
    let split: String?
    /// Nothing of a new one is recorded yet.
    let isNew: Bool
  }

  /// Read when someone new comes in.
  private lazy var withdrawn = Result { try WithdrawnRegister.ifAny(workspace) }
  private var recorded: [(id: Int64, leaf: ContentDigest)] = []
  private var rows: [Row] = []
  private var edges: [(child: Int64, parent: Int64, role: String)] = []
  private var tree = MerkleTree()
  private var fresh: [ContentDigest: (id: Int64, leaf: ContentDigest)] = [:]
  private var patients: [Pseudonym: Patient] = [:]
  private var newPatients: [(id: Int64, pseudonym: String, consent: String?, salt: Salt, leaf: ContentDigest)] = []
  private var revived: [(id: Int64, leaf: ContentDigest)] = []
  /// Leaves of recorded parents: thousands of images come from one model.
  private var parentLeaves: [Int64: ContentDigest] = [:]
  private var canonical = CanonicalRow()

  init(run: Int64, request: ContentDigest, workspace: Workspace) {
    self.run = run
    self.request = request
    self.workspace = workspace
  }

  mutating func record(_ drafts: [ArtifactDraft], _ db: Database) throws -> [ArtifactID] {
    let first = try (Int64.fetchOne(db, sql: "SELECT max(id) FROM artifact") ?? 0) + 1
    let sequence = try EventLog.nextSequence(db)
    let lookup = try Lookup(db)
    for (index, draft) in drafts.enumerated() { try add(draft, index, id: first + Int64(rows.count), lookup, db) }
    if !rows.isEmpty {
      try EventLog.append(
        .recorded(run: run, first: first, count: Int64(rows.count), root: tree.root, patients: newPatients.map { ($0.id, $0.leaf) }), db)
      try insert(drafts, sequence: sequence, db)
      try ContentIndex.catchUp(db, ifDueAt: first + Int64(rows.count) - 1)
    }
    if !revived.isEmpty { try ArtifactStates.set(.active, of: revived, run: run, db) }
    return recorded.map { ArtifactID(rawValue: $0.id) }
  }

  private mutating func add(_ draft: ArtifactDraft, _ index: Int, id: Int64, _ lookup: Lookup, _ db: Database) throws {
    let parents = try parents(of: draft, lookup)
    let edgesDigest = ArtifactLeaf.edges(parents.map { ($0.leaf, $0.role) })
    if draft.origin == .acquired, let patient = draft.patient, try withdrawn.get()?.contains(draft.object.sha256) == true {
      throw CatalogError.patientWithdrawn(patient.text)
    }
    let patient = try draft.patient.map { try self.patient($0, consent: draft.consent, db) }
    let split = patient == nil ? draft.ownSplit?.rawValue : patient?.split
    let attributes = draft.attributes.json.text
    let key = ArtifactLeaf.key(
      request: request, sha256: draft.object.sha256, kind: draft.kind.rawValue, origin: draft.origin.rawValue, media: draft.media,
      label: draft.label?.name, patient: patient?.id, attributes: attributes, edges: edgesDigest)
    if let known = try fresh[key] ?? (patient?.isNew == true ? nil : known(key, patient?.id, edgesDigest, lookup)) {
      recorded.append(known)
      return
    }
    let salt = Salt()
    let leaf = ArtifactLeaf.leaf(
      salt: salt, sha256: draft.object.sha256, kind: draft.kind.rawValue, origin: draft.origin.rawValue, bytes: draft.object.bytes,
      media: draft.media, label: draft.label?.name, split: split, patient: patient?.id, run: run, attributes: attributes, key: key,
      edges: edgesDigest, in: &canonical)
    rows.append(
      Row(
        id: id, draft: index, split: split, patient: patient?.id, attributes: attributes, key: key, salt: salt, leaf: leaf, edges: edgesDigest))
    for parent in parents { edges.append((id, parent.id, parent.role)) }
    tree.append(leaf)
    fresh[key] = (id, leaf)
    recorded.append((id, leaf))
  }

  /// Parents with their leaves, each pair of parent and role once.
  private mutating func parents(of draft: ArtifactDraft, _ lookup: Lookup) throws -> [(id: Int64, leaf: ContentDigest, role: String)] {
    struct Edge: Hashable {
      let parent: Int64
      let role: String
    }
    var seen: Set<Edge> = []
    var parents: [(id: Int64, leaf: ContentDigest, role: String)] = []
    for (parent, role) in draft.parents {
      let (id, leaf) = try resolve(parent, lookup)
      guard draft.parents.count == 1 || seen.insert(Edge(parent: id, role: role)).inserted else { continue }
      parents.append((id, leaf, role))
    }
    return parents
  }

  private mutating func resolve(_ parent: ArtifactDraft.Parent, _ lookup: Lookup) throws -> (Int64, ContentDigest) {
    switch parent {
    case .draft(let index):
      precondition(index >= 0 && index < recorded.count, "draft \(recorded.count) cannot come from draft \(index)")
      return recorded[index]
    case .recorded(let id):
      if let leaf = parentLeaves[id.rawValue] { return (id.rawValue, leaf) }
      guard let leaf = try lookup.leaf(of: id.rawValue) else { throw CatalogError.unknownArtifact("artifact \(id)") }
      parentLeaves[id.rawValue] = leaf
      return (id.rawValue, leaf)
    }
  }

  private mutating func known(
    _ key: ContentDigest, _ patient: Int64?, _ edges: ContentDigest?, _ lookup: Lookup
  ) throws -> (id: Int64, leaf: ContentDigest)? {
    guard let found = try lookup.artifact(key: key, patient: patient, edges: edges) else { return nil }
    if found.isSuperseded, !revived.contains(where: { $0.id == found.id }) { revived.append((found.id, found.leaf)) }
    return (found.id, found.leaf)
  }

  private mutating func patient(_ pseudonym: Pseudonym, consent: String?, _ db: Database) throws -> Patient {
    if let known = patients[pseudonym] { return known }
    let statement = try db.cachedStatement(
      sql: """
        SELECT patient.id, patient.state, patient_split.split FROM patient LEFT JOIN patient_split ON patient_split.patient_id = patient.id
        WHERE pseudonym = ?
        """)
    if let row = try GRDB.Row.fetchOne(statement, arguments: [pseudonym.text]) {
      guard row["state"] == "active" else { throw CatalogError.patientWithdrawn(pseudonym.text) }
      let known = Patient(id: row["id"], split: row["split"], isNew: false)
      patients[pseudonym] = known
      return known
    }
    if try withdrawn.get()?.contains(pseudonym) == true { throw CatalogError.patientWithdrawn(pseudonym.text) }
    var id: Int64
    repeat {
      id = Int64.random(in: 1...9_007_199_254_740_991)
    } while try Int64.fetchOne(db.cachedStatement(sql: "SELECT id FROM patient WHERE id = ?"), arguments: [id]) != nil
    let salt = Salt()
    let leaf = ArtifactLeaf.patient(salt: salt, id: id, pseudonym: pseudonym.text, consent: consent)
    newPatients.append((id, pseudonym.text, consent, salt, leaf))
    let new = Patient(id: id, split: nil, isNew: true)
    patients[pseudonym] = new
    return new
  }

  private func insert(_ drafts: [ArtifactDraft], sequence: Int64, _ db: Database) throws {
    let patient = try BareStatement(
      db, "INSERT INTO patient (id, pseudonym, consent, salt, leaf, event_seq) VALUES (?, ?, ?, ?, ?, ?)", isShared: true)
    patient.bind(sequence, at: 6)
    for new in newPatients {
      patient.bind(new.id, at: 1)
      patient.bind(new.pseudonym, at: 2)
      patient.bind(new.consent, at: 3)
      patient.bind(new.salt, at: 4)
      patient.bind(new.leaf, at: 5)
      try patient.run()
    }
    try insertRows(drafts, sequence: sequence, db)
    let derivation = try BareStatement(db, "INSERT INTO derivation (child, parent, role) VALUES (?, ?, ?)", isShared: true)
    for edge in edges {
      derivation.bind(edge.child, at: 1)
      derivation.bind(edge.parent, at: 2)
      derivation.bind(edge.role, at: 3)
      try derivation.run()
    }
    for row in rows where drafts[row.draft].kind == .dataset || drafts[row.draft].kind == .export { try CollectionSummary.write(of: row.id, db) }
  }

  private func insertRows(_ drafts: [ArtifactDraft], sequence: Int64, _ db: Database) throws {
    let artifact = try BareStatement(
      db,
      """
      INSERT INTO artifact (id, sha256, kind, origin, bytes, media, label, split, patient_id, attributes, key, salt, leaf, edges, run_id, event_seq)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, isShared: true)
    artifact.bind(run, at: 15)
    artifact.bind(sequence, at: 16)
    for row in rows {
      let draft = drafts[row.draft]
      artifact.bind(row.id, at: 1)
      artifact.bind(draft.object.sha256.hex, at: 2)
      artifact.bind(draft.kind.rawValue, at: 3)
      artifact.bind(draft.origin.rawValue, at: 4)
      artifact.bind(draft.object.bytes, at: 5)
      artifact.bind(draft.media, at: 6)
      artifact.bind(draft.label?.name, at: 7)
      artifact.bind(row.split, at: 8)
      artifact.bind(row.patient, at: 9)
      artifact.bind(row.attributes, at: 10)
      artifact.bind(row.key, at: 11)
      artifact.bind(row.salt, at: 12)
      artifact.bind(row.leaf, at: 13)
      artifact.bind(row.edges, at: 14)
      try artifact.run()
    }
  }
}

/// What a batch asks the catalog, by statements that are prepared once.
private struct Lookup {
  private let leaves: BareStatement
  private let keys: BareStatement

  init(_ db: Database) throws {
    leaves = try BareStatement(db, "SELECT leaf FROM artifact WHERE id = ?", isShared: true)
    keys = try BareStatement(db, ArtifactLeaf.keyQuery, isShared: true)
  }

  func leaf(of id: Int64) throws -> ContentDigest? {
    leaves.bind(id, at: 1)
    defer { leaves.restart() }
    return try leaves.next() ? leaves.digest(0) : nil
  }

  func artifact(key: ContentDigest, patient: Int64?, edges: ContentDigest?) throws -> (id: Int64, leaf: ContentDigest, isSuperseded: Bool)? {
    keys.bind(patient, at: 1)
    keys.bind(edges, at: 2)
    keys.bind(key, at: 3)
    defer { keys.restart() }
    guard try keys.next(), let id = keys.integer(0), let leaf = keys.digest(1) else { return nil }
    return (id, leaf, keys.text(2) == ArtifactState.superseded.rawValue)
  }
}
