import ScanCatalog
import ScanIO

/// The members of a bundle, written one after the other and line by line, with the manifest over all of them.
struct BundleMembers {
  private var zip: StoredZipWriter
  private var manifest: [String] = []
  private var current: (name: String, hash: StreamedDigest)?
  /// Lines that wait for their turn to be written.
  private var waiting: [UInt8] = []

  init(descriptor: Int32) { zip = StoredZipWriter(descriptor: descriptor) }

  mutating func begin(_ name: String) throws {
    try end()
    try zip.begin(name)
    current = (name, StreamedDigest())
  }

  mutating func write(_ text: String) throws {
    waiting += text.utf8
    if waiting.count > 1 << 20 { try flush() }
  }

  mutating func add(_ name: String, _ bytes: some Collection<UInt8>) throws {
    try begin(name)
    waiting += bytes
    try flush()
  }

  /// Writes the manifest and the container's end.
  ///
  /// - Returns: length of the file.
  mutating func finish() throws -> UInt64 {
    try end()
    let lines = manifest.sorted().joined()
    try zip.begin("MANIFEST.sha256")
    try zip.write(Array(lines.utf8))
    return try zip.finish()
  }

  private mutating func flush() throws {
    try zip.write(waiting)
    current?.hash.update(waiting)
    waiting.removeAll(keepingCapacity: true)
  }

  private mutating func end() throws {
    guard current != nil else { return }
    try flush()
    if let (name, hash) = current { manifest.append("\(hash.digest.hex)  \(name)\n") }
    current = nil
  }
}
