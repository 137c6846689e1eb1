import Foundation
import GRDB
import ScanCatalog

/// What the owner of a workspace can do: change any row and then make every leaf, root and hash of the log anew, so that all of them agree.
///
/// Written from docs/decisions/0003-catalog.md, not with the program's own functions.
enum Forger {
  static func rewrite(_ root: URL, _ change: (Database) throws -> Void) throws {
    try ExampleWorkspace.tamper(root) { db in
      try change(db)
      try makeHashesAgree(db)
    }
  }

  static func makeHashesAgree(_ db: Database) throws {
    var renamed: [String: String] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT * FROM artifact ORDER BY id") {
      let id = row["id"] as Int64
      let parents = try Row.fetchAll(
        db, sql: "SELECT p.leaf, d.role FROM derivation d JOIN artifact p ON p.id = d.parent WHERE d.child = ?", arguments: [id])
      let edges = parents.isEmpty ? nil : hash(parents.map { "\(hex($0["leaf"])) \($0["role"] as String)\n" }.sorted().joined())
      func text(_ column: String) -> CanonicalJSON { (row[column] as String?).map { .string($0) } ?? .null }
      let patient = row["patient_id"] as Int64?
      let body = CanonicalJSON.object([
        "attributes": text("attributes"), "bytes": .integer(row["bytes"]), "edges": edges.map { .string(hex($0)) } ?? .null,
        "key": .string(hex(row["key"])), "kind": text("kind"), "label": text("label"), "media": text("media"), "origin": text("origin"),
        "patient": patient.map { .integer($0) } ?? .null, "run": .integer(row["run_id"]), "sha256": text("sha256"),
        "split": patient == nil ? text("split") : .null,
      ])
      let leaf = Data(ContentDigest(of: [UInt8](row["salt"] as Data), Array(body.text.utf8)).bytes)
      renamed[hex(row["leaf"])] = hex(leaf)
      try db.execute(sql: "UPDATE artifact SET leaf = ?, edges = ? WHERE id = ?", arguments: [leaf, edges, id])
    }
    for row in try Row.fetchAll(db, sql: "SELECT seq, body FROM event ORDER BY seq") {
      var body = row["body"] as String
      for (old, new) in renamed where old != new { body = body.replacingOccurrences(of: old, with: new) }
      if let json = CanonicalJSON(parsing: body), let batch = json["artifacts"], let first = batch["first"]?.integerValue,
        let count = batch["count"]?.integerValue, let root = batch["root"]?.stringValue
      {
        let leaves = try Data.fetchAll(
          db, sql: "SELECT leaf FROM artifact WHERE id BETWEEN ? AND ? ORDER BY id", arguments: [first, first + count - 1])
        body = body.replacingOccurrences(of: root, with: MerkleTree(leaves.compactMap { ContentDigest(bytes: $0) }).root.hex)
      }
      try db.execute(sql: "UPDATE event SET body = ? WHERE seq = ?", arguments: [body, row["seq"] as Int64])
    }
    try rechain(db)
  }

  /// Numbers the events anew and links each to the one before it.
  static func rechain(_ db: Database) throws {
    let bodies = try String.fetchAll(db, sql: "SELECT body FROM event ORDER BY seq")
    try db.execute(sql: "DELETE FROM event")
    var previous = Data(count: 32)
    for (index, body) in bodies.enumerated() {
      let next = Data(ContentDigest(of: [UInt8](previous), Array(body.utf8)).bytes)
      try db.execute(sql: "INSERT INTO event VALUES (?, ?, ?, ?)", arguments: [index + 1, body, previous, next])
      previous = next
    }
  }

  private static func hash(_ text: String) -> Data { Data(ContentDigest(ofText: text).bytes) }
  private static func hex(_ data: Data) -> String { data.map { String(format: "%02x", $0) }.joined() }
}
