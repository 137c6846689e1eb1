import Crypto

/// The hashes that bind an artifact row: `edges` over its parents, `leaf` over the row, `key` over what makes two rows the same.
enum ArtifactLeaf {
  /// Digest of the edges of a child: its parents' leaves with their roles, sorted. nil without parents.
  ///
  /// A leaf names its parents' leaves, so it commits to the whole ancestry.
  static func edges(_ parents: [(leaf: ContentDigest, role: String)]) -> ContentDigest? {
    guard !parents.isEmpty else { return nil }
    var hasher = SHA256()
    let lines = parents.map { "\($0.leaf.hex) \($0.role)\n" }.sorted()
    for line in lines {
      var line = line
      line.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }
    return ContentDigest(finalizing: hasher)
  }

  /// SHA-256(salt || canonical row). `state` is left out because it may change (each change is an event); `split` is left out for a
  /// patient's rows because it repeats `patient_split`, which has its own events.
  static func leaf(
    salt: [UInt8], sha256: String, kind: String, origin: String, bytes: Int64, media: String, label: String?, split: String?, patient: Int64?,
    run: Int64, attributes: String, key: ContentDigest, edges: ContentDigest?
  ) -> ContentDigest {
    var row = CanonicalRow(capacity: 640 + attributes.utf8.count)
    row.add("attributes", attributes)
    row.add("bytes", bytes)
    row.add("edges", edges)
    row.add("key", key)
    row.add("kind", kind)
    row.add("label", label)
    row.add("media", media)
    row.add("origin", origin)
    row.add("patient", patient)
    row.add("run", run)
    row.add("sha256", sha256)
    row.add("split", patient == nil ? split : nil)
    return row.leaf(salt: salt)
  }

  /// Rows with one key are one artifact: same request (op, parameters, seed), content, kind, origin, owner, label, attributes, parents.
  static func key(
    request: ContentDigest, sha256: String, kind: String, origin: String, media: String, label: String?, patient: Int64?, attributes: String,
    edges: ContentDigest?
  ) -> ContentDigest {
    ContentDigest(
      ofText: CanonicalJSON.array([
        .string(request.hex), .string(sha256), .string(kind), .string(origin), .string(media), text(label),
        patient.map { .integer($0) } ?? .null, .string(attributes), text(edges),
      ]).text)
  }

  /// SHA-256(salt || canonical row) of a patient.
  static func patient(salt: [UInt8], id: Int64, pseudonym: String, consent: String?) -> ContentDigest {
    var row = CanonicalRow(capacity: 128)
    row.add("consent", consent)
    row.add("id", id)
    row.add("pseudonym", pseudonym)
    return row.leaf(salt: salt)
  }

  /// 16 random bytes.
  static func newSalt() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).flatMap { _ in withUnsafeBytes(of: generator.next() as UInt64) { Array($0) } }
  }

  private static func text(_ value: String?) -> CanonicalJSON { value.map { .string($0) } ?? .null }
  private static func text(_ value: ContentDigest?) -> CanonicalJSON { value.map { .string($0.hex) } ?? .null }
}
