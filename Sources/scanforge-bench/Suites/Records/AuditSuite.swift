import Crypto
import Dispatch
import Foundation
import GRDB
import ScanCatalog

/// `audit verify`: objects beside SHA-256 alone on the same threads, rows, and the chain of events.
enum AuditSuite {
  static func run(_ arguments: BenchArguments) throws -> BenchReport {
    let meter = PeakMeter(arguments)
    let results = try meter.around {
      try BenchFolder.with { folder in
        try objects(arguments, in: folder.appendingPathComponent("objects")) + chain(arguments, in: folder.appendingPathComponent("chain"))
          + rows(arguments, in: folder.appendingPathComponent("rows"))
      }
    }
    return BenchReport(suite: "audit", arguments, meter, results: results)
  }

  private static func threads(_ arguments: BenchArguments) -> Int {
    arguments.threads > 0 ? arguments.threads : ProcessInfo.processInfo.activeProcessorCount
  }

  private static func audit(_ root: URL, _ arguments: BenchArguments) throws -> (AuditSummary, Double) {
    let catalog = try Catalog.openForReading(at: root)
    defer { try? catalog.closeConnections() }
    var summary = AuditSummary()
    let seconds = try Stopwatch.seconds(arguments) {
      summary = try CatalogAudit(catalog, threads: threads(arguments)).verify { BenchReport.printError("finding: \($0.what)") }
    }
    return (summary, seconds)
  }

  /// 1 GiB in objects of 1 MiB that the page cache holds.
  private static func objects(_ arguments: BenchArguments, in folder: URL) throws -> [BenchResult] {
    let (count, size) = (1024, 1 << 20)
    var bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let threads = threads(arguments)
    let piece = bytes
    let alone = (0..<3).map { _ in
      Stopwatch.seconds(arguments) {
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
          for _ in 0..<count / threads { _ = SHA256.hash(data: piece) }
        }
      }
    }
    let plain = BenchResult(name: "SHA-256 alone", seconds: alone.sorted()[1], items: count / threads * threads * size, unit: "bytes")
    let catalog = try Catalog.openOrCreate(at: folder)
    let run = try catalog.beginRun(op: "bench", parameters: .object([:]))
    for batch in stride(from: 0, to: count, by: 64) {
      try run.record(
        (batch..<batch + 64).map { index in
          withUnsafeBytes(of: index) { bytes.replaceSubrange(0..<8, with: $0) }
          return .generated(try catalog.objects.store(unownedBytes: bytes), media: "application/octet-stream", from: [])
        })
    }
    try run.finish()
    try catalog.closeConnections()
    _ = try audit(folder, arguments)
    let times = try (0..<3).map { _ in try audit(folder, arguments).1 }
    try FileManager.default.removeItem(at: folder)
    return [plain, BenchResult(name: "verify objects", seconds: times.sorted()[1], items: count * size, unit: "bytes", anchor: plain)]
  }

  /// A log of `rows` events of the commonest small kind.
  private static func chain(_ arguments: BenchArguments, in folder: URL) throws -> [BenchResult] {
    try Catalog.openOrCreate(at: folder).closeConnections()
    let queue = try DatabaseQueue(path: folder.appendingPathComponent("catalog.sqlite").path)
    let count = arguments.rows
    try queue.write { db in
      guard var (seq, previous) = try Row.fetchOne(db, sql: "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").map({ ($0[0] as Int, $0[1] as Data) })
      else { return }
      let statement = try db.makeStatement(sql: "INSERT INTO event (seq, body, prev, hash) VALUES (?, ?, ?, ?)")
      for index in 0..<count {
        seq += 1
        let body =
          #"{"act":"read","actor":"bench","build_sha256":"00","fingerprint":"0123456789abcdef","host":"bench","purpose":"ingest","time_ms":\#(1_700_000_000_000 + index),"type":"key.used"}"#
        let hash = Data(ContentDigest(of: [UInt8](previous), Array(body.utf8)).bytes)
        try statement.execute(arguments: [seq, body, previous, hash])
        previous = hash
      }
    }
    // What reading and hashing cost by themselves.
    let alone = try Stopwatch.seconds(arguments) { try queue.read { try hashChain($0) } }
    let plain = BenchResult(name: "chain by SQLite and SHA-256 alone", seconds: alone, items: count, unit: "events")
    try queue.close()
    let (summary, seconds) = try audit(folder, arguments)
    try FileManager.default.removeItem(at: folder)
    return [plain, BenchResult(name: "verify chain", seconds: seconds, items: summary.events, unit: "events", anchor: plain)]
  }

  private static func hashChain(_ db: Database) throws {
    var previous = Data(count: 32)
    let rows = try Row.fetchCursor(db, sql: "SELECT body, prev, hash FROM event ORDER BY seq")
    while let row = try rows.next() {
      var hasher = SHA256()
      hasher.update(data: row[1] as Data)
      hasher.update(data: Data((row[0] as String).utf8))
      guard (row[1] as Data) == previous, Data(hasher.finalize()) == (row[2] as Data) else { return BenchReport.printError("broken chain") }
      previous = row[2]
    }
  }

  private static func rows(_ arguments: BenchArguments, in folder: URL) throws -> [BenchResult] {
    let root = try filled(arguments, in: folder)
    // The lists of a workspace of ten million rows are no part of what its verification takes.
    BenchReport.forgetPeak()
    let (summary, seconds) = try audit(root, arguments)
    return [BenchResult(name: "verify artifacts, edges and events", seconds: seconds, items: summary.artifacts)]
  }

  private static func filled(_ arguments: BenchArguments, in folder: URL) throws -> URL {
    var workspace = try RecordWorkspace(in: folder, contents: .shared)
    _ = try workspace.fill(rows: arguments.rows)
    try workspace.catalog.closeConnections()
    return workspace.root
  }
}
