/// What the log records. Patients are named by their random id, artifacts by leaf, so an event survives a withdrawal unchanged.
enum CatalogEvent: Equatable {
  case created(schema: Int)
  /// An older catalog got the tables of a newer version.
  case migrated(schema: Int)
  /// A key that signs heads of this log from now on.
  case signingKey(Signer)
  /// Someone used or told of a key in `keys/`: `what` is `read`, `made` or `replaced`. Never the key itself.
  case keyUsed(KeyUse)
  case runBegan(CanonicalJSON)
  case runEnded(run: Int64, endedMilliseconds: Int64, exit: Int64)
  /// `count` artifact rows from `first` on, under a Merkle root of their leaves; new patients with their leaves.
  case recorded(run: Int64, first: Int64, count: Int64, root: ContentDigest, patients: [(id: Int64, leaf: ContentDigest)])
  case artifactState(run: Int64, state: String, leaves: [ContentDigest])
  case patientState(run: Int64, state: String, patients: [Int64])
  case splitRule(run: Int64, seed: Int64, parts: [(split: String, fraction: Double, upper: String?)])
  case splitAssigned(run: Int64, patients: [(id: Int64, split: String)])
  case modelPublished(run: Int64, name: String, files: [String: ContentDigest])
  /// Files of `runs/<run>/` by name, as leaves.
  case runFiles(run: Int64, files: [String: ContentDigest])
  /// Their hashes were taken out of the catalog by a withdrawal.
  case runFilesErased(run: Int64)
  case stageFinished(pipeline: String, attempt: Int64, position: Int64, name: String, summary: String)
  /// `count` rows of `memorization_check` under a Merkle root.
  case memorizationChecked(run: Int64, count: Int64, root: ContentDigest)
  /// A run that holds what the shards of a work did, in the place of theirs that `position` counts.
  case shardRun(run: Int64, job: String, position: Int64)
  /// All of a shard is recorded: see `AdmittedShard`.
  case shardAdmitted(AdmittedShard)

  var json: CanonicalJSON {
    switch self {
    case .created(let schema): .object(["schema": .integer(Int64(schema)), "type": .string("catalog.created")])
    case .migrated(let schema): .object(["schema": .integer(Int64(schema)), "type": .string("catalog.migrated")])
    case .signingKey(let signer): .object(["public_key": .string(signer.publicKey), "type": .string("signing.key")])
    case .keyUsed(let use): use.json
    case .runBegan(let run): .object(["run": run, "type": .string("run.began")])
    case .runEnded(let run, let ended, let exit):
      .object(["ended_ms": .integer(ended), "exit": .integer(exit), "run": .integer(run), "type": .string("run.ended")])
    case .recorded(let run, let first, let count, let root, let patients):
      .object([
        "artifacts": .object(["count": .integer(count), "first": .integer(first), "root": .string(root.hex)]),
        "patients": .array(patients.map { .array([.integer($0.id), .string($0.leaf.hex)]) }), "run": .integer(run),
        "type": .string("artifacts.recorded"),
      ])
    case .artifactState(let run, let state, let leaves):
      .object([
        "artifacts": .array(leaves.map { .string($0.hex) }), "run": .integer(run), "state": .string(state), "type": .string("artifact.state"),
      ])
    case .patientState(let run, let state, let patients):
      .object([
        "patients": .array(patients.map { .integer($0) }), "run": .integer(run), "state": .string(state), "type": .string("patient.state"),
      ])
    case .splitRule(let run, let seed, let parts):
      .object([
        "parts": .array(
          parts.map { .object(["fraction": .number($0.fraction), "split": .string($0.split), "upper": $0.upper.map { .string($0) } ?? .null]) }),
        "run": .integer(run), "seed": .whole(seed), "type": .string("split.rule"),
      ])
    case .splitAssigned(let run, let patients):
      .object([
        "patients": .array(patients.map { .array([.integer($0.id), .string($0.split)]) }), "run": .integer(run),
        "type": .string("split.assigned"),
      ])
    case .modelPublished(let run, let name, let files):
      .object([
        "files": .object(files.mapValues { .string($0.hex) }), "name": .string(name), "run": .integer(run), "type": .string("model.published"),
      ])
    case .runFiles(let run, let files):
      .object(["files": .object(files.mapValues { .string($0.hex) }), "run": .integer(run), "type": .string("run.files")])
    case .runFilesErased(let run): .object(["run": .integer(run), "type": .string("run.filesErased")])
    case .stageFinished(let pipeline, let attempt, let position, let name, let summary):
      .object([
        "attempt": .integer(attempt), "name": .string(name), "pipeline": .string(pipeline), "position": .integer(position),
        "summary": .string(summary), "type": .string("stage.finished"),
      ])
    case .memorizationChecked(let run, let count, let root):
      .object([
        "count": .integer(count), "root": .string(root.hex), "run": .integer(run), "type": .string("memorization.checked"),
      ])
    case .shardRun(let run, let job, let position):
      .object(["job": .string(job), "position": .integer(position), "run": .integer(run), "type": .string("shard.run")])
    case .shardAdmitted(let shard): shard.json
    }
  }

