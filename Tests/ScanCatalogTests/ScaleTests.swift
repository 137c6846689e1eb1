import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import ScanModel
import TestSupport
import Testing

/// What was made fast says the same as before.
struct ScaleTests {
  private static let body =
    #"{"act":"read","actor":"someone","build_sha256":"00","fingerprint":"aa","host":"there","purpose":"test","time_ms":1700000000000,"type":"key.used"}"#

  /// Appends an event with the right hash.
  private static func append(_ body: String, to root: URL) throws {
    try ExampleWorkspace.tamper(root) { db in
      let head = try #require(try Row.fetchOne(db, sql: "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"))
      let previous = head["hash"] as Data
      let hash = Data(ContentDigest(of: [UInt8](previous), Array(body.utf8)).bytes)
      try db.execute(sql: "INSERT INTO event VALUES (?, ?, ?, ?)", arguments: [head["seq"] as Int64 + 1, body, previous, hash])
    }
  }

  @Test(arguments: [
    ("someone", "someone"), ("someone", #"a\"b\\c\nd\te"#), ("someone", #"\u0001\u001f"#), ("someone", "Jürgen 漢字 🙂"), ("someone", ""), ("someone", "/"),
    ("1700000000000", "0"), ("1700000000000", "-5"), ("1700000000000", "999999999999999"), ("1700000000000", "9007199254740993"),
    (#""read""#, #""made""#), (#""read""#, #""replaced""#),
  ])
  func `an event in canonical form is taken`(old: String, new: String) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try Self.append(Self.body.replacingOccurrences(of: old, with: new), to: example.root)
    #expect(try example.verify().findings == [])
  }

  @Test(arguments: [
    (#","type"#, #", "type"#), (#""type":"#, #""type": "#), (#"{"act"#, #"{ "act"#), (#"used"}"#, #"used","x":1}"#), (#"used"}"#, #"used"} "#),
    (#"used"}"#, #"used""#), (#"used"}"#, #"used"}}"#), (":17", ":017"), (":1700000000000", ":-0"), (":1700000000000", ":1e0"),
    (":1700000000000", ":1.0"), (":1700000000000", ":11111111111111111111"), (":1700000000000", ":"), (":1700000000000", ":-"),
    (":1700000000000", ":null"), ("someone", #"someon\u0065"#), ("someone", #"some\/one"#), ("someone", "some\u{1}one"), ("someone", #"\u000a"#),
    ("someone", #"\u001F"#), ("someone", #"\"#), ("someone", #"\x"#), (#""act":"read","actor":"someone""#, #""actor":"someone","act":"read""#),
    (#""host":"there","#, ""), (#""read""#, #""write""#), (#""someone""#, "1"), ("key.used", "key.Used"),
  ])
  func `an event in another form is found, whatever its hash`(old: String, new: String) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try Self.append(Self.body.replacingOccurrences(of: old, with: new), to: example.root)
    #expect(try example.verify().findings.map(\.code) == [.eventChanged])
  }

  @Test func `a long log of several blocks is checked to its end`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let count = 9_000
    let last = try ExampleWorkspace.tamper(example.root) { db in
      let head = try #require(try Row.fetchOne(db, sql: "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"))
      var (seq, previous) = (head["seq"] as Int64, head["hash"] as Data)
      try db.inTransaction {
        for _ in 0..<count {
          let hash = Data(ContentDigest(of: [UInt8](previous), Array(Self.body.utf8)).bytes)
          seq += 1
          try db.execute(sql: "INSERT INTO event VALUES (?, ?, ?, ?)", arguments: [seq, Self.body, previous, hash])
          previous = hash
        }
        return .commit
      }
      return seq
    }
    let (findings, summary) = try example.verify()
    #expect(findings == [] && summary.events == Int(last))
    for event in [last, last - 4_500, last - 8_999] {
      try ExampleWorkspace.tamper(example.root) { try $0.execute(sql: "UPDATE event SET body = replace(body, 'test', 'Test') WHERE seq = ?", arguments: [event]) }
      #expect(try example.verify().findings.map(\.event) == [event])
      try ExampleWorkspace.tamper(example.root) { try $0.execute(sql: "UPDATE event SET body = replace(body, 'Test', 'test') WHERE seq = ?", arguments: [event]) }
    }
  }

  @Test func `contents are found while the index is behind, and after it caught up`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    func reach() throws -> CanonicalJSON { try catalog.select("SELECT artifact FROM content_reach").rows[0][0] }
    let before = try reach()
    let run = try catalog.beginRun(op: "ingest", parameters: .object(["more": .bool(true)]))
    let object = try catalog.objects.store(Array("one more".utf8), of: ExampleWorkspace.patients[0])
    let id = try run.record(.acquired(object, media: "image/tiff"))
    for isFinished in [false, true] {
      if isFinished { try run.finish() }
      #expect(try reach() == (isFinished ? .integer(id.rawValue) : before))
      #expect(try catalog.artifacts(sha256: object.sha256).map(\.id) == [id])
      for digits in [4, 11, 12, 13, 63, 64] {
        #expect(try catalog.artifacts(sha256Prefix: String(object.sha256.hex.prefix(digits))).map(\.id).contains(id))
      }
      #expect(try example.verify().findings == [])
      #expect(try Leftovers(in: catalog).isEmpty)
    }
    // Another content with the same first digits is another.
    let other = ContentDigest(hex: object.sha256.hex.prefix(20) + String(repeating: "0", count: 44))!
    #expect(try catalog.artifacts(sha256: other).isEmpty)
  }

  @Test func `an artifact is found by patient, edges and key in one step`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let sql = try #require(LineageQuery.all.first { $0.contains("key = ?") })
    let plan = try ExampleWorkspace.tamper(example.root) { db in
      let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
      statement.setUncheckedArguments([])
      return try Row.fetchAll(statement).map { $0["detail"] as String }
    }
    #expect(plan == ["SEARCH artifact USING INDEX artifact_request (patient_id=? AND edges=? AND key=?)"])
  }
}
