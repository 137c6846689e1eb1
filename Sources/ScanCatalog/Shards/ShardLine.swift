import ScanDeid

/// What a shard did for whom, as the first line of its log tells.
package struct ShardHeader: Sendable, Equatable {
  /// Names the work that is shared: equal in all of its shards, 64 hexadecimal digits.
  package let job: String
  package let shard: Shard
  /// `PseudonymKey.fingerprint`
  package let key: String
  /// The pipeline of which this is a part; nil for a verb.
  package let pipeline: Pipeline?
  package let identity: ToolIdentity

  package struct Pipeline: Sendable, Equatable {
    /// As `stage.pipeline` has it.
    package let identity: String
    package let attempt: Int

    package init(identity: String, attempt: Int) {
      self.identity = identity
      self.attempt = attempt
    }
  }

  package init(job: String, shard: Shard, key: String, pipeline: Pipeline?, identity: ToolIdentity = .current) {
    self.job = job
    self.shard = shard
    self.key = key
    self.pipeline = pipeline
    self.identity = identity
  }

  /// Of the formats of logs.
  static let version: Int64 = 1
}

/// A run as a shard's log tells of it.
struct ShardRun: Equatable {
  var op: String
  var params: String
  var seed: Int64?
  var determinism: Determinism
  var startedMilliseconds: Int64
}

/// A stage or verb that a shard has finished.
package struct ShardStage: Sendable, Equatable {
  /// Within the pipeline, from 0.
  package let position: Int
  package let name: String
  package let failedItems: Int
  package let figures: [String: Double]

  package init(position: Int, name: String, failedItems: Int, figures: [String: Double]) {
    self.position = position
    self.name = name
    self.failedItems = failedItems
    self.figures = figures
  }

  /// What was counted, in words.
  package var counts: String {
    figures.filter { !$0.key.contains(".") && $0.value > 0 }.sorted { $0.key < $1.key }.map { "\(Int($0.value)) \($0.key)" }.joined(separator: ", ")
  }

  var json: CanonicalJSON {
    .object([
      "failedItems": .integer(Int64(failedItems)), "figures": .object(figures.mapValues { .number($0) }), "name": .string(name),
      "position": .integer(Int64(position)),
    ])
  }

  init?(_ json: CanonicalJSON) {
    guard let position = json["position"]?.integerValue, (0..<1000).contains(position), let name = json["name"]?.stringValue,
      let failed = json["failedItems"]?.integerValue, (0...Int64(Int32.max)).contains(failed), let figures = json["figures"]?.objectValue
    else { return nil }
    self.init(position: Int(position), name: name, failedItems: Int(failed), figures: figures.compactMapValues(\.numberValue))
  }
}

/// A line of `events.ndjson`, the log of a shard:
///
/// ```
/// {"job":"…","key":"…","pipeline":{…},"shard":[0,3],"tool":{…},"type":"scanforge.shard","version":1}
/// {"act":"read",…,"type":"key.used"}
/// {"count":36,"names":"…","type":"items.shared"}
/// {"determinism":"bitwise","op":"ingest","params":"…","seed":null,"started_ms":…,"type":"run.began"}
/// {"items":[{…},…],"type":"artifacts.recorded"}
/// {"splits":[["P0123456789abcdef","test"]],"type":"splits.given"}
/// {"ended_ms":…,"exit":0,"type":"run.ended"}
/// {"failedItems":0,"figures":{…},"name":"deidentify","position":1,"type":"stage.finished"}
/// {"seal":"…","type":"end"}
/// ```
/// The seal is an HMAC under the workspace's pseudonym key over SHA-256 of all lines before: whoever lacks the key can write no log, and no log can
/// be changed or cut.
enum ShardLine {
  case header(ShardHeader)
  case keyUsed(KeyUse)
  /// The items of which the shard took its own: how many, and a keyed hash of their names.
  case shared(count: Int64, names: String)
  case runBegan(ShardRun)
  case recorded([CanonicalJSON])
  case splits([(patient: Pseudonym, split: Split)])
  case runEnded(endedMilliseconds: Int64, exit: Int64)
  case stage(ShardStage)
  case end(seal: String)

