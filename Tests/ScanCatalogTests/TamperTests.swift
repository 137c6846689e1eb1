import Foundation
import GRDB
import ScanCatalog
import Testing

/// One changed row or byte anywhere gives a finding.
struct TamperTests {
  @Test func `an untouched workspace verifies`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let (findings, summary) = try example.verify()
    #expect(findings == [])
    #expect(summary.ok)
    #expect(summary.artifacts == 36)
    #expect(summary.patients == 4)
    #expect(summary.runs == 5)
    #expect(summary.modelFiles == 3)
    #expect(Set(summary.notChecked.keys) == ["history.rewritten", "history.rolledBack"])
  }

  @Test func `every column of every row of every table is bound`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let tables = try ExampleWorkspace.tamper(example.root) { db in
      try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    }
    #expect(tables.count == 19)
    let original = try example.catalogBytes()
    var tried = 0
    for table in tables {
      let (rows, columns, key) = try ExampleWorkspace.tamper(example.root) { db in
        let columns = try db.columns(in: table).map(\.name)
        return (try Row.fetchAll(db, sql: "SELECT * FROM \(table)"), columns, try db.primaryKey(table).columns)
      }
      #expect(!rows.isEmpty, "the example has no row in \(table)")
      // First, middle and last row: each column of each.
      for index in Set([0, rows.count / 2, rows.count - 1]).sorted() {
        for column in columns {
          let row = rows[index]
          let condition = key.map { "\($0) IS ?" }.joined(separator: " AND ")
          let place = StatementArguments(key.map { row[$0] as DatabaseValue })
          let old = row[column] as DatabaseValue
          let changed = try Self.changed(old, table: table, column: column)
          try ExampleWorkspace.tamper(example.root) { db in
            try db.execute(sql: "UPDATE \(table) SET \(column) = ? WHERE \(condition)", arguments: [changed] + place)
            #expect(db.changesCount == 1)
          }
          let (findings, summary) = try example.verify()
          try example.restore(original)
          #expect(!summary.ok && !findings.isEmpty, "\(table).\(column) of row \(index) was changed from \(old) to \(changed)")
          tried += 1
        }
      }
    }
    #expect(tried > 150)
    #expect(try example.verify().findings == [])
  }

  /// Another value that the column's type allows.
  private static func changed(_ value: DatabaseValue, table: String, column: String) throws -> DatabaseValue {
    switch value.storage {
    case .null:
      switch column {
      case "seed", "ended_ms", "exit", "patient_id": 1.databaseValue
      case "upper", "edges": Data(repeating: 1, count: 32).databaseValue
      default: "train".databaseValue
      }
    case .int64(let number): (number + 1_000_003).databaseValue
    case .double(let number): (number / 2).databaseValue
    case .string(let text):
      // Still JSON, and still 64 hexadecimal digits: a careful forger keeps the form.
      if text.hasPrefix("{") {
        (text == "{}" ? #"{"a":1}"# : "{}").databaseValue
      } else if column == "sha256" {
        (text.hasPrefix("0") ? "1" + text.dropFirst() : "0" + text.dropFirst()).databaseValue
      } else {
        (text + "x").databaseValue
      }
    case .blob(let data): Data(data.dropLast() + [data.last! ^ 1]).databaseValue
    }
  }

  @Test func `every removed row is missed`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let tables = [
      "artifact", "artifact_content", "content_reach", "dataset_patient", "dataset_terms", "derivation", "event", "grdb_migrations", "memorization_check",
      "model_file", "patient", "patient_split", "run", "run_file", "shard", "shard_run", "signing_key", "split_rule", "stage",
    ]
    let original = try example.catalogBytes()
    for table in tables {
      let (rows, key) = try ExampleWorkspace.tamper(example.root) { db in
        (try Row.fetchAll(db, sql: "SELECT * FROM \(table)"), try db.primaryKey(table).columns)
      }
      for index in Set([0, rows.count / 2, rows.count - 1]) {
        try ExampleWorkspace.tamper(example.root) { db in
          let condition = key.map { "\($0) IS ?" }.joined(separator: " AND ")
          try db.execute(
            sql: "DELETE FROM \(table) WHERE \(condition)", arguments: StatementArguments(key.map { rows[index][$0] as DatabaseValue }))
        }
        let (findings, _) = try example.verify()
        try example.restore(original)
        #expect(!findings.isEmpty, "row \(index) of \(table) was removed")
      }
    }
  }

  @Test(arguments: [
    "INSERT INTO artifact SELECT id + 1000, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, randomblob(32), salt, randomblob(32), edges, event_seq FROM artifact WHERE id = 1",
    "INSERT INTO derivation VALUES (36, 1, 'source')",
    "INSERT INTO derivation VALUES (5000, 1, 'source')",
    "INSERT INTO patient SELECT 77, 'P00000000000000ff', NULL, 'active', salt, randomblob(32), event_seq FROM patient LIMIT 1",
    "INSERT INTO run SELECT 99, op, tool_version, build_sha256, params, seed, actor, host, device, started_ms, ended_ms, exit, determinism, event_seq FROM run LIMIT 1",
    "INSERT INTO event SELECT seq + 1, body, hash, randomblob(32) FROM event ORDER BY seq DESC LIMIT 1",
    "INSERT INTO model_file SELECT 'other', file, event_seq, artifact_id FROM model_file LIMIT 1",
    "INSERT INTO stage SELECT pipeline, attempt, position + 1, name, summary, event_seq FROM stage",
    "INSERT INTO split_rule SELECT 5, 'val', fraction, upper, seed, event_seq FROM split_rule LIMIT 1",
    "INSERT INTO dataset_patient SELECT dataset + 1, patient, n FROM dataset_patient LIMIT 1",
    "INSERT INTO dataset_terms SELECT dataset, 'public', n FROM dataset_terms LIMIT 1",
    "INSERT INTO memorization_check SELECT artifact, event_seq + 1, distance, baseline, score, 0 FROM memorization_check LIMIT 1",
    "INSERT INTO artifact_content VALUES ('0123456789ab', 1)", "INSERT INTO content_reach VALUES (7)",
    "INSERT INTO signing_key VALUES ('\(String(repeating: "a", count: 64))', 2)",
    "INSERT INTO run_file SELECT 1, name, bytes, sha256, salt, event_seq FROM run_file LIMIT 1",
    "UPDATE run_file SET bytes = 0, sha256 = NULL, salt = NULL",
    "INSERT INTO artifact SELECT 0, sha256, kind, origin, bytes, media, label, split, patient_id, run_id, state, attributes, randomblob(32), salt, randomblob(32), edges, event_seq FROM artifact WHERE id = 1",
    "INSERT INTO event VALUES (9223372036854775807, '{}', zeroblob(32), zeroblob(32))",
    "INSERT INTO grdb_migrations VALUES ('0002_More')",
    "CREATE TABLE more (a)", "DROP INDEX derivation_parent", "DROP TRIGGER run_append_only_delete", "PRAGMA user_version = 0",
    "CREATE VIEW seen AS SELECT 1",
  ])
  func `whatever is added or dropped is found`(sql: String) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try ExampleWorkspace.tamper(example.root) { db in
      if sql.hasPrefix("DROP TRIGGER") { return }
      try db.execute(sql: sql)
    }
    if sql.hasPrefix("DROP TRIGGER") {
      try DatabaseQueue(path: example.root.appendingPathComponent("catalog.sqlite").path).write { try $0.execute(sql: sql) }
    }
    let (findings, summary) = try example.verify()
    #expect(!findings.isEmpty && !summary.ok)
    #expect(summary.json["ok"] == .bool(false))
  }

  @Test func `findings have the public codes`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let original = try example.catalogBytes()
    func codes(_ sql: String) throws -> Set<AuditFinding.Code> {
      try ExampleWorkspace.tamper(example.root) { try $0.execute(sql: sql) }
      defer { try? example.restore(original) }
      return Set(try example.verify().findings.map(\.code))
    }
    #expect(try codes("UPDATE artifact SET label = 'other' WHERE id = 2") == [.artifactRowChanged])
    #expect(try codes("DELETE FROM artifact WHERE id = 36").contains(.artifactRowMissing))
    #expect(try codes("UPDATE derivation SET role = 'x' WHERE child = 2") == [.lineageChanged])
    #expect(try codes("DELETE FROM derivation WHERE child = 2") == [.lineageChanged])
    #expect(try codes("UPDATE event SET body = '{}' WHERE seq = 4").contains(.eventChanged))
    #expect(try codes("DELETE FROM event WHERE seq = 4").contains(.eventGap))
    #expect(try codes("DROP INDEX artifact_run") == [.schemaChanged])
  }

  @Test func `one changed byte of any object, model file or file of a run is found`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let files = try example.files(under: "objects") + example.files(under: "models") + example.files(under: "runs")
    #expect(files.count == 36 + 4)
    for file in files {
      let url = example.root.appendingPathComponent(file)
      let aside = example.root.appendingPathComponent("aside")
      try FileManager.default.moveItem(at: url, to: aside)
      #expect(try example.verify().findings.map(\.code) == [.objectMissing], "\(file)")
      try FileManager.default.createSymbolicLink(at: url, withDestinationURL: aside)
      #expect(try example.verify().findings.map(\.code) == [.objectSymlink], "\(file)")
      try FileManager.default.removeItem(at: url)
      var bytes = try Data(contentsOf: aside)
      bytes[bytes.count / 2] ^= 0x20
      try bytes.write(to: url)
      #expect(try example.verify().findings.map(\.code) == [.objectModified], "\(file)")
      try FileManager.default.removeItem(at: url)
      try FileManager.default.moveItem(at: aside, to: url)
    }
    #expect(try example.verify().findings == [])
  }

  @Test(arguments: ["models", "models/cgan", "runs", "runs/3", "objects", "objects/ab"])
  func `a folder that became a link to the same bytes is found`(path: String) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let folder = path == "objects/ab" ? String(try #require(try example.files(under: "objects").first).prefix(10)) : path
    let url = example.root.appendingPathComponent(folder)
    let elsewhere = example.root.appendingPathComponent("elsewhere")
    try FileManager.default.moveItem(at: url, to: elsewhere)
    try FileManager.default.createSymbolicLink(at: url, withDestinationURL: elsewhere)
    #expect(try example.verify().findings.map(\.code).contains(.objectSymlink))
  }

  @Test func `rows in each other's places are found where their edges are wrong, too`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try ExampleWorkspace.tamper(example.root) { db in
      try db.execute(sql: "UPDATE artifact SET id = -1 WHERE id = 1; UPDATE artifact SET id = 1 WHERE id = 2; UPDATE artifact SET id = 2 WHERE id = -1")
    }
    #expect(try Set(example.verify().findings.map(\.code)).isSuperset(of: [.artifactRowChanged, .lineageChanged]))
  }

  @Test func `keys that were put in place of the recorded ones are found`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let keys = try example.workspace.keys
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    _ = try catalog.pseudonymKey(for: "test")
    try catalog.closeConnections()
    #expect(try example.verify().findings == [])
    for (name, bytes) in [
      ("pseudonym.key", Data(repeating: 7, count: 32)), ("pseudonym.key", Data(repeating: 7, count: 31)), ("signing.key", Data(repeating: 7, count: 32)),
      ("signing.key", Data()),
    ] {
      let file = keys.appendingPathComponent(name)
      let kept = try Data(contentsOf: file)
      try bytes.write(to: file)
      let findings = try example.verify().findings
      #expect(findings.map(\.code) == [.keyRowChanged] && findings.first?.path == "keys/\(name)", "\(findings)")
      try kept.write(to: file)
    }
    // A copy of a workspace may be without keys.
    try FileManager.default.removeItem(at: keys)
    #expect(try example.verify().findings == [])
  }

  @Test(arguments: [
    "objects/stray", "objects/00/stray", "objects/ff/\(String(repeating: "f", count: 62))", "models/stray", "models/cgan/notes.txt", "runs/stray",
    "runs/3/notes.txt", "runs/77/losses.csv",
  ])
  func `an unrecorded file is found`(path: String) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let url = example.root.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("x".utf8).write(to: url)
    let (findings, _) = try example.verify()
    #expect(findings.map(\.code) == [.objectUnrecorded])
    #expect(findings.allSatisfy { !($0.path ?? "").contains("stray") && !$0.what.contains("stray") })
    // A name of hexadecimal digits is told; another by its place in the folder.
    if path.hasSuffix("ff") { #expect(findings.first?.path == path) }
    if path.hasPrefix("objects/"), path.hasSuffix("stray") {
      let folder = String(path.dropLast("/stray".count))
      let names = try FileManager.default.contentsOfDirectory(atPath: example.root.appendingPathComponent(folder).path)
      let number = names.filter { $0.utf8.lexicographicallyPrecedes("stray".utf8) }.count + 1
      #expect(findings.first?.path == folder)
      #expect(findings.first?.what == "a file among the objects is in no row: entry \(number) of \(folder), by the bytes of the names")
    }
  }

  @Test func `a broken or missing catalog is unreadable`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let file = example.root.appendingPathComponent("catalog.sqlite")
    try Data("this is no database, and it is long enough to be looked at as one".utf8).write(to: file)
    #expect(throws: CatalogError.unreadable(reason: "it is not an SQLite file")) { try example.verify() }
    try FileManager.default.removeItem(at: file)
    #expect(throws: CatalogError.notAWorkspace) { try example.verify() }
  }
}
