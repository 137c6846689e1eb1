import Foundation
import GRDB
package import ScanDeid

/// Admits the shards of one work into the catalog: the rows are those of one process, in its order, under one run per run of the shards.
///
/// Everything is checked before the first row is written. A merge that is cut off is run again: items that are recorded are found by their keys.
package struct ShardAdmission {
  package struct Report: Sendable, Equatable {
    /// Shards that came in now, and that were in before.
    package var admitted = 0
    package var known = 0
    package var items = 0
    /// Items whose patients have withdrawn.
    package var leftOut = 0
    /// Items that failed in all shards of the works that are complete now.
    package var failedItems = 0
    /// Shards that are still to come.
    package var missing: [Int] = []

    package init() {}

    package mutating func add(_ other: Report) {
      admitted += other.admitted
      known += other.known
      items += other.items
      leftOut += other.leftOut
      failedItems += other.failedItems
      missing += other.missing
    }
  }

  private let catalog: Catalog
  /// One per number, sorted.
  private let logs: [ShardLog]
  private let waiting: [ShardLog]
  private let admitted: Set<Int>
  private let parents: [ContentDigest: (id: ArtifactID, state: ArtifactState)]
  private let splits: [Pseudonym: Split]
  private let withdrawn: Set<Pseudonym>
  private let register: WithdrawnRegister
  private static let batch = 256

  package let missing: [Int]
  /// Items to go through.
  package var items: Int { waiting.map(\.items).reduce(0, +) }

  /// Checks that the shards belong together and here. Writes nothing.
  ///
  /// - Parameters:
  ///   - logs: of one work, at least one.
  ///   - isPartial: admits what is there where shards are missing.
  /// - Throws: `ShardError`; `CatalogError.patientInTwoSplits`.
  package init(_ logs: [ShardLog], to catalog: Catalog, key: PseudonymKey, isPartial: Bool) throws {
    self.catalog = catalog
    self.logs = try Self.distinct(logs)
    let header = self.logs[0].header
    let known = try catalog.admittedShards(of: header.job)
    for log in self.logs {
      if let earlier = known.first(where: { $0.shard == log.header.shard }), earlier.content != log.content { throw ShardError.differs(folder: log.name) }
    }
    let numbers = Set(known.map(\.shard.number))
    admitted = numbers
    waiting = self.logs.filter { !numbers.contains($0.header.shard.number) }
    missing = Set(0..<header.shard.count).subtracting(numbers).subtracting(self.logs.map(\.header.shard.number)).sorted()
    guard isPartial || missing.isEmpty else { throw ShardError.missing(job: header.job, shards: missing, of: header.shard.count) }
    let register = try WithdrawnRegister(catalog.workspace, key: key)
    let found = try catalog.parents(waiting.reduce(into: []) { $0.formUnion($1.facts.parents) })
    var splits: [Pseudonym: Split] = [:]
    var withdrawn: Set<Pseudonym> = []
    for log in waiting {
      for leaf in log.facts.parents {
        guard let parent = found[leaf] else { throw ShardError.otherWorkspace(folder: log.name) }
        guard parent.state != .tainted else { throw ShardError.parentGone(folder: log.name, state: parent.state.rawValue) }
      }
      for (patient, split) in log.facts.splits {
        guard splits.updateValue(split, forKey: patient) ?? split == split, try catalog.split(of: patient) ?? split == split else {
          throw CatalogError.patientInTwoSplits(patient.text)
        }
      }
      withdrawn.formUnion(try log.facts.patients.filter { try register.contains($0) || catalog.isWithdrawn($0) })
    }
    self.register = register
    parents = found
    self.splits = splits
    self.withdrawn = withdrawn
  }

  /// One log per shard. Two of one shard are welcome when they say the same.
  private static func distinct(_ logs: [ShardLog]) throws -> [ShardLog] {
    let sorted = logs.sorted { ($0.header.shard.number, $0.name) < ($1.header.shard.number, $1.name) }
    let first = sorted[0]
    var distinct: [ShardLog] = []
    for log in sorted {
      func agree(_ isSame: Bool, on subject: String, with other: ShardLog = first) throws {
        guard isSame else { throw ShardError.disagree(first: other.name, second: log.name, in: subject) }
      }
      try agree(log.header.identity.buildSHA256 == first.header.identity.buildSHA256, on: "the program that made them")
      try agree(log.header.pipeline == first.header.pipeline && log.header.shard.count == first.header.shard.count, on: "the work")
      try agree(log.facts.shares == first.facts.shares, on: "the list of inputs")
      try agree(
        log.facts.runs.map { [$0.op, $0.params, "\($0.seed ?? -1)"] } == first.facts.runs.map { [$0.op, $0.params, "\($0.seed ?? -1)"] },
        on: "the options of their runs")
      try agree(log.facts.stages.map { [$0.name, "\($0.position)"] } == first.facts.stages.map { [$0.name, "\($0.position)"] }, on: "their stages")
      if let last = distinct.last, last.header.shard == log.header.shard {
        try agree(last.content == log.content, on: "what shard \(log.header.shard) recorded", with: last)
      } else {
        distinct.append(log)
      }
    }
    return distinct
  }

  /// Records everything. All or nothing for the reader of the catalog's `shard` table; rows come in batches.
  ///
  /// - Parameter progress: gets the number of items after each batch; may throw to stop.
  package func admit(progress: (Int) throws -> Void) throws -> Report {
    var report = Report()
    report.known = logs.count - waiting.count
    report.admitted = waiting.count
    report.missing = missing
    if !waiting.isEmpty {
      var leftOut: [Int: Int] = [:]
      let runs = try waiting[0].facts.runs.indices.map { try run(at: $0) }
      let sources = try waiting.map(Source.init)
      for (position, run) in runs.enumerated() {
        try record(sources, position, run, &leftOut) { count in
          report.items += count
          try progress(report.items)
        }
      }
      report.leftOut = leftOut.values.reduce(0, +)
      if !splits.isEmpty, let run = runs.first { try run.assignSplits(splits) }
      try catalog.markAdmitted(waiting.map { ($0.facts.keyUses, AdmittedShard($0, leftOut: leftOut[$0.header.shard.number] ?? 0)) })
    }
    if missing.isEmpty { report.failedItems = try conclude() }
    return report
  }

  /// A shard while its items are recorded.
  private final class Source {
    let cursor: ShardCursor
    /// Ids that its items got; nil for those left out, and for those in the batch.
    var ids: [ArtifactID?] = []
    /// Places in the batch, by number.
    var waiting: [Int: Int] = [:]

    init(_ log: ShardLog) throws { cursor = try ShardCursor(log) }
  }

  /// The run that takes in the runs that the shards had at `position`.
  private func run(at position: Int) throws -> RunHandle {
    let job = logs[0].header.job
    let facts = logs[0].facts.runs[position]
    if let id = try catalog.shardRun(of: job, at: position) {
      return RunHandle(id: id, catalog: catalog, request: RunRecord.fingerprint(op: facts.op, params: facts.params, seed: facts.seed))
    }
    func all(_ value: (ToolIdentity) -> String) -> String { Set(logs.map { value($0.header.identity) }).sorted().joined(separator: ", ") }
    let identity = ToolIdentity(version: all(\.version), buildSHA256: all(\.buildSHA256), actor: all(\.actor), host: all(\.host))
    return try catalog.beginRun(
      op: facts.op, parameters: CanonicalJSON(parsing: facts.params) ?? .null, seed: facts.seed, determinism: facts.determinism, identity: identity,
      started: logs.map { $0.facts.runs[position].startedMilliseconds }.min()
    ) { db, id in
      let sequence = try EventLog.append(.shardRun(run: id, job: job, position: Int64(position)), db)
      try db.execute(
        sql: "INSERT INTO shard_run (job, position, run_id, event_seq) VALUES (?, ?, ?, ?)", arguments: [job, position, id, sequence])
    }
  }

  /// Takes from all shards in the order of one process.
  private func record(
    _ sources: [Source], _ position: Int, _ run: RunHandle, _ leftOut: inout [Int: Int], progress: (Int) throws -> Void
  ) throws {
    var heads = try sources.map { try $0.cursor.head(of: position) }
    var batch: [(draft: ArtifactDraft, source: Source, number: Int)] = []
    var count = 0
    func flush() throws {
      for (item, id) in zip(batch, try run.record(batch.map(\.draft))) { item.source.ids[item.number] = id }
      for source in sources { source.waiting = [:] }
      batch = []
      try progress(count)
      count = 0
    }
    while let (item, index) = Self.first(of: heads) {
      let source = sources[index]
      let number = source.cursor.number
      source.ids.append(nil)
      if let parents = try parents(of: item, in: source) {
        let object = try ShardObjects(source.cursor.log.url).admit(item, to: catalog.objects)
        source.waiting[number] = batch.count
        batch.append((item.draft(object, from: parents), source, number))
      } else {
        leftOut[source.cursor.log.header.shard.number, default: 0] += 1
      }
      source.cursor.advance()
      heads[index] = try source.cursor.head(of: position)
      count += 1
      if batch.count >= Self.batch { try flush() }
    }
    try flush()
  }

  private static func first(of heads: [ShardItem?]) -> (item: ShardItem, index: Int)? {
    var first: (item: ShardItem, index: Int)?
    for (index, head) in heads.enumerated() {
      if let head, first.map({ head.place < $0.item.place }) ?? true { first = (head, index) }
    }
    return first
  }

  /// What an item comes from, here; nil when it or something above it is of someone who has withdrawn.
  private func parents(of item: ShardItem, in source: Source) throws -> [(parent: ArtifactDraft.Parent, role: String)]? {
    if let patient = item.patient, withdrawn.contains(patient) { return nil }
    if item.origin == .acquired, register.contains(item.sha256) { return nil }
    var result: [(parent: ArtifactDraft.Parent, role: String)] = []
    for (parent, role) in item.parents {
      switch parent {
      case .recorded(let leaf):
        guard let known = parents[leaf], known.state != .withdrawn else { return nil }
        result.append((.recorded(known.id), role))
      case .item(let number):
        if let place = source.waiting[number] {
          result.append((.draft(place), role))
        } else if let id = source.ids[number] {
          result.append((.recorded(id), role))
        } else {
          return nil
        }
      }
    }
    return result
  }

  /// Ends the runs and says which stages of the pipeline are done.
  ///
  /// - Returns: items that failed or were left out, of all shards.
  private func conclude() throws -> Int {
    let header = logs[0].header
    let shards = try catalog.admittedShards(of: header.job)
    let leftOut = shards.contains { $0.leftOut > 0 }
    for position in logs[0].facts.runs.indices {
      let run = try run(at: position)
      guard try catalog.isOpen(run.id) else { continue }
      let parts = shards.compactMap { $0.runs.indices.contains(position) ? $0.runs[position] : nil }
      try run.finish(exit: Int32(max(parts.map(\.exit).max() ?? 0, leftOut ? 1 : 0)), ended: parts.map(\.ended).max())
    }
    if let pipeline = header.pipeline {
      let done = try Set(catalog.finishedStages(pipeline: pipeline.identity, attempt: pipeline.attempt).map(\.position))
      for (index, stage) in logs[0].facts.stages.enumerated() where !done.contains(stage.position) {
        try catalog.finishStage(
          pipeline: pipeline.identity, attempt: pipeline.attempt, position: stage.position, name: stage.name,
          summary: ShardStage.summary(of: shards.compactMap { $0.stages.indices.contains(index) ? $0.stages[index] : nil }))
      }
    }
    return shards.map { Int($0.leftOut) + $0.stages.map(\.failedItems).reduce(0, +) }.reduce(0, +)
  }
}

extension ShardStage {
  /// One stage's summary of all shards', in the form that a pipeline keeps of a finished stage.
  fileprivate static func summary(of parts: [ShardStage]) -> CanonicalJSON {
    let sum = ShardStage(
      position: parts[0].position, name: parts[0].name, failedItems: parts.map(\.failedItems).reduce(0, +),
      figures: parts.reduce(into: [:]) { $0.merge($1.figures, uniquingKeysWith: +) })
    let words = ["merged from \(parts.count) shards", sum.counts, sum.failedItems > 0 ? "\(sum.failedItems) failed" : ""]
    return .object([
      "failedItems": .integer(Int64(sum.failedItems)), "figures": .object(sum.figures.mapValues { .number($0) }),
      "summary": .string(words.filter { !$0.isEmpty }.joined(separator: ", ")),
    ])
  }
}
