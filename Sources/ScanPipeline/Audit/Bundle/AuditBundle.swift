package import Foundation
package import ScanCatalog
import ScanIO

/// `audit bundle`: a ZIP file with everything that an auditor needs who has no ScanForge: the whole log, all rows and edges, a signed head,
/// PROV-JSON, a manifest, and a small verifier in Python.
///
/// It holds pseudonyms, hashes and salts, but no image: who has it can check any copy of an object, and must keep it as the workspace is kept.
package struct AuditBundle {
  package struct Report: Sendable {
    package let events: Int
    package let artifacts: Int
    /// `seq` of the signed head; nil when there is none.
    package let anchor: Int64?
    package let bytes: Int
  }

  package let catalog: Catalog

  package init(_ catalog: Catalog) { self.catalog = catalog }

  /// - Throws: as `ReportFile.check`.
  package func write(to url: URL) throws -> Report {
    try ReportFile.check(url)
    let events = try lines("SELECT seq, body, hash FROM event ORDER BY seq")
    let artifacts = try lines(
      """
      SELECT id, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, key, salt, leaf, edges FROM artifact ORDER BY id
      """)
    let edges = try catalog.select("SELECT child, parent, role FROM derivation ORDER BY child, parent, role").rows.map { CanonicalJSON.array($0).text }
    // A signed head may be had only where the key is; the last one that a run left will do.
    let anchor = (try? catalog.makeAnchor()) ?? catalog.keptAnchors().compactMap(\.anchor).last { $0.isGenuine }
    var members: [(name: String, bytes: [UInt8])] = [
      ("README.txt", Array(Self.readme.utf8)), ("verify.py", Array(BundleVerifier.python.utf8)), ("events.ndjson", Self.text(events)),
      ("artifacts.ndjson", Self.text(artifacts)), ("edges.ndjson", Self.text(edges)),
      ("runs.ndjson", Self.text(try lines("SELECT * FROM run ORDER BY id"))),
      ("patients.ndjson", Self.text(try lines("SELECT id, pseudonym, consent, state, leaf FROM patient ORDER BY id"))),
      ("prov.json", Array(try ProvenanceRecord(catalog).json.text.utf8)),
    ]
    if let anchor { members.append(("anchor.json", anchor.fileBytes)) }
    let manifest = members.map { "\(ContentDigest(of: $0.bytes).hex)  \($0.name)\n" }.sorted().joined()
    members.append(("MANIFEST.sha256", Array(manifest.utf8)))
    let bytes = StoredZip.bytes(members)
    try ReportFile.write(bytes, to: url)
    return Report(events: events.count, artifacts: artifacts.count, anchor: anchor?.sequence, bytes: bytes.count)
  }

  /// One JSON object per row; blobs as hexadecimal digits.
  private func lines(_ sql: String) throws -> [String] {
    let selection = try catalog.select(sql)
    return selection.rows.map { CanonicalJSON.object(Dictionary(uniqueKeysWithValues: zip(selection.columns, $0))).text }
  }

  private static func text(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }

  private static let readme = """
    ScanForge audit bundle. Check it with: python3 verify.py BUNDLE.zip [--fingerprint HEX] [--objects DIR]
    events.ndjson: the hash-chained log. artifacts.ndjson, edges.ndjson, runs.ndjson, patients.ndjson: the rows that it covers. anchor.json: a signed
    head of the log. prov.json: PROV-JSON of the same. Names of patients are pseudonyms; keep this file as the workspace is kept.

    """
}
