package import ScanDeid
package import ScanModel

/// An artifact that is about to be recorded. The makers below leave no way to give a generated image a patient, or to lose the
/// patient of any other image: the patient comes with the stored bytes.
package struct ArtifactDraft: Sendable {
  /// An artifact that this one was made from.
  package enum Parent: Sendable, Equatable {
    case recorded(ArtifactID)
    /// An earlier draft of the same batch, by position.
    case draft(Int)
  }

  package let object: StoredObject
  package let kind: ArtifactKind
  package let origin: ArtifactOrigin
  /// Media type: `application/dicom`, `image/tiff`, `image/png`, `application/octet-stream`, `application/json`, `text/plain`.
  package let media: String
  package let label: Label?
  /// Only for items without a patient; a patient's items follow `patient_split`.
  let ownSplit: Split?
  package let patient: Pseudonym?
  /// Consent or licence terms of a patient that is new to the catalog.
  package let consent: String?
  package let parents: [(parent: Parent, role: String)]
  package let attributes: ArtifactAttributes
  /// Number of the item among those that were asked for, where it comes from no recorded row: a shard keeps it, so that a merge records in the order
  /// of one process.
  package var place = 0

  /// The de-identified instance itself. `object` must come from a patient's scan.
  package static func acquired(
    _ object: StoredObject, media: String, label: Label? = nil, consent: String? = nil, attributes: ArtifactAttributes = .init()
  ) -> ArtifactDraft {
    ArtifactDraft(
      object, .image, .acquired, media, label, nil, owner(of: object, "acquired"), consent, [], attributes)
  }

  /// A slice or mask computed from a patient's image.
  package static func derived(
    _ object: StoredObject, kind: ArtifactKind = .slice, media: String, from parents: [(parent: Parent, role: String)], label: Label? = nil,
    attributes: ArtifactAttributes = .init()
  ) -> ArtifactDraft {
    precondition([.image, .slice, .mask].contains(kind), "derived images are image, slice or mask, not \(kind)")
    precondition(!parents.isEmpty, "a derived image needs its source")
    return ArtifactDraft(object, kind, .derived, media, label, nil, owner(of: object, "derived"), nil, parents, attributes)
  }

  /// A super-resolved or translated image; it stays the patient's.
  package static func enhanced(
    _ object: StoredObject, media: String, from parents: [(parent: Parent, role: String)], label: Label? = nil,
    attributes: ArtifactAttributes = .init()
  ) -> ArtifactDraft {
    precondition(!parents.isEmpty, "an enhanced image needs its source")
    return ArtifactDraft(object, .image, .enhanced, media, label, nil, owner(of: object, "enhanced"), nil, parents, attributes)
  }

  /// An image that a generator made from noise. It belongs to `split`, by default the training part.
  package static func generated(
    _ object: StoredObject, kind: ArtifactKind = .image, media: String, from parents: [(parent: Parent, role: String)], label: Label? = nil,
    split: Split = .train, attributes: ArtifactAttributes = .init()
  ) -> ArtifactDraft {
    precondition([.image, .mask, .grid].contains(kind), "a generator makes an image, mask or grid, not a \(kind)")
    precondition(object.subject == .nobody, "a generated image has no patient")
    return ArtifactDraft(object, kind, .generated, media, label, split, nil, nil, parents, attributes)
  }

  /// Something computed over many patients' items: weights, data set, grid, export.
  package static func computed(
    _ object: StoredObject, kind: ArtifactKind, media: String, from parents: [(parent: Parent, role: String)],
    attributes: ArtifactAttributes = .init()
  ) -> ArtifactDraft {
    precondition(![.image, .slice, .mask].contains(kind), "an image needs its patient; use derived")
    precondition(object.subject == .nobody, "a \(kind) is not one patient's")
    return ArtifactDraft(object, kind, .derived, media, nil, nil, nil, nil, parents, attributes)
  }

  private static func owner(of object: StoredObject, _ origin: String) -> Pseudonym {
    guard case .patient(let pseudonym) = object.subject else { preconditionFailure("an \(origin) image has a patient") }
    return pseudonym
  }

  /// For the makers above, and for drafts that a shard's log holds.
  init(
    _ object: StoredObject, _ kind: ArtifactKind, _ origin: ArtifactOrigin, _ media: String, _ label: Label?, _ ownSplit: Split?,
    _ patient: Pseudonym?, _ consent: String?, _ parents: [(parent: Parent, role: String)], _ attributes: ArtifactAttributes
  ) {
    self.object = object
    self.kind = kind
    self.origin = origin
    self.media = media
    self.label = label
    self.ownSplit = ownSplit
    self.patient = patient
    self.consent = consent
    self.parents = parents
    self.attributes = attributes
  }
}
