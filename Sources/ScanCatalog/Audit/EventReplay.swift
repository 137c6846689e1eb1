import GRDB

/// What the catalog's rows must be, according to its events.
struct EventReplay {
  struct Batch {
    let event: Int64
    let run: Int64
    let first: Int64
    let count: Int64
    let root: ContentDigest
  }

  struct Run {
    /// SHA-256 of the row as the event holds it: a log may have millions of runs.
    let began: ContentDigest
    let event: Int64
    var ended: Int64?
    var exit: Int64?
  }

  struct Patient {
    let leaf: ContentDigest
    let event: Int64
    var state = "active"
    var split: (name: String, event: Int64)?
  }

  struct Stage: Hashable {
    let pipeline: String
    let attempt: Int64
    let position: Int64
  }

  private(set) var runs: [Int64: Run] = [:]
  private(set) var patients: [Int64: Patient] = [:]
  /// States of artifacts that were changed, by leaf: the last event that did, and the state.
  private(set) var states: [ContentDigest: (event: Int64, state: String)] = [:]
  private(set) var rule: (event: Int64, seed: Int64, parts: [(split: String, fraction: Double, upper: String?)])?
  /// All publications, by name: event and leaf per file.
  private(set) var models: [String: [(event: Int64, files: [String: ContentDigest])]] = [:]
  private(set) var stages: [Stage: (event: Int64, name: String, summary: String)] = [:]
  /// Checks for copies, by event.
  private(set) var memorization: [Int64: (count: Int64, root: ContentDigest)] = [:]
  struct ShardPlace: Hashable {
    let job: String
    /// Of a run, or of a shard.
    let number: Int64
  }
  private(set) var shardRuns: [ShardPlace: (event: Int64, run: Int64)] = [:]
  private(set) var shards: [ShardPlace: (event: Int64, shard: AdmittedShard)] = [:]
  private(set) var runFiles: [Int64: (event: Int64, files: [String: ContentDigest])] = [:]
  /// Runs whose files' rows were emptied.
  private(set) var erasedRunFiles: Set<Int64> = []
  /// The event from which on the end of a run records its files; nil when none does.
  private(set) var runFilesBegin: Int64?
  /// Keys that may sign heads of this log, with the event that named them.
  private(set) var signers: [Signer: Int64] = [:]
  /// Fingerprint of the pseudonym key that was made last; where none was made, of the first that was used.
  private(set) var pseudonymKey: String?
  /// What the register of withdrawn patients held when the last withdrawal was recorded.
  private(set) var withdrawals: WithdrawnRegister.Extent?
  /// Version of the schema that the log tells of.
  private(set) var schema = 0
  private(set) var count = 0
  private(set) var lastSequence: Int64 = 0
  private(set) var artifactCount: Int64 = 0

  /// Streams the log, reports gaps and changes, and takes in what it says.
  ///
  /// - Parameters:
  ///   - anchors: are shown each event as it is read.
  ///   - threads: how many hash and parse.
  ///   - recorded: gets each batch of artifacts where it stands in the log. Batches are not kept: a large log has millions.
  mutating func read(
    _ db: Database, anchors: AnchorCheck, threads: Int, report: (AuditFinding) -> Void, recorded: (Batch) throws -> Void
  ) throws {
    var expected: Int64 = 1
    var previous = ContentDigest.zero
    // Made from the bodies alone, whatever hashes are stored.
    var actual = ContentDigest.zero
    var block = EventBlock()
    let rows = try BareStatement(db, EventBlock.query)
    while try block.fill(from: rows) {
      block.examine(threads: threads)
      for (index, event) in block.events.enumerated() {
        count += 1
        let seq = event.seq
        lastSequence = max(lastSequence, seq)
        if seq != expected {
          report(AuditFinding(.eventGap, "events \(expected) to \(seq &- 1) are missing", event: expected))
        }
        actual = event.prev == actual ? event.claimed : block.hash(of: index, after: actual)
        if event.prev == nil || event.hash != event.claimed {
          report(AuditFinding(.eventChanged, "event \(seq) does not have the hash of its content", event: seq))
        } else if seq == expected, event.prev != previous {
          report(AuditFinding(.eventChanged, "event \(seq) does not follow event \(seq - 1)", event: seq))
        }
        previous = event.hash ?? .zero
        expected = seq &+ 1
        if let step = event.step {
          if try (seq == 1) != step.isFirst || !apply(step, seq, recorded: recorded) {
            report(AuditFinding(.eventChanged, "event \(seq) contradicts the events before it", event: seq))
          }
        } else {
          report(AuditFinding(.eventChanged, "event \(seq) is not one that scanforge writes", event: seq))
        }
        anchors.observe(seq, hash: actual, counts: (artifactCount, Int64(patients.count), Int64(runs.count)))
      }
    }
    if count == 0 { report(AuditFinding(.eventGap, "the event log is empty", event: 1)) }
  }

