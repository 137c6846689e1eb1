import Diagnostics
import ScanDeid
import ScanModel

/// Items of a batch that are staged and wait to get their names together: one wait for the disk serves them all.
struct PublicationGroup {
  /// An item that is cleaned and staged.
  struct Prepared: Sendable {
    let staged: OutputTree.Staged
    let path: String
    /// For the journal; nil when the source is gone by now.
    let source: String?
    let patient: Pseudonym
    let record: DeidentificationRecord
    let warnings: [ScanWarning]
  }

  var summary: DeidentifySummary
  private let tree: OutputTree
  private let journal: BatchJournal?
  let mapping: MappingFiles?
  private var names = OutputNames()
  private var waiting: [CleanStream.Item<Prepared>] = []
  private var waitingBytes = 0
  private var began = ContinuousClock.now
  private var groups = 0

  init(tree: OutputTree, journal: BatchJournal?, mapping: MappingFiles?, summary: DeidentifySummary) {
    self.tree = tree
    self.journal = journal
    self.mapping = mapping
    self.summary = summary
  }

  /// A sudden end costs a second's work. The first group is small, so that trouble with names shows early.
  var isFull: Bool {
    waiting.count >= (groups == 0 ? 128 : 1024) || waitingBytes >= 128 << 20 || began.duration(to: .now) >= .seconds(1)
  }

  mutating func add(_ item: CleanStream.Item<Prepared>) {
    waiting.append(item)
    if case .done(let prepared) = item.outcome { waitingBytes += prepared.staged.bytes }
  }

  /// Counts what an earlier run of the same request published.
  mutating func add(earlier entry: BatchJournal.Entry) {
    names.add(entry.path)
    summary.add(.unchanged, entry.patient, entry.record, warnings: entry.warnings)
  }

  /// Publishes what waits, in input order.
  ///
  /// - Parameter failed: told of each item that fails.
  /// - Returns: false when an item failed and `stopsAtFailure`; what comes after it stays unpublished.
  mutating func publish(stopsAtFailure: Bool, failed: (DeidentifyBatch.Failure) -> Void) throws -> Bool {
    defer {
      waiting = []
      waitingBytes = 0
      began = .now
      groups += 1
    }
    if waitingBytes > 0 { try tree.synchronize() }
    var entries: [BatchJournal.Entry] = []
    var goesOn = true
    for item in waiting {
      var trouble: (any ExplainedError)?
      switch item.outcome {
      case .done(let prepared):
        do {
          let (path, outcome) = try names.publish(prepared.staged, as: prepared.path, in: tree)
          summary.add(outcome, prepared.patient, prepared.record, warnings: prepared.warnings)
          if let source = prepared.source {
            entries.append(
              BatchJournal.Entry(
                source: source, path: path, bytes: prepared.staged.bytes, patient: prepared.patient, record: prepared.record,
                warnings: prepared.warnings))
          }
        } catch let conflict as OutputConflict {
          trouble = conflict
        }
      case .failed(let error): trouble = error
      }
      guard let trouble else { continue }
      summary.addFailure(number: item.input.number, id: item.id, trouble)
      failed(DeidentifyBatch.Failure(item: item.input, id: item.id, error: trouble))
      if stopsAtFailure {
        goesOn = false
        break
      }
    }
    // The way back to the patients first: an item that the journal names is not cleaned again.
    try mapping?.write()
    try journal?.append(entries)
    return goesOn
  }
}
