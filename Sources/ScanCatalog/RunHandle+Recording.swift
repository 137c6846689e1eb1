import GRDB

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
    try catalog.objects.publish(drafts.map(\.object))
    return try recordPlaced(drafts)
  }

  /// As `record`, for objects that are in place and on the disk already.
  @discardableResult
  package func recordPlaced(_ drafts: [ArtifactDraft]) throws -> [ArtifactID] {
    guard !drafts.isEmpty else { return [] }
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
    let digests = try catalog.read { try Self.contents(of: sorted, $0) }.sorted()
    let body = CanonicalJSON.object([
      "items": .integer(Int64(digests.count)), "root": .string(MerkleTree(digests).root.hex), "type": .string("dataset"),
    ])
    let object = try catalog.objects.store(unownedBytes: Array(body.text.utf8))
    return try record(
      .computed(object, kind: .dataset, media: "application/json", from: sorted.map { (.recorded($0), "item") }))
  }

  /// SHA-256 of each item that has one.
  private static func contents(of items: [ArtifactID], _ db: Database) throws -> [ContentDigest] {
    let statement = try BareStatement(db, "SELECT sha256, attributes ->> '$.terms' FROM artifact WHERE id = ?", isShared: true)
    var digests: [ContentDigest] = []
    var terms: [String: Int] = [:]
    for item in items {
      statement.restart()
      statement.bind(item.rawValue, at: 1)
      guard try statement.next() else { throw CatalogError.unknownArtifact("artifact \(item)") }
      if let digest = statement.utf8(0).flatMap({ ContentDigest(hexDigits: $0) }) { digests.append(digest) }
      if let text = statement.text(1) { terms[text, default: 0] += 1 }
    }
    statement.restart()
    try Terms.refuseTraining(on: terms)
    return digests
  }
}
