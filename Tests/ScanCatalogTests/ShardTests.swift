import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import ScanModel
import TestSupport
import Testing

/// Shards and their admission equal one process.
@Suite struct ShardTests {
  @Test(arguments: ["0/1", "1/1", "2/7", "7/7", "10000/10000"])
  func `a share is read from its text`(text: String) throws {
    let shard = try #require(Shard(text))
    let parts = text.split(separator: "/").compactMap { Int($0) }
    #expect(shard.count == parts[1] && shard.number == parts[0] % parts[1])
  }

  @Test(arguments: ["", "1", "1/", "/3", "4/3", "1/0", "-1/3", "1/3/3", "a/b", "1/10001", " 1/3", "1.0/3", "٣/٣"])
  func `other texts are no share`(text: String) { #expect(Shard(text) == nil) }

  @Test(arguments: [1, 2, 3, 7])
  func `every name has one share, whatever else there is`(count: Int) {
    let shares = (0..<count).map { Shard(number: $0, of: count) }
    let holders = (0..<3000).map { name in shares.count { $0.holds("name \(name)") } }
    #expect(holders.allSatisfy { $0 == 1 })
    // 3000 names over 7 shares: 429 expected, standard deviation 19.
    for share in shares { #expect(abs((0..<3000).count { share.holds("name \($0)") } - 3000 / count) < 120) }
  }

  @Test(arguments: [1, 2, 3, 7])
  func `n shards and a merge equal one process`(count: Int) throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<count).map { try example.make($0, of: count) }
    let report = try example.merge(folders)
    #expect(report.admitted == count && report.missing.isEmpty && report.leftOut == 0)
    #expect(try example.rows == ExampleShards.whole)
    #expect(try ExampleWorkspace.verify(example.root).findings.isEmpty)
    let catalog = try Catalog.openForReading(at: example.root)
    #expect(try catalog.runs().map(\.op) == ["ingest", "normalize"])
    #expect(try catalog.runs()[0].host == (0..<count).map { "host-\($0)" }.joined(separator: ", "))
    #expect(try catalog.finishedStages(pipeline: "pipeline", attempt: 1).map(\.name) == ["ingest"])
  }

