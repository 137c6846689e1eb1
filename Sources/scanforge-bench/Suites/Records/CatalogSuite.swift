import Foundation
import GRDB
import ScanCatalog

/// Rows into the catalog and questions about them, beside what SQLite alone does in the same run.
enum CatalogSuite {
  static func run(_ arguments: BenchArguments) throws -> BenchReport {
    let meter = PeakMeter(arguments)
    let results = try meter.around {
      try BenchFolder.with { folder in
        var results = [try plainInserts(arguments, in: folder)]
        var workspace = try RecordWorkspace(in: folder, contents: .own)
        var count = 0
        let seconds = try Stopwatch.seconds(arguments) { count = try workspace.fill(rows: arguments.rows) }
        results.append(BenchResult(name: "record artifacts with edges and events", seconds: seconds, items: count, anchor: results[0]))
        return try results + questions(workspace, arguments) + [verification(workspace, arguments)]
      }
    }
    return BenchReport(suite: "catalog", arguments, meter, results: results)
  }

  /// Rows of one table with one unique index over random hashes, 1000 in a transaction that is flushed: what the goals call the anchor.
  private static func plainInserts(_ arguments: BenchArguments, in folder: URL) throws -> BenchResult {
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") }
    let queue = try DatabaseQueue(path: folder.appendingPathComponent("plain.sqlite").path, configuration: configuration)
    defer { try? queue.close() }
    try queue.writeWithoutTransaction { db in
      try db.execute(
        sql: """
          CREATE TABLE plain (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, origin TEXT NOT NULL, bytes INTEGER NOT NULL,
          media TEXT NOT NULL, label TEXT, patient INTEGER, run INTEGER NOT NULL) STRICT
          """)
    }
    let batches = max(1, arguments.rows / 1000)
    var random = SystemRandomNumberGenerator()
    func insert(batch: Int) throws {
      try queue.inTransaction(.immediate) { db in
        let statement = try db.cachedStatement(sql: "INSERT INTO plain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for index in 0..<1000 {
          let hash = Data((0..<4).flatMap { _ in withUnsafeBytes(of: random.next() as UInt64) { Array($0) } })
          try statement.execute(arguments: [batch * 1000 + index, hash, "slice", "derived", 524_288, "image/tiff", "head", index, 1])
        }
        return .commit
      }
    }
    let seconds = try Stopwatch.seconds(arguments) { for batch in 0..<batches { try insert(batch: batch) } }
    return BenchResult(name: "plain SQLite inserts with a unique hash", seconds: seconds, items: batches * 1000)
  }

  /// `audit verify` of these rows. Each of them is also reported, since their objects are missing.
  private static func verification(_ workspace: RecordWorkspace, _ arguments: BenchArguments) throws -> BenchResult {
    try workspace.catalog.closeConnections()
    let catalog = try Catalog.openForReading(at: workspace.root)
    defer { try? catalog.closeConnections() }
    var summary = AuditSummary()
    var others = 0
    let seconds = try Stopwatch.seconds(arguments) {
      summary = try CatalogAudit(catalog).verify { if $0.code != .objectMissing { others += 1 } }
    }
    if others > 0 { BenchReport.printError("\(others) findings that should not be") }
    return BenchResult(name: "verify all of it, objects missing", seconds: seconds, items: summary.artifacts)
  }

  private static func questions(_ workspace: RecordWorkspace, _ arguments: BenchArguments) throws -> [BenchResult] {
    let catalog = try Catalog.openForReading(at: workspace.root)
    defer { try? catalog.closeConnections() }
    func ask<Subject>(_ name: String, _ subjects: [Subject], _ question: (Subject) throws -> Void) rethrows -> BenchResult {
      var times: [Double] = []
      let end = Date().addingTimeInterval(5)
      while times.count < 1000, times.count < 20 || Date() < end {
        let subject = subjects[Int.random(in: subjects.indices)]
        times.append(try Stopwatch.seconds(arguments) { try question(subject) })
      }
      var result = BenchResult(name: name, Stopwatch(times: times))
      result.secondsAt99 = times.sorted()[times.count * 99 / 100]
      return result
    }
    return [
      try ask("models of a patient", workspace.patients) { _ = try catalog.models(trainedOn: $0) },
      try ask("ancestors of a slice", workspace.slices) { _ = try catalog.lineage(of: [$0], .up) },
      try ask("ancestors of a generated image, summed up", workspace.generated) { _ = try catalog.lineage(of: [$0], .up, isSummarized: true) },
      try ask("ancestors of a generated image, each", Array(workspace.generated.prefix(20))) { _ = try catalog.lineage(of: [$0], .up) },
    ]
  }
}
