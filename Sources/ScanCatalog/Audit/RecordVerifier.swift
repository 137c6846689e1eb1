import GRDB

/// Compares runs, patients, splits, publications and stages with the events.
struct RecordVerifier {
  let history: EventReplay
  let report: (AuditFinding) -> Void

  /// - Returns: number of rows.
  func verifyRuns(_ db: Database) throws -> Int {
    var missing = Set(history.runs.keys)
    var count = 0
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM run ORDER BY id")
    while let row = try rows.next() {
      count += 1
      let id = row.integer("id") ?? 0
      guard missing.remove(id) != nil, let run = history.runs[id] else {
        report(AuditFinding(.runRowChanged, "run \(id) is in no event"))
        continue
      }
      if ContentDigest(ofText: RunRecord.began(row: row).text) != run.began || row.integer("event_seq") != run.event || row.integer("ended_ms") != run.ended
        || row.integer("exit") != run.exit
      {
        report(AuditFinding(.runRowChanged, "run \(id) is not what was recorded", event: run.event))
      }
    }
    for id in missing.sorted() {
      report(AuditFinding(.runRowMissing, "run \(id) was recorded and is gone", event: history.runs[id]?.event))
    }
    return count
  }

  /// - Returns: number of rows.
  func verifyPatients(_ db: Database) throws -> Int {
    var missing = Set(history.patients.keys)
    var count = 0
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM patient ORDER BY id")
    while let row = try rows.next() {
      count += 1
      let id = row.integer("id") ?? 0
      missing.remove(id)
      guard let patient = history.patients[id] else {
        report(AuditFinding(.patientRowChanged, "patient \(id) is in no event"))
        continue
      }
      let isErased = patient.state == "withdrawn" && row.isNull("pseudonym") && row.isNull("salt") && row.isNull("consent")
      var leaf = row.digest("leaf")
      if !isErased, let salt = row.blob("salt"), let pseudonym = row.text("pseudonym") {
        let actual = ArtifactLeaf.patient(salt: salt, id: id, pseudonym: pseudonym, consent: row.text("consent"))
        if actual != leaf { leaf = nil }
      } else if !isErased {
        leaf = nil
      }
      if leaf != patient.leaf || row.text("state") != patient.state || row.integer("event_seq") != patient.event {
        report(AuditFinding(.patientRowChanged, "patient \(id) is not what was recorded", event: patient.event))
      }
    }
    for id in missing.sorted() {
      report(AuditFinding(.patientRowMissing, "patient \(id) was recorded and is gone", event: history.patients[id]?.event))
    }
    return count
  }

  func verifySplits(_ db: Database) throws {
    var missing = Set(history.patients.filter { $0.value.split != nil }.keys)
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM patient_split ORDER BY patient_id")
    while let row = try rows.next() {
      let id = row.integer("patient_id") ?? 0
      missing.remove(id)
      let split = history.patients[id]?.split
      if split == nil || row.text("split") != split?.name || row.integer("event_seq") != split?.event {
        report(AuditFinding(.splitChanged, "patient \(id) is not in the part that was recorded", event: split?.event))
      }
    }
    for id in missing.sorted() {
      report(AuditFinding(.splitChanged, "the part of patient \(id) is gone", event: history.patients[id]?.split?.event))
    }
    let rules = try Row.fetchAll(db, sql: "SELECT * FROM split_rule ORDER BY position")
    let parts = history.rule?.parts ?? []
    var isSame = rules.count == parts.count
    for (index, (row, part)) in zip(rules, parts).enumerated() {
      let upper = row.blob("upper").map { ContentDigest(bytes: $0)?.hex ?? "" }
      isSame = isSame && row.integer("position") == Int64(index) && row.text("split") == part.split && row.real("fraction") == part.fraction
        && upper == part.upper && row.integer("seed") == history.rule?.seed && row.integer("event_seq") == history.rule?.event
    }
    if !isSame { report(AuditFinding(.splitChanged, "the rule of the split is not what was recorded", event: history.rule?.event)) }
  }

