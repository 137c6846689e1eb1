/// What the log keeps of a shard: who made it where and when, and what is needed to end the work when all shards are in. Nothing in it names a
/// patient or an image.
struct AdmittedShard: Equatable {
  let job: String
  let shard: Shard
  /// Keyed hash of what it recorded, without times and hosts.
  let content: String
  let identity: ToolIdentity
  /// Of its runs, in order: when they began and ended (milliseconds since 1970), and the exit code.
  let runs: [Run]
  let stages: [ShardStage]
  /// Items that it recorded.
  let items: Int64
  /// Those of them that were left out: their patients had withdrawn.
  let leftOut: Int64

  struct Run: Equatable {
    let started: Int64
    let ended: Int64
    let exit: Int64
  }

  var json: CanonicalJSON {
    .object([
      "actor": .string(identity.actor), "build_sha256": .string(identity.buildSHA256), "content": .string(content), "host": .string(identity.host),
      "items": .integer(items), "job": .string(job), "left_out": .integer(leftOut),
      "runs": .array(runs.map { .array([.integer($0.started), .integer($0.ended), .integer($0.exit)]) }),
      "shard": .array([.integer(Int64(shard.number)), .integer(Int64(shard.count))]), "stages": .array(stages.map(\.json)),
      "tool_version": .string(identity.version), "type": .string("shard.admitted"),
    ])
  }

  init(_ log: ShardLog, leftOut: Int) {
    job = log.header.job
    shard = log.header.shard
    content = log.content
    identity = log.header.identity
    runs = zip(log.facts.runs, log.facts.ends).map { Run(started: $0.startedMilliseconds, ended: $1.milliseconds, exit: $1.exit) }
    stages = log.facts.stages
    items = Int64(log.items)
    self.leftOut = Int64(leftOut)
  }

  init?(json: CanonicalJSON) {
    guard let job = json["job"]?.stringValue, let place = json["shard"]?.arrayValue, place.count == 2, let number = place[0].integerValue,
      let count = place[1].integerValue, (1...Int64(Shard.largestCount)).contains(count), (0..<count).contains(number),
      let content = json["content"]?.stringValue, let actor = json["actor"]?.stringValue, let host = json["host"]?.stringValue,
      let build = json["build_sha256"]?.stringValue, let version = json["tool_version"]?.stringValue, let runs = json["runs"]?.arrayValue,
      let stages = json["stages"]?.arrayValue, let items = json["items"]?.integerValue, let leftOut = json["left_out"]?.integerValue
    else { return nil }
    self.job = job
    shard = Shard(number: Int(number), of: Int(count))
    self.content = content
    identity = ToolIdentity(version: version, buildSHA256: build, actor: actor, host: host)
    self.runs = runs.compactMap { run in
      guard let fields = run.arrayValue?.compactMap(\.integerValue), fields.count == 3 else { return nil }
      return Run(started: fields[0], ended: fields[1], exit: fields[2])
    }
    self.stages = stages.compactMap { ShardStage($0) }
    self.items = items
    self.leftOut = leftOut
  }
}
