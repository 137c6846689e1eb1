import Crypto

/// Writes a salt and after it a flat JSON object whose keys come in canonical order, and hashes both in one piece: the leaves of a large catalog
/// are made from millions of these. One value serves for any number of rows, one after the other.
struct CanonicalRow {
  private var bytes: [UInt8] = []
  private var isEmpty = true

  init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

  /// Begins a row anew.
  mutating func begin(salt: some Collection<UInt8>) {
    bytes.removeAll(keepingCapacity: true)
    bytes += salt
    isEmpty = true
  }

  mutating func add(_ key: StaticString, _ value: String?) {
    open(key)
    if let value { CanonicalJSON.write(value, to: &bytes) } else { bytes += "null".utf8 }
  }

  mutating func add(_ key: StaticString, utf8 value: UnsafeBufferPointer<UInt8>?) {
    open(key)
    if let value { CanonicalJSON.write(utf8: value, to: &bytes) } else { bytes += "null".utf8 }
  }

  mutating func add(_ key: StaticString, _ value: Int64?) {
    open(key)
    if let value { bytes += String(value).utf8 } else { bytes += "null".utf8 }
  }

  mutating func add(_ key: StaticString, _ value: ContentDigest?) {
    open(key)
    guard let value else { return bytes += "null".utf8 }
    bytes.append(UInt8(ascii: "\""))
    value.writeHex(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// SHA-256(salt || object). Ends the row.
  mutating func leaf() -> ContentDigest {
    bytes.append(UInt8(ascii: "}"))
    return bytes.withUnsafeBytes { ContentDigest(ofBytes: $0) }
  }

  /// Keys here are plain ASCII and need no escape.
  private mutating func open(_ key: StaticString) {
    bytes.append(UInt8(ascii: isEmpty ? "{" : ","))
    isEmpty = false
    bytes.append(UInt8(ascii: "\""))
    bytes += UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }
}
