import Foundation
import GRDB
import ScanDeid
import ScanModel

extension RunHandle {
  /// Records a batch: objects into place first, then all rows, edges and one event in one transaction. All or nothing.
  ///
  /// A draft that equals a recorded artifact of the same request (see `ArtifactLeaf.key`) is not recorded again: a rerun or a resumed
  /// run gets the old id back.
  ///
  /// - Returns: one id per draft, in order.
  /// - Throws: `CatalogError`: `patientWithdrawn`, `objectMissing`, `diskFull` …
  @discardableResult
  package func record(_ drafts: [ArtifactDraft]) throws -> [ArtifactID] {
    guard !drafts.isEmpty else { return [] }
    try catalog.objects.publish(drafts.map(\.object))
    return try catalog.write { db in
      var batch = RecordingBatch(run: self.id.rawValue, request: self.request, workspace: self.catalog.workspace)
      return try batch.record(drafts, db)
    }
  }

  @discardableResult
  package func record(_ draft: ArtifactDraft) throws -> ArtifactID { try record([draft])[0] }

  /// Records the set of items that a model is going to learn from, as one artifact between the items and the model.
  ///
  /// Its object holds the number of items and a Merkle root over their sorted hashes, so the same items make the same bytes in any
  /// workspace and no single hash can be read from it.
  ///
  /// - Throws: `CatalogError.termsForbidTraining`.
  package func recordDataset(_ items: [ArtifactID]) throws -> ArtifactID {
    let sorted = Array(Set(items)).sorted()
    let records = try catalog.artifacts(sorted)
    try Terms.refuseTraining(on: records)
    let digests = records.compactMap(\.sha256).sorted()
    let body = CanonicalJSON.object([
      "items": .integer(Int64(digests.count)), "root": .string(MerkleTree(digests).root.hex), "type": .string("dataset"),
    ])
    let object = try catalog.objects.store(unownedBytes: Array(body.text.utf8))
    return try record(
      .computed(object, kind: .dataset, media: "application/json", from: sorted.map { (.recorded($0), "item") }))
  }
}

/// Rows of one `record` call while they are put together.
private struct RecordingBatch {
  let run: Int64
  let request: ContentDigest
  let workspace: Workspace

  /// Read when someone new comes in.
  private lazy var withdrawn = Result { try WithdrawnRegister.ifAny(workspace) }
  private var recorded: [(id: Int64, leaf: ContentDigest)] = []
  private var inserts: [StatementArguments] = []
  private var edges: [(child: Int64, parent: Int64, role: String)] = []
  /// New data sets and exports.
  private var collections: [Int64] = []
  private var tree = MerkleTree()
  private var fresh: [ContentDigest: (id: Int64, leaf: ContentDigest)] = [:]
  private var patients: [Pseudonym: (id: Int64, split: String?)] = [:]
  private var newPatients: [(id: Int64, pseudonym: String, consent: String?, salt: [UInt8], leaf: ContentDigest)] = []
  private var revived: [(id: Int64, leaf: ContentDigest)] = []

  init(run: Int64, request: ContentDigest, workspace: Workspace) {
    self.run = run
    self.request = request
    self.workspace = workspace
  }

  mutating func record(_ drafts: [ArtifactDraft], _ db: Database) throws -> [ArtifactID] {
    let first = try (Int64.fetchOne(db, sql: "SELECT max(id) FROM artifact") ?? 0) + 1
    let sequence = try EventLog.nextSequence(db)
    for draft in drafts { try add(draft, id: first + Int64(inserts.count), sequence: sequence, db) }
    if !inserts.isEmpty {
      try EventLog.append(
        .recorded(
          run: run, first: first, count: Int64(inserts.count), root: tree.root, patients: newPatients.map { ($0.id, $0.leaf) }), db)
      try insert(sequence: sequence, db)
    }
    if !revived.isEmpty { try ArtifactStates.set(.active, of: revived, run: run, db) }
    return recorded.map { ArtifactID(rawValue: $0.id) }
  }

