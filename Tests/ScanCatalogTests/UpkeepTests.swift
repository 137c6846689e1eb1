import Foundation
import GRDB
import ScanCatalog
import TestSupport
import Testing

/// Backups, event exports, rebuilding, and the removal of leftovers.
struct UpkeepTests {
  private func withExample(_ body: (ExampleWorkspace, URL) throws -> Void) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try body(example, example.root.deletingLastPathComponent())
  }

  private func reader<T>(_ root: URL, _ body: (Catalog) throws -> T) throws -> T {
    let catalog = try Catalog.openForReading(at: root)
    defer { try? catalog.closeConnections() }
    return try body(catalog)
  }

  /// Every table but the migrations' own, as text.
  private func contents(_ root: URL) throws -> [String] {
    try reader(root) { catalog in
      try ["event", "artifact", "derivation", "patient", "run", "patient_split", "split_rule", "model_file", "stage", "signing_key", "run_file",
       "dataset_patient", "dataset_terms", "memorization_check"].map {
        "\(try catalog.select("SELECT * FROM \($0)").rows)"
      }
    }
  }

  private func work(_ root: URL) throws {
    let catalog = try Catalog.openOrCreate(at: root)
    try catalog.beginRun(op: "later", parameters: .object([:])).finish()
    try catalog.closeConnections()
  }

  private func file(_ root: URL) throws -> Data { try Data(contentsOf: root.appendingPathComponent("catalog.sqlite")) }

  private func rebuild(_ root: URL, from file: URL, replaces: Bool = false) throws -> (CatalogRebuild.Outcome?, [AuditFinding.Code]) {
    var codes: [AuditFinding.Code] = []
    let outcome = try CatalogRebuild.run(root, from: file, replaces: replaces) { codes.append($0.code) }
    return (outcome, codes)
  }

  @Test func `a backup is a whole catalog in one private file`() throws {
    try withExample { example, folder in
      let file = folder.appendingPathComponent("backup.sqlite")
      let events = try reader(example.root) { try $0.backUp(to: file) }
      #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
      let before = try contents(example.root)
      #expect(throws: CatalogError.fileExists) { _ = try reader(example.root) { try $0.backUp(to: file) } }
      try example.restore(Data(contentsOf: file))
      #expect(try contents(example.root) == before)
      #expect(try reader(example.root) { try $0.head().seq } == events)
      #expect(try example.verify().findings == [])
      let others = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(Set(others) == ["workspace", "backup.sqlite"])
    }
  }

  @Test func `a catalog is made again from its event export, row by row`() throws {
    try withExample { example, folder in
      let file = folder.appendingPathComponent("events.ndjson")
      let counts = try reader(example.root) { try $0.exportEvents(to: file) }
      let before = try contents(example.root)
      #expect(throws: CatalogError.catalogIsThere) { try rebuild(example.root, from: file) }
      for damage in [nil, Data("damaged, and long enough to be looked at as a database".utf8)] {
        try example.restore(Data())
        try FileManager.default.removeItem(at: example.root.appendingPathComponent("catalog.sqlite"))
        if let damage { try example.restore(damage) }
        let (outcome, codes) = try rebuild(example.root, from: file)
        #expect(codes == [] && outcome?.events == Int(counts.events) && outcome?.rows == Int(counts.rows) && outcome?.lostEvents == 0)
        #expect((outcome?.replaced == nil) == (damage == nil))
        #expect(try contents(example.root) == before)
        #expect(try example.verify().findings == [])
        let mode = try FileManager.default.attributesOfItem(atPath: example.root.appendingPathComponent("catalog.sqlite").path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
      }
      // And it goes on.
      try work(example.root)
      #expect(try example.verify().findings == [])
      #expect(try rebuild(example.root, from: file, replaces: true).0?.lostEvents == 2)
      #expect(try example.verify().findings.map(\.code) == [.anchorRollback])
    }
  }

  @Test func `an export that was changed makes no catalog`() throws {
    try withExample { example, folder in
      let file = folder.appendingPathComponent("events.ndjson")
      _ = try reader(example.root) { try $0.exportEvents(to: file) }
      let text = try String(contentsOf: file, encoding: .utf8)
      let lines = text.split(separator: "\n")
      let bytes = try self.file(example.root)
      func attempt(_ changed: String) throws -> Bool {
        try Data(changed.utf8).write(to: file)
        defer { #expect((try? self.file(example.root)) == bytes) }
        do { return try rebuild(example.root, from: file, replaces: true).0 == nil } catch is CatalogError { return true }
      }
      let label = try #require(lines.firstIndex { $0.contains(#""label":"lesion""#) })
      var changed = lines
      changed[label] = Substring(lines[label].replacingOccurrences(of: #""label":"lesion""#, with: #""label":"normal""#))
      #expect(try attempt(changed.joined(separator: "\n")))
      // Each line gone, and the file cut anywhere.
      for index in lines.indices {
        var fewer = lines
        fewer.remove(at: index)
        #expect(try attempt(fewer.joined(separator: "\n")), "line \(index)")
      }
      for length in stride(from: 0, to: text.utf8.count - 2, by: 4999) { #expect(try attempt(String(text.prefix(length)))) }
      for odd in [#"{"table":"sqlite_schema","row":{"name":"x"}}"#, #"{"table":"run; DROP TABLE run","row":{"id":1}}"#, #"{"table":"run","row":{"id) --":1}}"#] {
        #expect(try attempt(([lines[0], Substring(odd)] + lines[1...]).joined(separator: "\n")))
      }
      try Data(text.utf8).write(to: file)
      #expect(try rebuild(example.root, from: file, replaces: true).0 != nil)
    }
  }

  @Test func `a lost catalog is not replaced by an empty one`() throws {
    try withExample { example, _ in
      _ = try example.catalogBytes()
      try FileManager.default.removeItem(at: example.root.appendingPathComponent("catalog.sqlite"))
      #expect(throws: CatalogError.catalogMissing) { try Catalog.openOrCreate(at: example.root) }
      #expect(throws: CatalogError.notAWorkspace) { try example.verify() }
    }
  }

  @Test func `gc removes what is in no row, and nothing else`() throws {
    try withExample { example, folder in
      let before = Set(try example.files(under: "objects") + example.files(under: "models") + example.files(under: "runs"))
      let outside = folder.appendingPathComponent("thesis.txt")
      try Data("years of work".utf8).write(to: outside)
      let strays = [
        "objects/stray", "objects/00/stray", "objects/ff/\(String(repeating: "f", count: 62))", "models/stray", "models/cgan/notes.txt", "runs/stray",
        "runs/3/notes.txt", "runs/77/losses.csv",
      ]
      for path in strays {
        let url = example.root.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: url)
      }
      try FileManager.default.createSymbolicLink(at: example.root.appendingPathComponent("objects/link"), withDestinationURL: outside)
      try FileManager.default.createSymbolicLink(at: example.root.appendingPathComponent("models/other"), withDestinationURL: folder)
      // A changed object is evidence.
      let changed = example.root.appendingPathComponent(try #require(before.first { $0.hasPrefix("objects") }))
      try FileManager.default.removeItem(at: changed)
      try Data("changed".utf8).write(to: changed)
      let catalog = try Catalog.openOrCreate(at: example.root)
      let leftovers = try Leftovers(in: catalog)
      #expect(leftovers.count == 10 && leftovers.counts == [.objects: 4, .models: 3, .runs: 3])
      try leftovers.remove(from: catalog)
      #expect(try Leftovers(in: catalog).isEmpty)
      #expect(try catalog.runs().last?.op == "gc" && catalog.runs().last?.exit == 0)
      try catalog.closeConnections()
      let after = Set(try example.files(under: "objects") + example.files(under: "models") + example.files(under: "runs"))
      #expect(after == before)
      #expect(try Data(contentsOf: outside) == Data("years of work".utf8))
      #expect(try example.verify().findings.map(\.code) == [.objectModified])
    }
  }

  @Test(arguments: [
    "INSERT INTO stage VALUES ('a', 1, 0, 'b', '{}', 1)", "PRAGMA user_version = 7", "PRAGMA journal_mode = DELETE", "PRAGMA query_only = 0",
    "ATTACH 'elsewhere.sqlite' AS e", "DETACH main", "VACUUM INTO 'elsewhere.sqlite'", "CREATE TEMP TABLE t (a)", "BEGIN IMMEDIATE", "REINDEX",
    "SELECT 1; DELETE FROM event", "WITH a AS (SELECT 1) INSERT INTO stage SELECT 1", "SELECT load_extension('x.so')", "SELECT writefile('elsewhere.sqlite', 'x')",
    "EXPLAIN", "", "SELECT", "SELECT * FROM nowhere", "DROP TABLE event", "-- SELECT\nDELETE FROM event", "REPLACE INTO run SELECT * FROM run",
  ])
  func `no statement writes`(sql: String) throws {
    try withExample { example, folder in
      let before = try file(example.root)
      try reader(example.root) { catalog in
        #expect(throws: CatalogError.self) { try catalog.select(sql) }
        let rows = try catalog.select("SELECT count(*) FROM artifact").rows
        #expect(rows == [[.integer(36)]])
      }
      #expect(try file(example.root) == before)
      let others = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(others == ["workspace"])
    }
  }

  @Test func `a statement that never ends is cut`() throws {
    try withExample { example, _ in
      try reader(example.root) { catalog -> Void in
        #expect(throws: CatalogError.tooManyRows(1_000_000)) {
          try catalog.select("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
        }
      }
    }
  }
}