  /// - Returns: false when the event does not fit.
  private mutating func apply(_ step: ReplayStep, _ seq: Int64, recorded: (Batch) throws -> Void) throws -> Bool {
    switch step {
    case .keyUsed(let act, let fingerprint):
      // Whoever reads another key than the one that was made has one that came without an event.
      if act != .read || pseudonymKey == nil { pseudonymKey = fingerprint }
      return true
    case .runBegan(let id, let row, let register):
      guard runs[id] == nil else { return false }
      runs[id] = Run(began: row, event: seq)
      if let register { withdrawals = register }
      return true
    case .runEnded(let run, let ended, let exit):
      guard runs[run] != nil, runs[run]?.ended == nil else { return false }
      runs[run]?.ended = ended
      runs[run]?.exit = exit
      return true
    case .recorded(let run, let first, let count, let root, let newPatients):
      guard first > artifactCount, count > 0, count <= Int64.max - first else { return false }
      // Where an event before is missing, its rows alone are in doubt, not those of this one.
      var isFine = first == artifactCount + 1 && runs[run] != nil
      artifactCount = first + count - 1
      for patient in newPatients {
        if patients[patient.id] == nil { patients[patient.id] = Patient(leaf: patient.leaf, event: seq) } else { isFine = false }
      }
      try recorded(Batch(event: seq, run: run, first: first, count: count, root: root))
      return isFine
    case .other(let event): return apply(event, seq)
    }
  }

  private mutating func apply(_ event: CatalogEvent, _ seq: Int64) -> Bool {
    switch event {
    case .created(let schema), .migrated(let schema):
      guard schema > self.schema, schema <= CatalogMigrations.version else { return false }
      self.schema = schema
      if schema >= 2, runFilesBegin == nil { runFilesBegin = seq }
    case .signingKey(let signer):
      guard signers[signer] == nil else { return false }
      signers[signer] = seq
    case .artifactState(_, let state, let leaves):
      for leaf in leaves { states[leaf] = (seq, state) }
    case .patientState(_, let state, let ids):
      for id in ids {
        guard patients[id] != nil else { return false }
        patients[id]?.state = state
      }
    case .splitRule(_, let seed, let parts):
      guard rule == nil else { return false }
      rule = (seq, seed, parts)
    case .splitAssigned(_, let assigned):
      for (id, split) in assigned {
        guard patients[id] != nil, patients[id]?.split == nil else { return false }
        patients[id]?.split = (split, seq)
      }
    case .modelPublished(_, let name, let files): models[name, default: []].append((seq, files))
    case .runFiles(let run, let files):
      guard runs[run] != nil, runs[run]?.ended == nil, runFiles[run] == nil else { return false }
      runFiles[run] = (seq, files)
    case .runFilesErased(let run):
      guard runFiles[run] != nil else { return false }
      erasedRunFiles.insert(run)
    case .stageFinished(let pipeline, let attempt, let position, let name, let summary):
      let stage = Stage(pipeline: pipeline, attempt: attempt, position: position)
      guard stages[stage] == nil else { return false }
      stages[stage] = (seq, name, summary)
    case .memorizationChecked(let run, let count, let root):
      guard runs[run] != nil, count > 0 else { return false }
      memorization[seq] = (count, root)
    case .keyUsed, .runBegan, .runEnded, .recorded: preconditionFailure("\(event) is a step of its own")
    case .shardRun(let run, let job, let position):
      guard runs[run] != nil, shardRuns.updateValue((seq, run), forKey: ShardPlace(job: job, number: position)) == nil else { return false }
    case .shardAdmitted(let shard):
      let place = ShardPlace(job: shard.job, number: Int64(shard.shard.number))
      guard shards.updateValue((seq, shard), forKey: place) == nil else { return false }
    }
    return true
  }
}