  private mutating func add(_ draft: ArtifactDraft, id: Int64, sequence: Int64, _ db: Database) throws {
    var seen: Set<String> = []
    let parents = try draft.parents.compactMap { parent, role -> (id: Int64, leaf: ContentDigest, role: String)? in
      let (parentID, leaf) = try resolve(parent, db)
      return seen.insert("\(parentID) \(role)").inserted ? (parentID, leaf, role) : nil
    }
    let edgesDigest = ArtifactLeaf.edges(parents.map { ($0.leaf, $0.role) })
    if draft.origin == .acquired, let patient = draft.patient, try withdrawn.get()?.contains(draft.object.sha256) == true { throw CatalogError.patientWithdrawn(patient.text) }
    let patient = try draft.patient.map { try self.patient($0, consent: draft.consent, db) }
    let split = patient == nil ? draft.ownSplit?.rawValue : patient?.split
    let attributes = draft.attributes.json.text
    let sha256 = draft.object.sha256.hex
    let key = ArtifactLeaf.key(
      request: request, sha256: sha256, kind: draft.kind.rawValue, origin: draft.origin.rawValue, media: draft.media, label: draft.label?.name,
      patient: patient?.id, attributes: attributes, edges: edgesDigest)
    if let known = try known(key, db) {
      recorded.append(known)
      return
    }
    let salt = ArtifactLeaf.newSalt()
    let leaf = ArtifactLeaf.leaf(
      salt: salt, sha256: sha256, kind: draft.kind.rawValue, origin: draft.origin.rawValue, bytes: draft.object.bytes, media: draft.media,
      label: draft.label?.name, split: split, patient: patient?.id, run: run, attributes: attributes, key: key, edges: edgesDigest)
    inserts.append([
      id, sha256, draft.kind.rawValue, draft.origin.rawValue, draft.object.bytes, draft.media, draft.label?.name, split, patient?.id, run,
      attributes, key.data, Data(salt), leaf.data, edgesDigest?.data, sequence,
    ])
    for parent in parents { edges.append((id, parent.id, parent.role)) }
    if draft.kind == .dataset || draft.kind == .export { collections.append(id) }
    tree.append(leaf)
    fresh[key] = (id, leaf)
    recorded.append((id, leaf))
  }

  private func resolve(_ parent: ArtifactDraft.Parent, _ db: Database) throws -> (Int64, ContentDigest) {
    switch parent {
    case .draft(let index):
      precondition(index >= 0 && index < recorded.count, "draft \(recorded.count) cannot come from draft \(index)")
      return recorded[index]
    case .recorded(let id):
      return (id.rawValue, try Catalog.leaf(of: id, db))
    }
  }

  private mutating func known(_ key: ContentDigest, _ db: Database) throws -> (id: Int64, leaf: ContentDigest)? {
    if let earlier = fresh[key] { return earlier }
    let statement = try db.cachedStatement(sql: "SELECT id, leaf, state FROM artifact WHERE key = ?")
    guard let row = try Row.fetchOne(statement, arguments: [key.data]), let leaf = ContentDigest(bytes: row["leaf"] as Data) else { return nil }
    let found: (id: Int64, leaf: ContentDigest) = (row["id"], leaf)
    if row["state"] == ArtifactState.superseded.rawValue, !revived.contains(where: { $0.id == found.id }) { revived.append(found) }
    return found
  }

  private mutating func patient(_ pseudonym: Pseudonym, consent: String?, _ db: Database) throws -> (id: Int64, split: String?) {
    if let known = patients[pseudonym] { return known }
    let statement = try db.cachedStatement(
      sql: """
        SELECT patient.id, patient.state, patient_split.split FROM patient LEFT JOIN patient_split ON patient_split.patient_id = patient.id
        WHERE pseudonym = ?
        """)
    if let row = try Row.fetchOne(statement, arguments: [pseudonym.text]) {
      guard row["state"] == "active" else { throw CatalogError.patientWithdrawn(pseudonym.text) }
      let known: (id: Int64, split: String?) = (row["id"], row["split"])
      patients[pseudonym] = known
      return known
    }
    if try withdrawn.get()?.contains(pseudonym) == true { throw CatalogError.patientWithdrawn(pseudonym.text) }
    var id: Int64
    repeat {
      id = Int64.random(in: 1...9_007_199_254_740_991)
    } while try Int64.fetchOne(db, sql: "SELECT id FROM patient WHERE id = ?", arguments: [id]) != nil
    let salt = ArtifactLeaf.newSalt()
    let leaf = ArtifactLeaf.patient(salt: salt, id: id, pseudonym: pseudonym.text, consent: consent)
    newPatients.append((id, pseudonym.text, consent, salt, leaf))
    patients[pseudonym] = (id, nil)
    return (id, nil)
  }

  private func insert(sequence: Int64, _ db: Database) throws {
    for patient in newPatients {
      try db.execute(
        sql: "INSERT INTO patient (id, pseudonym, consent, salt, leaf, event_seq) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [patient.id, patient.pseudonym, patient.consent, Data(patient.salt), patient.leaf.data, sequence])
    }
    let artifact = try db.cachedStatement(
      sql: """
        INSERT INTO artifact (id, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, attributes, key, salt, leaf, edges, event_seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    for arguments in inserts { try artifact.execute(arguments: arguments) }
    let derivation = try db.cachedStatement(sql: "INSERT INTO derivation (child, parent, role) VALUES (?, ?, ?)")
    for edge in edges { try derivation.execute(arguments: [edge.child, edge.parent, edge.role]) }
    for collection in collections { try CollectionSummary.write(of: collection, db) }
  }
}
