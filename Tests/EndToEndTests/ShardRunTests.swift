import Foundation
import TestSupport
import Testing

/// `--shard` and `merge` as a scheduler would use them: n shards and a merge equal one process, bit for bit.
@Suite(.serialized) struct ShardRunTests {
  /// A workspace with the key of the small run, its phantoms and its pipeline.
  private func makeFolder() throws -> URL {
    _ = SmallRun.result
    let folder = try TestData.temporaryFolder("shards")
    for name in ["phantoms", "pipeline.yaml"] {
      try FileManager.default.copyItem(at: SmallRun.folder.appendingPathComponent(name), to: folder.appendingPathComponent(name))
    }
    let keys = folder.appendingPathComponent("w/keys")
    try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: SmallRun.folder.appendingPathComponent("workspace/keys/pseudonym.key"), to: keys.appendingPathComponent("pseudonym.key"))
    return folder
  }

  @discardableResult
  private func run(_ arguments: [String], in folder: URL, exit: Int32 = 0) throws -> Program.Result {
    let result = try Program.run("scanforge", arguments + ["--workspace", "w", "--progress", "none", "--threads", "1"], in: folder)
    #expect(result.exitCode == exit, "\(arguments): \(result.errors)")
    return result
  }

  /// Rows in the order of their ids without ids, chance and times; edges likewise.
  private func rows(_ workspace: String, in folder: URL) throws -> [String] {
    let statements = [
      """
      SELECT a.sha256, a.kind, a.origin, a.bytes, a.media, a.label, a.split, p.pseudonym, a.state, a.attributes, r.op, r.params, r.seed, r.exit
      FROM artifact a JOIN run r ON r.id = a.run_id LEFT JOIN patient p ON p.id = a.patient_id WHERE a.kind != 'export' ORDER BY a.id
      """,
      """
      SELECT c.sha256, c.kind, q.sha256, q.kind, d.role FROM derivation d JOIN artifact c ON c.id = d.child JOIN artifact q ON q.id = d.parent
      WHERE c.kind != 'export' ORDER BY d.child, d.parent, d.role
      """,
    ]
    return try statements.flatMap { statement in
      let result = try Program.run("scanforge", ["catalog", "sql", statement, "--workspace", workspace, "--json"], in: folder)
      return try #require(try result.json()["rows"] as? [[Any]]).map { "\($0)" }
    }
  }

  /// Contents by path.
  private func contents(below folder: URL) throws -> [String: Data] {
    let root = folder.resolvingSymlinksInPath().path + "/"
    return try Dictionary(
      uniqueKeysWithValues: files(below: folder).map { (String($0.resolvingSymlinksInPath().path.dropFirst(root.count)), try Data(contentsOf: $0)) })
  }

  /// Divides every stage that can be divided, `count` ways.
  private func runDivided(_ count: Int, in folder: URL, shard: (Int) throws -> Void) throws {
    // ingest to normalize; split and train; generate; train; superResolve; export
    for _ in 0..<3 {
      for number in 0..<count { try shard(number) }
      try run(["merge", "w/shards"], in: folder)
      try run(["run", "pipeline.yaml", "--undivided"], in: folder)
    }
  }

  private func expectEqual(_ folder: URL) throws {
    #expect(try rows("w", in: folder) == rows("workspace", in: SmallRun.folder))
    let (mine, whole) = (try contents(below: folder.appendingPathComponent("out")), try contents(below: SmallRun.folder.appendingPathComponent("out")))
    #expect(mine.keys.sorted() == whole.keys.sorted() && !mine.isEmpty)
    for (path, data) in whole { #expect(mine[path] == data, "\(path)") }
    let names = try contents(below: folder.appendingPathComponent("w/objects")).keys.sorted()
    #expect(names == (try contents(below: SmallRun.folder.appendingPathComponent("workspace/objects")).keys.sorted()))
    #expect(try Program.run("scanforge", ["audit", "verify", "--workspace", "w"], in: folder).exitCode == 0)
  }

  @Test(arguments: [1, 2, 3, 7])
  func `a divided pipeline equals one process`(count: Int) throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try runDivided(count, in: folder) { try run(["run", "pipeline.yaml", "--shard", "\($0)/\(count)"], in: folder) }
    try expectEqual(folder)
    // Nothing more is recorded by any of it again.
    let again = try run(["merge", "w/shards", "--json"], in: folder)
    #expect(try again.json()["admitted"] as? Int == 0 && again.json()["known"] as? Int == 3 * count)
    try run(["run", "pipeline.yaml", "--shard", "0/\(count)"], in: folder, exit: 2)
    try expectEqual(folder)
  }

  @Test func `shards and merges that are killed and run again equal one process`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var kills = 0
    /// Kills the program later and later, until it gets through.
    func insist(_ arguments: [String]) throws {
      for attempt in 0..<40 {
        let running = try Program.start("scanforge", arguments + ["--workspace", "w", "--progress", "none", "--threads", "1"], in: folder)
        let deadline = Date().addingTimeInterval(0.03 * Double(attempt + 1))
        while running.process.isRunning, Date() < deadline { usleep(2000) }
        if running.process.isRunning {
          kill(running.process.processIdentifier, SIGKILL)
          kills += 1
          _ = running.wait()
        } else {
          let result = running.wait()
          #expect(result.exitCode == 0, "\(result.errors)")
          return
        }
      }
      Issue.record("\(arguments) never got through")
    }
    for number in [2, 0, 1] { try insist(["run", "pipeline.yaml", "--shard", "\(number)/3"]) }
    try insist(["merge", "w/shards"])
    #expect(kills > 4)
    try run(["run", "pipeline.yaml", "--resume"], in: folder)
    try expectEqual(folder)
  }

  @Test func `shards on machines without the workspace need the key alone`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.moveItem(at: folder.appendingPathComponent("w"), to: folder.appendingPathComponent("home"))
    // Counted from 1, each on a disk of its own.
    for number in 1...3 {
      let result = try Program.run(
        "scanforge",
        [
          "run", "pipeline.yaml", "--shard", "\(number)/3", "--workspace", "nowhere", "--key", "home/keys/pseudonym.key", "--shards", "node-\(number)",
          "--progress", "none",
        ], in: folder)
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("nowhere").path))
    try FileManager.default.moveItem(at: folder.appendingPathComponent("home"), to: folder.appendingPathComponent("w"))
    try run(["merge", "node-3", "node-1", "node-2"], in: folder)
    try run(["run", "pipeline.yaml", "--resume"], in: folder)
    try expectEqual(folder)
  }

  @Test func `the verbs ingest and generate divide too`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let key = folder.appendingPathComponent("workspace/keys/pseudonym.key")
    for place in ["whole", "w"] {
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("\(place)/keys"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: key, to: folder.appendingPathComponent("\(place)/keys/pseudonym.key"))
    }
    let ingest = ["ingest", "phantoms/dicom", "phantoms/tiff", "--label-from", "csv:phantoms/labels.csv", "--size", "32"]
    #expect(try Program.run("scanforge", ingest + ["--workspace", "whole", "--progress", "none"], in: folder).exitCode == 0)
    for number in 0..<2 { try run(ingest + ["--shard", "\(number)/2"], in: folder) }
    try run(["merge", "w/shards"], in: folder)
    #expect(try rows("w", in: folder) == rows("whole", in: folder))

    try FileManager.default.copyItem(at: folder.appendingPathComponent("workspace"), to: folder.appendingPathComponent("divided"))
    let generate = ["generate", "--model", "cgan", "--count", "150", "--seed", "11", "--progress", "none"]
    #expect(try Program.run("scanforge", generate + ["--workspace", "workspace"], in: folder).exitCode == 0)
    var counts: [Int] = []
    for number in 0..<3 {
      let result = try Program.run("scanforge", generate + ["--workspace", "divided", "--shard", "\(number)/3", "--json"], in: folder)
      let stages = try #require(try result.json()["stages"] as? [[String: Any]])
      counts.append(Int((stages[0]["figures"] as? [String: Double])?["generated"] ?? -1))
    }
    #expect(counts.reduce(0, +) == 150 && counts.count { $0 > 0 } > 1)
    #expect(try Program.run("scanforge", ["merge", "divided/shards", "--workspace", "divided"], in: folder).exitCode == 0)
    #expect(try rows("divided", in: folder) == rows("workspace", in: folder))
  }

  @Test func `requests that cannot be divided are refused in words`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    func refused(_ arguments: [String], _ exit: Int32, _ words: String, in workspace: String = "w") throws {
      let result = try Program.run("scanforge", arguments + ["--workspace", workspace], in: folder)
      #expect(result.exitCode == exit && result.errors.contains(words), "\(arguments): \(result.exitCode) \(result.errors)")
    }
    try refused(["run", "pipeline.yaml", "--shard", "4/3"], 2, "--shard must be I/N")
    try refused(["run", "pipeline.yaml", "--shard", "1/3", "--undivided"], 2, "not both")
    try refused(["run", "pipeline.yaml", "--shards", "x"], 2, "go with --shard")
    try refused(["generate", "--model", "cgan", "--count", "1", "--shard", "0/2", "--output", "x"], 2, "leave --output out")
    try refused(["train", "cgan", "--shard", "0/2"], 2, "Unknown option '--shard'")
    try refused(["split", "--shard", "0/2"], 2, "Unknown option '--shard'")
    try refused(["run", "pipeline.yaml", "--shard", "0/3"], 3, "there is no pseudonym key", in: "nowhere")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("nowhere").path))
    try refused(["merge", "phantoms"], 2, "no folder of a finished shard was found")
    try refused(["merge", "missing"], 3, "there is no such file")
    try run(["run", "pipeline.yaml", "--shard", "0/2"], in: folder)
    try refused(["merge", "w/shards"], 2, "shard 1 of 2 is missing")
    try run(["run", "pipeline.yaml", "--shard", "1/2"], in: folder)
    try run(["merge", "w/shards"], in: folder)
    try refused(["run", "pipeline.yaml", "--shard", "0/2"], 2, "the next stage is split")
    #expect(try Program.run("scanforge", ["merge", "w/shards", "--workspace", "other"], in: folder).exitCode == 3)
  }

  @Test func `a withdrawal reaches the shards in the workspace`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for number in 0..<2 { try run(["run", "pipeline.yaml", "--shard", "\(number)/2"], in: folder) }
    try run(["merge", "w/shards"], in: folder)
    let sql = "SELECT pseudonym FROM patient ORDER BY pseudonym LIMIT 1"
    let patient = try #require(((try run(["catalog", "sql", sql, "--json"], in: folder).json()["rows"] as? [[Any]])?.first?.first) as? String)
    try run(["audit", "withdraw", patient, "--execute"], in: folder)
    let text = Data(patient.utf8)
    #expect(files(below: folder.appendingPathComponent("w")).allSatisfy { (try? Data(contentsOf: $0))?.range(of: text) == nil })
    #expect(try Program.run("scanforge", ["audit", "verify", "--workspace", "w"], in: folder).exitCode == 0)
  }
}
