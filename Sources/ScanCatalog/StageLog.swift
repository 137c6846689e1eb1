import GRDB

/// A finished stage of a pipeline run: what `run --resume` skips.
package struct FinishedStage: Sendable, Equatable {
  package let position: Int
  package let name: String
  /// Whatever the stage left for the ones after it (ids, counts), canonical JSON.
  package let summary: CanonicalJSON
}

extension Catalog {
  /// Records that a stage is done.
  ///
  /// - Parameters:
  ///   - pipeline: a hash of the pipeline's text, or any other stable name of it.
  ///   - attempt: 1 for the first run of this pipeline in this workspace; a resumed run keeps the number.
  ///   - position: index of the stage, from 0.
  package func finishStage(pipeline: String, attempt: Int, position: Int, name: String, summary: CanonicalJSON) throws {
    let text = summary.text
    try write { db in
      let sequence = try EventLog.append(
        .stageFinished(pipeline: pipeline, attempt: Int64(attempt), position: Int64(position), name: name, summary: text), db)
      try db.execute(
        sql: "INSERT INTO stage (pipeline, attempt, position, name, summary, event_seq) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [pipeline, attempt, position, name, text, sequence])
    }
  }

  /// Number of the last attempt at `pipeline`; 0 when there was none.
  package func lastAttempt(pipeline: String) throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT max(attempt) FROM stage WHERE pipeline = ?", arguments: [pipeline]) ?? 0 }
  }

  /// Finished stages of the last attempt at any pipeline whose stages' summaries have this `pipeline`, in order.
  package func lastStages(ofPipelineNamed name: String) throws -> [FinishedStage] {
    let last = try read { db in
      try Row.fetchOne(
        db, sql: "SELECT pipeline, attempt FROM stage WHERE summary ->> '$.pipeline' = ? ORDER BY event_seq DESC LIMIT 1", arguments: [name])
    }
    return try last.map { try finishedStages(pipeline: $0["pipeline"], attempt: $0["attempt"]) } ?? []
  }

  /// Finished stages of one attempt, in order.
  package func finishedStages(pipeline: String, attempt: Int) throws -> [FinishedStage] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT position, name, summary FROM stage WHERE pipeline = ? AND attempt = ? ORDER BY position", arguments: [pipeline, attempt]
      ).map { FinishedStage(position: $0["position"], name: $0["name"], summary: CanonicalJSON(parsing: $0["summary"]) ?? .null) }
    }
  }
}
