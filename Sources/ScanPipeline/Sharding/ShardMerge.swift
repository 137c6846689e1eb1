import Diagnostics
package import Foundation
package import ScanCatalog
import ScanDeid

/// `merge`: admits finished shards into the workspace.
package enum ShardMerge {
  /// - Parameters:
  ///   - folders: of shards, or folders that hold such.
  ///   - isPartial: admits what is there where shards are missing.
  ///   - context: of a workspace opened for writing.
  /// - Throws: `ShardError` before anything is admitted; `PipelineError.interrupted`.
  package static func run(_ folders: [URL], isPartial: Bool, context: RunContext) throws -> ShardAdmission.Report {
    let catalog = context.catalog
    let (key, _) = try catalog.pseudonymKey(for: "merge", makesOne: false)
    try Admission.check(key, in: catalog)
    let stage = "merge"
    let shards = try folders.flatMap(shardFolders).reduce(into: [URL]()) { if !$0.contains($1) { $0.append($1) } }
    guard !shards.isEmpty else { throw ShardError.noShards }
    context.progress(.began(stage: stage, total: shards.count, unit: "shards checked"))
    let logs = try shards.enumerated().map { index, url in
      try context.checkCancelled()
      defer { context.progress(.advanced(stage: stage, done: index + 1)) }
      return try ShardLog(url, key: key, threads: context.threads)
    }
    // Earlier parts of one pipeline first, whatever the order of the folders.
    let works = Dictionary(grouping: logs, by: \.header.job).values.sorted { order($0[0]) < order($1[0]) }
    let admissions = try works.map { try ShardAdmission($0, to: catalog, key: key, isPartial: isPartial) }
    let total = admissions.map(\.items).reduce(0, +)
    context.progress(.began(stage: stage, total: total, unit: "items"))
    var report = ShardAdmission.Report()
    for admission in admissions {
      let before = report.items
      let part = try admission.admit { done in
        context.progress(.advanced(stage: stage, done: before + done))
        try context.checkCancelled()
      }
      report.add(part)
    }
    context.progress(.ended(stage: stage, summary: "\(report.items) items of \(report.admitted) shards"))
    return report
  }

  private static func order(_ log: ShardLog) -> (Int, String) { (log.firstPosition, log.header.job) }

  /// The folder itself, or those in it.
  private static func shardFolders(_ url: URL) throws -> [URL] {
    if ShardLog.isThere(url) { return [url.standardizedFileURL] }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) else { throw CatalogError.noSuchFile }
    return names.sorted().map { url.appendingPathComponent($0, isDirectory: true).standardizedFileURL }.filter(ShardLog.isThere)
  }
}
