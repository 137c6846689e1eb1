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
    // A signed head may be had only where the key is; the last one that a run left will do.
    let anchor = (try? catalog.makeAnchor()) ?? catalog.keptAnchors().compactMap(\.anchor).last { $0.isGenuine }
    var (events, artifacts, length) = (0, 0, UInt64(0))
    // It names pseudonyms.
    try AtomicFile.write(to: url.path, mode: 0o600) { descriptor in
      var members = BundleMembers(descriptor: descriptor)
      try members.add("README.txt", (BundleVerifier.about + "\n").utf8)
      try members.add("verify.py", BundleVerifier.python.utf8)
      events = try add("events.ndjson", "SELECT seq, body, hash FROM event ORDER BY seq", to: &members)
      artifacts = try add(
        "artifacts.ndjson",
        """
        SELECT id, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, key, salt, leaf, edges FROM artifact ORDER BY id
        """, to: &members)
      try members.begin("edges.ndjson")
      try catalog.forEachRow("SELECT child, parent, role FROM derivation ORDER BY child, parent, role") { _, row in
        try members.write(CanonicalJSON.array(row).text + "\n")
      }
      _ = try add("runs.ndjson", "SELECT * FROM run ORDER BY id", to: &members)
      _ = try add("patients.ndjson", "SELECT id, pseudonym, consent, state, salt, leaf FROM patient ORDER BY id", to: &members)
      try members.begin("prov.json")
      try ProvenanceRecord(catalog).write { try members.write($0) }
      if let anchor { try members.add("anchor.json", anchor.fileBytes) }
      length = try members.finish()
    }
    return Report(events: events, artifacts: artifacts, anchor: anchor?.sequence, bytes: Int(length))
  }

  /// One JSON object per row: blobs as hexadecimal digits, integers as the log has them.
  ///
  /// - Returns: number of rows.
  private func add(_ name: String, _ sql: String, to members: inout BundleMembers) throws -> Int {
    try members.begin(name)
    var count = 0
    try catalog.forEachRow(sql) { columns, row in
      count += 1
      try members.write(CanonicalJSON.object(Dictionary(uniqueKeysWithValues: zip(columns, row.map(Self.exact)))).text + "\n")
    }
    return count
  }

  private static func exact(_ value: CanonicalJSON) -> CanonicalJSON {
    if case .integer(let number) = value { .whole(number) } else { value }
  }
}