  func verifyModelRows(_ db: Database) throws {
    var expected: [String: ContentDigest] = [:]
    for (name, publications) in history.models {
      for publication in publications {
        for (file, leaf) in publication.files { expected["\(name)/\(file)/\(publication.event)"] = leaf }
      }
    }
    let rows = try Row.fetchAll(
      db, sql: "SELECT m.*, a.leaf FROM model_file m LEFT JOIN artifact a ON a.id = m.artifact_id ORDER BY m.event_seq, m.name, m.file")
    for row in rows {
      let key = "\(row.text("name") ?? "")/\(row.text("file") ?? "")/\(row.integer("event_seq") ?? 0)"
      let leaf = expected.removeValue(forKey: key)
      if leaf == nil || leaf != row.digest("leaf") {
        report(AuditFinding(.modelRowChanged, "a file of a model is not what was recorded", event: row.integer("event_seq")))
      }
    }
    if !expected.isEmpty { report(AuditFinding(.modelRowChanged, "\(expected.count) files of models were recorded and are gone")) }
  }

  func verifyStages(_ db: Database) throws {
    var missing = history.stages
    for row in try Row.fetchAll(db, sql: "SELECT * FROM stage ORDER BY event_seq") {
      let key = EventReplay.Stage(
        pipeline: row.text("pipeline") ?? "", attempt: row.integer("attempt") ?? 0, position: row.integer("position") ?? -1)
      let stage = missing.removeValue(forKey: key)
      if stage == nil || row.text("name") != stage?.name || row.text("summary") != stage?.summary || row.integer("event_seq") != stage?.event {
        report(AuditFinding(.stageRowChanged, "a finished stage is not what was recorded", event: row.integer("event_seq")))
      }
    }
    if !missing.isEmpty { report(AuditFinding(.stageRowChanged, "\(missing.count) finished stages were recorded and are gone")) }
  }

  func verifySigningKeys(_ db: Database) throws {
    var missing = history.signers
    for row in try Row.fetchAll(db, sql: "SELECT * FROM signing_key ORDER BY event_seq") {
      let event = row.text("public_key").flatMap { Signer(publicKey: $0) }.flatMap { missing.removeValue(forKey: $0) }
      if event == nil || event != row.integer("event_seq") {
        report(AuditFinding(.keyRowChanged, "a signing key is not one that was recorded", event: row.integer("event_seq")))
      }
    }
    if !missing.isEmpty { report(AuditFinding(.keyRowChanged, "\(missing.count) signing keys were recorded and are gone")) }
  }

  func verifyRunFiles(_ db: Database) throws {
    var missing = history.runFiles.mapValues { Set($0.files.keys) }
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM run_file ORDER BY run_id, name")
    while let row = try rows.next() {
      let run = row.integer("run_id") ?? 0
      let name = row.text("name") ?? ""
      missing[run]?.remove(name)
      let recorded = history.runFiles[run]
      let isErased = row.isNull("sha256") && row.isNull("salt") && history.erasedRunFiles.contains(run)
      if recorded?.event != row.integer("event_seq") || recorded?.files[name] == nil || (!isErased && RunFile(row: row)?.leaf != recorded?.files[name]) {
        report(AuditFinding(.runFileRowChanged, "the row of a file of run \(run) is not what was recorded", event: recorded?.event))
      }
    }
    for (run, names) in missing.sorted(by: { $0.key < $1.key }) where !names.isEmpty {
      report(AuditFinding(.runFileRowChanged, "\(names.count) files of run \(run) were recorded and are gone", event: history.runFiles[run]?.event))
    }
  }

  /// What `merge` has admitted.
  func verifyShards(_ db: Database) throws {
    var (runs, shards) = (history.shardRuns, history.shards)
    for row in try Row.fetchAll(db, sql: "SELECT * FROM shard_run ORDER BY event_seq") {
      let run = runs.removeValue(forKey: .init(job: row.text("job") ?? "", number: row.integer("position") ?? -1))
      if run == nil || row.integer("run_id") != run?.run || row.integer("event_seq") != run?.event {
        report(AuditFinding(.shardRowChanged, "the run of a divided work is not what was recorded", event: row.integer("event_seq")))
      }
    }
    for row in try Row.fetchAll(db, sql: "SELECT * FROM shard ORDER BY event_seq") {
      let known = shards.removeValue(forKey: .init(job: row.text("job") ?? "", number: row.integer("number") ?? -1))
      if known == nil || row.integer("count") != known.map({ Int64($0.shard.shard.count) }) || row.text("content") != known?.shard.content
        || row.integer("event_seq") != known?.event
      {
        report(AuditFinding(.shardRowChanged, "an admitted shard is not what was recorded", event: row.integer("event_seq")))
      }
    }
    if !runs.isEmpty || !shards.isEmpty {
      report(AuditFinding(.shardRowChanged, "\(runs.count + shards.count) rows of admitted shards were recorded and are gone"))
    }
  }
}