  var json: CanonicalJSON {
    switch self {
    case .header(let header):
      let tool = header.identity
      return .object([
        "job": .string(header.job), "key": .string(header.key),
        "pipeline": header.pipeline.map { .object(["attempt": .integer(Int64($0.attempt)), "identity": .string($0.identity)]) } ?? .null,
        "shard": .array([.integer(Int64(header.shard.number)), .integer(Int64(header.shard.count))]),
        "tool": .object([
          "actor": .string(tool.actor), "build_sha256": .string(tool.buildSHA256), "host": .string(tool.host), "version": .string(tool.version),
        ]), "type": .string("scanforge.shard"), "version": .integer(ShardHeader.version),
      ])
    case .keyUsed(let use): return use.json
    case .shared(let count, let names):
      return .object(["count": .integer(count), "names": .string(names), "type": .string("items.shared")])
    case .runBegan(let run):
      return .object([
        "determinism": .string(run.determinism.rawValue), "op": .string(run.op), "params": .string(run.params),
        "seed": run.seed.map { .whole($0) } ?? .null, "started_ms": .integer(run.startedMilliseconds), "type": .string("run.began"),
      ])
    case .recorded(let items): return .object(["items": .array(items), "type": .string("artifacts.recorded")])
    case .splits(let splits):
      return .object([
        "splits": .array(splits.map { .array([.string($0.patient.text), .string($0.split.rawValue)]) }), "type": .string("splits.given"),
      ])
    case .runEnded(let ended, let exit):
      return .object(["ended_ms": .integer(ended), "exit": .integer(exit), "type": .string("run.ended")])
    case .stage(let stage):
      var members = stage.json.objectValue ?? [:]
      members["type"] = .string("stage.finished")
      return .object(members)
    case .end(let seal): return .object(["seal": .string(seal), "type": .string("end")])
    }
  }

  /// - Returns: nil for a line that no shard of this version writes.
  init?(_ json: CanonicalJSON) {
    switch json["type"]?.stringValue {
    case "scanforge.shard":
      guard let header = ShardHeader(json) else { return nil }
      self = .header(header)
    case "key.used":
      guard let use = KeyUse(json: json) else { return nil }
      self = .keyUsed(use)
    case "items.shared":
      guard let count = json["count"]?.integerValue, let names = json["names"]?.stringValue else { return nil }
      self = .shared(count: count, names: names)
    case "run.began":
      guard let op = json["op"]?.stringValue, let params = json["params"]?.stringValue, CanonicalJSON(parsing: params) != nil, let seed = json["seed"],
        seed == .null || seed.integerValue != nil, let determinism = json["determinism"]?.stringValue.flatMap({ Determinism(rawValue: $0) }),
        let started = json["started_ms"]?.integerValue
      else { return nil }
      self = .runBegan(
        ShardRun(op: op, params: params, seed: seed.integerValue, determinism: determinism, startedMilliseconds: started))
    case "artifacts.recorded":
      guard let items = json["items"]?.arrayValue else { return nil }
      self = .recorded(items)
    case "splits.given":
      guard let list = json["splits"]?.arrayValue else { return nil }
      let splits = list.compactMap { pair -> (patient: Pseudonym, split: Split)? in
        guard let fields = pair.arrayValue, fields.count == 2, let patient = fields[0].stringValue.flatMap({ Pseudonym(stored: $0) }),
          let split = fields[1].stringValue.flatMap({ Split(rawValue: $0) })
        else { return nil }
        return (patient, split)
      }
      guard splits.count == list.count else { return nil }
      self = .splits(splits)
    case "run.ended":
      guard let ended = json["ended_ms"]?.integerValue, let exit = json["exit"]?.integerValue, (0...255).contains(exit) else { return nil }
      self = .runEnded(endedMilliseconds: ended, exit: exit)
    case "stage.finished":
      guard let stage = ShardStage(json) else { return nil }
      self = .stage(stage)
    case "end":
      guard let seal = json["seal"]?.stringValue else { return nil }
      self = .end(seal: seal)
    default: return nil
    }
  }
}

extension ShardHeader {
  fileprivate init?(_ json: CanonicalJSON) {
    guard json["version"]?.integerValue == ShardHeader.version, let job = json["job"]?.stringValue, ContentDigest(hex: job)?.hex == job,
      let key = json["key"]?.stringValue, let place = json["shard"]?.arrayValue, place.count == 2, let number = place[0].integerValue,
      let count = place[1].integerValue, (1...Int64(Shard.largestCount)).contains(count), (0..<count).contains(number), let tool = json["tool"],
      let actor = tool["actor"]?.stringValue, let build = tool["build_sha256"]?.stringValue, let host = tool["host"]?.stringValue,
      let version = tool["version"]?.stringValue, let pipeline = json["pipeline"]
    else { return nil }
    var part: Pipeline?
    if pipeline != .null {
      guard let identity = pipeline["identity"]?.stringValue, let attempt = pipeline["attempt"]?.integerValue, (1...Int64(Int32.max)).contains(attempt) else {
        return nil
      }
      part = Pipeline(identity: identity, attempt: Int(attempt))
    }
    self.init(
      job: job, shard: Shard(number: Int(number), of: Int(count)), key: key, pipeline: part,
      identity: ToolIdentity(version: version, buildSHA256: build, actor: actor, host: host))
  }
}
