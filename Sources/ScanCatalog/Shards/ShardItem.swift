import ScanDeid
import ScanModel

/// An artifact in the log of a shard: all that its row will hold but what only the catalog gives (ids, salt, leaf).
struct ShardItem: Equatable {
  /// What it was made from.
  enum Parent: Equatable {
    /// A row of the workspace's catalog, by leaf, which no other catalog has.
    case recorded(ContentDigest)
    /// An earlier item of the same log, counted from 0.
    case item(Int)
  }

  /// Place in the order in which one process would have recorded it: what comes from rows of the catalog first, by id, then what came in.
  struct Place: Comparable {
    var isNew: Bool
    var number: Int64

    static func < (a: Place, b: Place) -> Bool { a.isNew != b.isNew ? b.isNew : a.number < b.number }
  }

  let sha256: ContentDigest
  let bytes: Int64
  let kind: ArtifactKind
  let origin: ArtifactOrigin
  let media: String
  let label: Label?
  let ownSplit: Split?
  let patient: Pseudonym?
  let consent: String?
  let attributes: ArtifactAttributes
  let parents: [(parent: Parent, role: String)]
  let place: Place

  init(_ draft: ArtifactDraft, parents: [(parent: Parent, role: String)], place: Place) {
    sha256 = draft.object.sha256
    bytes = draft.object.bytes
    kind = draft.kind
    origin = draft.origin
    media = draft.media
    label = draft.label
    ownSplit = draft.ownSplit
    patient = draft.patient
    consent = draft.consent
    attributes = draft.attributes
    self.parents = parents
    self.place = place
  }

  /// The draft that it was, over an object of the catalog's store.
  func draft(_ object: StoredObject, from parents: [(parent: ArtifactDraft.Parent, role: String)]) -> ArtifactDraft {
    ArtifactDraft(object, kind, origin, media, label, ownSplit, patient, consent, parents, attributes)
  }

  /// Whose the bytes are.
  var subject: StoredObject.Subject { patient.map { .patient($0) } ?? .nobody }

  /// What the item is, whatever its place: two items with one content are recorded once.
  var content: ContentDigest { ContentDigest(ofText: CanonicalJSON.object(members).text) }

  var json: CanonicalJSON {
    .object(members.merging(["place": .array([.bool(place.isNew), .whole(place.number)])]) { $1 })
  }

  private var members: [String: CanonicalJSON] {
    func text(_ value: String?) -> CanonicalJSON { value.map { .string($0) } ?? .null }
    return [
      "attributes": attributes.json, "bytes": .whole(bytes), "consent": text(consent), "kind": .string(kind.rawValue),
      "label": text(label?.name), "media": .string(media), "origin": .string(origin.rawValue), "patient": text(patient?.text),
      "parents": .array(
        parents.map { parent, role in
          switch parent {
          case .recorded(let leaf): .object(["leaf": .string(leaf.hex), "role": .string(role)])
          case .item(let number): .object(["item": .integer(Int64(number)), "role": .string(role)])
          }
        }), "sha256": .string(sha256.hex), "split": text(ownSplit?.rawValue),
    ]
  }

  /// Reads an item back.
  ///
  /// - Parameter number: its place in the log: parents come before it.
  /// - Returns: nil for one that no stage makes.
  init?(_ json: CanonicalJSON, number: Int) {
    func text<T>(_ key: String, _ make: (String) -> T?) -> T?? {
      switch json[key] {
      case .null: .some(nil)
      case .string(let value): make(value).map { .some($0) }
      default: nil
      }
    }
    guard json.objectValue?.count == 12, let sha256 = json["sha256"]?.stringValue.flatMap({ ContentDigest(hex: $0) }),
      let bytes = json["bytes"]?.integerValue, bytes >= 0, let kind = json["kind"]?.stringValue.flatMap({ ArtifactKind(rawValue: $0) }),
      let origin = json["origin"]?.stringValue.flatMap({ ArtifactOrigin(rawValue: $0) }), let media = json["media"]?.stringValue,
      let label = text("label", { Label($0) }), let split = text("split", { Split(rawValue: $0) }),
      let patient = text("patient", { Pseudonym(stored: $0) }), let consent = text("consent", { $0 }),
      let attributes = json["attributes"]?.objectValue, let place = json["place"]?.arrayValue, place.count == 2,
      let isNew = place[0].boolValue, let placeNumber = place[1].integerValue, let list = json["parents"]?.arrayValue
    else { return nil }
    let parents = list.compactMap { parent -> (parent: Parent, role: String)? in
      guard parent.objectValue?.count == 2, let role = parent["role"]?.stringValue else { return nil }
      if let leaf = parent["leaf"]?.stringValue.flatMap({ ContentDigest(hex: $0) }) { return (.recorded(leaf), role) }
      guard let item = parent["item"]?.integerValue, (0..<Int64(number)).contains(item) else { return nil }
      return (.item(Int(item)), role)
    }
    guard parents.count == list.count else { return nil }
    self.sha256 = sha256
    self.bytes = bytes
    self.kind = kind
    self.origin = origin
    self.media = media
    self.label = label
    ownSplit = split
    self.patient = patient
    self.consent = consent
    self.attributes = ArtifactAttributes(attributes)
    self.parents = parents
    self.place = Place(isNew: isNew, number: placeNumber)
    guard isPossible else { return nil }
  }

  /// As the makers of `ArtifactDraft` have it: only what a generator made has no patient, only what came in has no parent.
  private var isPossible: Bool {
    let isMade = !parents.isEmpty && consent == nil
    return switch origin {
    case .acquired: kind == .image && patient != nil && parents.isEmpty && ownSplit == nil
    case .derived: [.image, .slice, .mask].contains(kind) && patient != nil && isMade && ownSplit == nil
    case .enhanced: kind == .image && patient != nil && isMade && ownSplit == nil
    case .generated: [.image, .mask, .grid].contains(kind) && patient == nil && isMade && ownSplit != nil
    }
  }

  static func == (a: ShardItem, b: ShardItem) -> Bool { a.json == b.json }
}
