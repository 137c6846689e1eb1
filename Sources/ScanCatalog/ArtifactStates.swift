import GRDB

/// Changes of `artifact.state`, each with its event.
enum ArtifactStates {
  static func set(_ state: ArtifactState, of artifacts: [(id: Int64, leaf: ContentDigest)], run: Int64, _ db: Database) throws {
    guard !artifacts.isEmpty else { return }
    try EventLog.append(.artifactState(run: run, state: state.rawValue, leaves: artifacts.map(\.leaf)), db)
    let statement = try db.cachedStatement(sql: "UPDATE artifact SET state = ? WHERE id = ?")
    for artifact in artifacts { try statement.execute(arguments: [state.rawValue, artifact.id]) }
  }
}
