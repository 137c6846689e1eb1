import GRDB

/// The hashes that bind an artifact row: `edges` over its parents, `leaf` over the row, `key` over what makes two rows the same.
enum ArtifactLeaf {
  /// Digest of the edges of a child: its parents' leaves with their roles, sorted. nil without parents.
  ///
  /// A leaf names its parents' leaves, so it commits to the whole ancestry.
  static func edges(_ parents: [(leaf: ContentDigest, role: String)]) -> ContentDigest? {
    guard !parents.isEmpty else { return nil }
    var lines: [UInt8] = []
    lines.reserveCapacity(parents.count * 80)
    for parent in parents.count == 1 ? parents : parents.sorted(by: { $0.leaf == $1.leaf ? $0.role < $1.role : $0.leaf < $1.leaf }) {
      parent.leaf.writeHex(to: &lines)
      lines.append(UInt8(ascii: " "))
      lines += parent.role.utf8
      lines.append(UInt8(ascii: "\n"))
    }
    return lines.withUnsafeBytes { ContentDigest(ofBytes: $0) }
  }

  /// SHA-256(salt || canonical row). `state` is left out because it may change (each change is an event); `split` is left out for a
  /// patient's rows because it repeats `patient_split`, which has its own events.
  ///
  /// - Parameter row: where the bytes are put together.
  static func leaf(
    salt: some Collection<UInt8>, sha256: ContentDigest, kind: String, origin: String, bytes: Int64, media: String, label: String?,
    split: String?, patient: Int64?, run: Int64, attributes: String, key: ContentDigest, edges: ContentDigest?, in row: inout CanonicalRow
  ) -> ContentDigest {
    row.begin(salt: salt)
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
    return row.leaf()
  }

  /// Rows with one key are one artifact: same request (op, parameters, seed), content, kind, origin, owner, label, attributes, parents.
  ///
  /// SHA-256 of these as a canonical JSON array.
  static func key(
    request: ContentDigest, sha256: ContentDigest, kind: String, origin: String, media: String, label: String?, patient: Int64?,
    attributes: String, edges: ContentDigest?
  ) -> ContentDigest {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + attributes.utf8.count)
    func add(_ value: String?) {
      bytes.append(UInt8(ascii: bytes.isEmpty ? "[" : ","))
      if let value { CanonicalJSON.write(value, to: &bytes) } else { bytes += "null".utf8 }
    }
    func add(_ value: ContentDigest?) {
      guard let value else { return add(nil as String?) }
      bytes += (bytes.isEmpty ? "[\"" : ",\"").utf8
      value.writeHex(to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    add(request)
    add(sha256)
    for text in [kind, origin, media] { add(text) }
    add(label)
    bytes += (patient.map { ",\($0)" } ?? ",null").utf8
    add(attributes)
    add(edges)
    bytes.append(UInt8(ascii: "]"))
    return bytes.withUnsafeBytes { ContentDigest(ofBytes: $0) }
  }

  /// SHA-256(salt || canonical row) of a patient.
  static func patient(salt: some Collection<UInt8>, id: Int64, pseudonym: String, consent: String?) -> ContentDigest {
    var row = CanonicalRow(capacity: 128)
    row.begin(salt: salt)
    row.add("consent", consent)
    row.add("id", id)
    row.add("pseudonym", pseudonym)
    return row.leaf()
  }

  /// The rows with these leaves, in one pass over the table, which has no index for it.
  static func rows(with leaves: Set<ContentDigest>, _ db: Database) throws -> [ContentDigest: (id: Int64, state: String)] {
    var found: [ContentDigest: (id: Int64, state: String)] = [:]
    guard !leaves.isEmpty else { return found }
    let all = try BareStatement(db, "SELECT id, state, leaf FROM artifact")
    while try all.next() {
      guard let leaf = all.digest(2), leaves.contains(leaf), let id = all.integer(0) else { continue }
      found[leaf] = (id, all.text(1) ?? "")
    }
    return found
  }

  /// The recorded artifact with a key. Patient (?1) and edges (?2) are part of the key (?3) and lead to its place in an index in which what is
  /// recorded together lies together: keys are random, and an index of them alone would touch a page of its own for each row.
  static let keyQuery = "SELECT id, leaf, state FROM artifact WHERE patient_id IS ? AND edges IS ? AND key = ?"
}

/// 16 random bytes before a row, so that its leaf tells nothing of what stands in it once both are gone.
struct Salt: RandomAccessCollection, Sendable {
  private let words: (UInt64, UInt64)

  init() {
    var generator = SystemRandomNumberGenerator()
    words = (generator.next(), generator.next())
  }

  var startIndex: Int { 0 }
  var endIndex: Int { 16 }
  subscript(index: Int) -> UInt8 { withUnsafeBytes(of: words) { $0[index] } }

  func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
    try withUnsafeBytes(of: words) { try $0.withMemoryRebound(to: UInt8.self, body) }
  }
}