  /// Reads a body back; nil when it is not one that this version writes, letter for letter.
  init?(body: String) {
    guard let json = CanonicalJSON(parsing: body), let event = CatalogEvent(json: json), event.json.text == body else { return nil }
    self = event
  }

  private init?(json: CanonicalJSON) {
    let run = json["run"]?.integerValue
    switch json["type"]?.stringValue {
    case "catalog.created":
      guard let schema = json["schema"]?.integerValue else { return nil }
      self = .created(schema: Int(schema))
    case "catalog.migrated":
      guard let schema = json["schema"]?.integerValue.flatMap({ Int(exactly: $0) }) else { return nil }
      self = .migrated(schema: schema)
    case "signing.key":
      guard let signer = json["public_key"]?.stringValue.flatMap({ Signer(publicKey: $0) }) else { return nil }
      self = .signingKey(signer)
    case "key.used":
      guard let use = KeyUse(json: json) else { return nil }
      self = .keyUsed(use)
    case "run.began":
      guard let run = json["run"], run.objectValue != nil else { return nil }
      self = .runBegan(run)
    case "run.ended":
      guard let run, let ended = json["ended_ms"]?.integerValue, let exit = json["exit"]?.integerValue else { return nil }
      self = .runEnded(run: run, endedMilliseconds: ended, exit: exit)
    case "artifacts.recorded":
      guard let run, let artifacts = json["artifacts"], let first = artifacts["first"]?.integerValue,
        let count = artifacts["count"]?.integerValue, let root = artifacts["root"]?.stringValue.flatMap({ ContentDigest(hex: $0) }),
        let patients = json["patients"]?.arrayValue
      else { return nil }
      let pairs = patients.compactMap { pair -> (id: Int64, leaf: ContentDigest)? in
        guard let fields = pair.arrayValue, fields.count == 2, let id = fields[0].integerValue,
          let leaf = fields[1].stringValue.flatMap({ ContentDigest(hex: $0) })
        else { return nil }
        return (id, leaf)
      }
      self = .recorded(run: run, first: first, count: count, root: root, patients: pairs)
    case "artifact.state":
      guard let run, let state = json["state"]?.stringValue, let leaves = json["artifacts"]?.arrayValue else { return nil }
      self = .artifactState(run: run, state: state, leaves: leaves.compactMap { $0.stringValue.flatMap { ContentDigest(hex: $0) } })
    case "patient.state":
      guard let run, let state = json["state"]?.stringValue, let patients = json["patients"]?.arrayValue else { return nil }
      self = .patientState(run: run, state: state, patients: patients.compactMap(\.integerValue))
    case "split.rule":
      guard let run, let seed = json["seed"]?.integerValue, let parts = json["parts"]?.arrayValue else { return nil }
      self = .splitRule(
        run: run, seed: seed,
        parts: parts.compactMap { part in
          guard let split = part["split"]?.stringValue, let fraction = part["fraction"]?.numberValue else { return nil }
          return (split, fraction, part["upper"]?.stringValue)
        })
    case "split.assigned":
      guard let run, let patients = json["patients"]?.arrayValue else { return nil }
      self = .splitAssigned(
        run: run,
        patients: patients.compactMap { pair in
          guard let fields = pair.arrayValue, fields.count == 2, let id = fields[0].integerValue, let split = fields[1].stringValue else {
            return nil
          }
          return (id, split)
        })
    case "model.published":
      guard let run, let name = json["name"]?.stringValue, let files = json["files"]?.objectValue else { return nil }
      self = .modelPublished(
        run: run, name: name, files: files.compactMapValues { $0.stringValue.flatMap { ContentDigest(hex: $0) } })
    case "run.files":
      guard let run, let files = json["files"]?.objectValue else { return nil }
      self = .runFiles(run: run, files: files.compactMapValues { $0.stringValue.flatMap { ContentDigest(hex: $0) } })
    case "run.filesErased":
      guard let run else { return nil }
      self = .runFilesErased(run: run)
    case "stage.finished":
      guard let pipeline = json["pipeline"]?.stringValue, let attempt = json["attempt"]?.integerValue,
        let position = json["position"]?.integerValue, let name = json["name"]?.stringValue, let summary = json["summary"]?.stringValue
      else { return nil }
      self = .stageFinished(pipeline: pipeline, attempt: attempt, position: position, name: name, summary: summary)
    case "memorization.checked":
      guard let run, let count = json["count"]?.integerValue, let root = json["root"]?.stringValue.flatMap({ ContentDigest(hex: $0) }) else {
        return nil
      }
      self = .memorizationChecked(run: run, count: count, root: root)
    case "shard.run":
      guard let run, let job = json["job"]?.stringValue, let position = json["position"]?.integerValue else { return nil }
      self = .shardRun(run: run, job: job, position: position)
    case "shard.admitted":
      guard let shard = AdmittedShard(json: json) else { return nil }
      self = .shardAdmitted(shard)
    default: return nil
    }
  }

  static func == (a: CatalogEvent, b: CatalogEvent) -> Bool { a.json == b.json }
}