  @Test func `the order of the folders, a second merge and a second copy change nothing`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<3).map { try example.make($0, of: 3) }
    let copy = try example.make(1, of: 3, in: example.folder.appendingPathComponent("again"))
    try example.merge([folders[2], folders[0], copy, folders[1]])
    let rows = try example.rows
    #expect(rows == ExampleShards.whole)
    let events = try Catalog.openForReading(at: example.root).head().seq
    let again = try example.merge(folders)
    #expect(again.admitted == 0 && again.known == 3 && again.items == 0)
    #expect(try example.rows == rows)
    #expect(try Catalog.openForReading(at: example.root).head().seq == events)
  }

  @Test func `a shard that was cut off is made whole by running it again`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    struct Killed: Error {}
    #expect(throws: Killed.self) {
      try example.make(0, of: 2) { ledger, catalog in
        try ExampleShards.work(ledger, catalog: catalog)
        throw Killed()
      }
    }
    let other = try example.make(1, of: 2)
    let cut = try #require(try FileManager.default.contentsOfDirectory(atPath: example.place.path).first { $0.hasSuffix("-0-of-2") })
    #expect(throws: ShardError.unfinished(folder: cut)) { try example.merge([example.place.appendingPathComponent(cut), other]) }
    // As a kill in the middle of a line leaves it.
    let log = example.place.appendingPathComponent(cut).appendingPathComponent("events.ndjson")
    try (Data(contentsOf: log).dropLast(11)).write(to: log)
    try example.merge([try example.make(0, of: 2), other])
    #expect(try example.rows == ExampleShards.whole)
  }

  @Test(arguments: [1, 81])
  func `a merge that was cut off goes on`(stop: Int) throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<2).map { try example.make($0, of: 2) }
    struct Killed: Error {}
    do {
      let catalog = try Catalog.openOrCreate(at: example.root)
      let logs = try folders.map { try ShardLog($0, key: example.key, threads: 1) }
      let admission = try ShardAdmission(logs, to: catalog, key: example.key, isPartial: false)
      #expect(throws: Killed.self) { try admission.admit { done in if done >= stop { throw Killed() } } }
    }
    #expect(try ExampleWorkspace.verify(example.root).findings.isEmpty)
    try example.merge(folders)
    #expect(try example.rows == ExampleShards.whole)
    #expect(try ExampleWorkspace.verify(example.root).findings.isEmpty)
  }

  @Test func `shards may come one by one with partial`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<3).map { try example.make($0, of: 3) }
    let job = example.key.shardSeal(of: "work of 3")
    #expect(throws: ShardError.missing(job: job, shards: [0, 2], of: 3)) { try example.merge([folders[1]]) }
    for (index, folder) in [folders[1], folders[2], folders[0]].enumerated() {
      let report = try example.merge([folder], partial: true)
      #expect(report.admitted == 1 && report.missing.count == 2 - index)
      #expect(try Catalog.openForReading(at: example.root).runs().allSatisfy { ($0.exit == nil) == (index < 2) })
      #expect(try ExampleWorkspace.verify(example.root).findings.isEmpty)
    }
    // The rows came in another order, so that which of two equal ones is first may differ.
    #expect(try Set(example.rows) == Set(ExampleShards.whole))
  }

  @Test func `what a withdrawn patient has in a shard does not come back`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<2).map { try example.make($0, of: 2) }
    let gone = ExampleShards.patients[2]
    var register = try WithdrawnRegister(Workspace.open(at: example.root), key: example.key)
    try register.add(gone, [])
    let report = try example.merge(folders)
    // 10 images, their masks and their slices.
    #expect(report.leftOut == 30 && report.failedItems == 30)
    #expect(try !example.rows.contains { $0.contains(gone.text) })
    #expect(try Catalog.openForReading(at: example.root).runs().allSatisfy { $0.exit == 1 })
    let events = example.folder.appendingPathComponent("events")
    _ = try Catalog.openForReading(at: example.root).exportEvents(to: events)
    #expect(try !String(contentsOf: events, encoding: .utf8).contains(gone.text))
  }

  @Test func `patients in two parts are refused before anything is admitted`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let first = try example.make(0, of: 2)
    let second = try example.make(1, of: 2) { ledger, catalog in
      let run = try ledger.openRun(
        op: "ingest", parameters: .object(["key": .string(example.key.fingerprint)]), seed: nil, determinism: .bitwise)
      try run.assignSplits([ExampleShards.patients[0]: .train])
      try run.finish(exit: 0)
      let next = try ledger.openRun(op: "normalize", parameters: .object(["size": .integer(8)]), seed: nil, determinism: .bitwise)
      try next.finish(exit: 0)
      _ = try ledger.share(of: Array(1...ExampleShards.images), named: { "image \($0)" })
      _ = try ledger.artifacts(ArtifactQuery(origins: [.acquired], kinds: [.image]))
    }
    #expect(throws: CatalogError.patientInTwoSplits(ExampleShards.patients[0].text)) { try example.merge([first, second]) }
    #expect(try Catalog.openForReading(at: example.root).runs().isEmpty)
  }

  @Test func `changed rows of admitted shards are findings`() throws {
    for change in [
      "UPDATE shard SET content = lower(hex(zeroblob(32)))", "DELETE FROM shard WHERE number = 1",
      "UPDATE shard_run SET position = position + 1 WHERE position = 1", "DELETE FROM shard_run WHERE position = 0",
    ] {
      let example = try ExampleShards()
      defer { try? FileManager.default.removeItem(at: example.folder) }
      try example.merge(try (0..<2).map { try example.make($0, of: 2) })
      let queue = try DatabaseQueue(path: example.root.appendingPathComponent("catalog.sqlite").path)
      try queue.write { db in
        for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name LIKE 'shard%'") {
          try db.execute(sql: "DROP TRIGGER \(name)")
        }
      }
      try queue.write { try $0.execute(sql: change) }
      try queue.close()
      #expect(try ExampleWorkspace.verify(example.root).findings.contains { $0.code == .shardRowChanged }, "\(change)")
    }
  }
}
