import GRDB
package import ScanDeid
package import ScanModel

/// One recorded artifact with the public columns, its patient's pseudonym and its attributes.
package struct ArtifactRecord: Sendable, Equatable, Identifiable {
  package let id: ArtifactID
  /// nil after a withdrawal.
  package let sha256: ContentDigest?
  package let kind: ArtifactKind
  package let origin: ArtifactOrigin
  package let bytes: Int64
  package let media: String
  package let label: Label?
  package let split: Split?
  package let patient: Pseudonym?
  package let run: RunID
  package let state: ArtifactState
  package let attributes: ArtifactAttributes

  /// Columns that `init(row:)` reads; the query calls `artifact` `a` and joins `patient` as `p`.
  static let columns = """
    a.id, a.sha256, a.kind, a.origin, a.bytes, a.media, a.label, a.split, p.pseudonym, a.run_id, a.state, a.attributes
    """

  init(
    id: ArtifactID, sha256: ContentDigest?, kind: ArtifactKind, origin: ArtifactOrigin, bytes: Int64, media: String, label: Label?, split: Split?,
    patient: Pseudonym?, run: RunID, state: ArtifactState, attributes: ArtifactAttributes
  ) {
    self.id = id
    self.sha256 = sha256
    self.kind = kind
    self.origin = origin
    self.bytes = bytes
    self.media = media
    self.label = label
    self.split = split
    self.patient = patient
    self.run = run
    self.state = state
    self.attributes = attributes
  }

  /// - Throws: `CatalogError.unreadable` for values that the schema forbids.
  init(row: Row) throws {
    guard let kind = ArtifactKind(rawValue: row["kind"]), let origin = ArtifactOrigin(rawValue: row["origin"]),
      let state = ArtifactState(rawValue: row["state"]), case .object(let values)? = CanonicalJSON(parsing: row["attributes"])
    else { throw CatalogError.unreadable(reason: "artifact \(row["id"] as Int64) holds a value that the schema forbids") }
    self.init(
      id: ArtifactID(rawValue: row["id"]), sha256: (row["sha256"] as String?).flatMap { ContentDigest(hex: $0) }, kind: kind, origin: origin,
      bytes: row["bytes"], media: row["media"], label: (row["label"] as String?).flatMap { Label($0) },
      split: (row["split"] as String?).flatMap { Split(rawValue: $0) }, patient: (row["pseudonym"] as String?).flatMap { Pseudonym(stored: $0) },
      run: RunID(rawValue: row["run_id"]), state: state, attributes: ArtifactAttributes(values))
  }
}
