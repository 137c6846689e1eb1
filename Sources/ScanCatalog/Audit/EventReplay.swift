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
    let began: CanonicalJSON
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

  private(set) var batches: [Batch] = []
  private(set) var runs: [Int64: Run] = [:]
  private(set) var patients: [Int64: Patient] = [:]
  /// States of artifacts that were changed, by leaf.
  private(set) var states: [ContentDigest: String] = [:]
  private(set) var rule: (event: Int64, seed: Int64, parts: [(split: String, fraction: Double, upper: String?)])?
  /// All publications, by name: event and leaf per file.
  private(set) var models: [String: [(event: Int64, files: [String: ContentDigest])]] = [:]
  private(set) var stages: [Stage: (event: Int64, name: String, summary: String)] = [:]
  /// Checks for copies, by event.
  private(set) var memorization: [Int64: (count: Int64, root: ContentDigest)] = [:]
  private(set) var count = 0

  var artifactCount: Int64 { batches.last.map { $0.first + $0.count - 1 } ?? 0 }

  /// Streams the log, reports gaps and changes, and takes in what it says.
  mutating func read(_ db: Database, report: (AuditFinding) -> Void) throws {
    var expected: Int64 = 1
    var previous = ContentDigest.zero
    let rows = try Row.fetchCursor(db, sql: "SELECT seq, body, prev, hash FROM event ORDER BY seq")
    while let row = try rows.next() {
      count += 1
      let seq = row.integer("seq") ?? 0
      if seq != expected {
        report(AuditFinding(.eventGap, "events \(expected) to \(seq - 1) are missing", event: expected))
      }
      let body = row.text("body") ?? ""
      let hash = row.digest("hash")
      let prev = row.digest("prev")
      if hash == nil || prev == nil || hash != ContentDigest(of: prev?.bytes ?? [], Array(body.utf8)) {
        report(AuditFinding(.eventChanged, "event \(seq) does not have the hash of its content", event: seq))
      } else if seq == expected, prev != previous {
        report(AuditFinding(.eventChanged, "event \(seq) does not follow event \(seq - 1)", event: seq))
      }
      previous = hash ?? .zero
      expected = seq + 1
      guard let event = CatalogEvent(body: body) else {
        report(AuditFinding(.eventChanged, "event \(seq) is not one that scanforge writes", event: seq))
        continue
      }
      // An older catalog says with which version it began.
      let isFirst = if case .created(let schema) = event { (1...CatalogMigrations.version).contains(schema) } else { false }
      if (seq == 1) != isFirst || !apply(event, seq) {
        report(AuditFinding(.eventChanged, "event \(seq) contradicts the events before it", event: seq))
      }
    }
    if count == 0 { report(AuditFinding(.eventGap, "the event log is empty", event: 1)) }
  }

  /// - Returns: false when the event does not fit.
  private mutating func apply(_ event: CatalogEvent, _ seq: Int64) -> Bool {
    switch event {
    case .created: return true
    case .runBegan(let run):
      guard let id = run["id"]?.integerValue, runs[id] == nil else { return false }
      runs[id] = Run(began: run, event: seq)
    case .runEnded(let run, let ended, let exit):
      guard runs[run] != nil, runs[run]?.ended == nil else { return false }
      runs[run]?.ended = ended
      runs[run]?.exit = exit
    case .recorded(let run, let first, let count, let root, let newPatients):
      guard runs[run] != nil, first == artifactCount + 1, count > 0 else { return false }
      batches.append(Batch(event: seq, run: run, first: first, count: count, root: root))
      for patient in newPatients {
        guard patients[patient.id] == nil else { return false }
        patients[patient.id] = Patient(leaf: patient.leaf, event: seq)
      }
    case .artifactState(_, let state, let leaves):
      for leaf in leaves { states[leaf] = state }
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
    case .stageFinished(let pipeline, let attempt, let position, let name, let summary):
      let stage = Stage(pipeline: pipeline, attempt: attempt, position: position)
      guard stages[stage] == nil else { return false }
      stages[stage] = (seq, name, summary)
    case .memorizationChecked(let run, let count, let root):
      guard runs[run] != nil, count > 0 else { return false }
      memorization[seq] = (count, root)
    }
    return true
  }
}
