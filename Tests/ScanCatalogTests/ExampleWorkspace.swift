import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import ScanModel
import TestSupport

/// A small workspace with rows in every table: four patients, slices, a mask, a split, two publications of a model, generated and
/// super-resolved images, a finished stage. Names and bytes are invented.
struct ExampleWorkspace {
  let root: URL
  let slices: [ArtifactID]
  let model: PublishedModel
  let generated: [ArtifactID]
  let enhanced: ArtifactID

  static let patients = (0..<4).map { Pseudonym(stored: "P\(String(repeating: "0", count: 15))\($0)")! }

  /// Orders patients by their last digit.
  static func rank(_ patient: Pseudonym) -> [UInt8] { [(patient.text.utf8.last! - 48) * 60] }

  init() throws {
    root = try TestData.temporaryFolder("catalog").appendingPathComponent("workspace")
    let catalog = try Catalog.openOrCreate(at: root)
    let ingest = try catalog.beginRun(op: "ingest", parameters: .object(["labelFrom": .string("folder")]))
    var slices: [ArtifactID] = []
    for (index, patient) in Self.patients.enumerated() {
      var drafts: [ArtifactDraft] = []
      for image in 0..<3 {
        var attributes = ArtifactAttributes()
        attributes.rows = 2
        attributes.columns = 3
        attributes.modality = "MR"
        attributes.spacingMillimeters = SpacingMillimeters(row: 0.5, column: 1)
        attributes.terms = index == 1 ? "research+no-redistribution" : "research"
        let label = Label(image % 2 == 0 ? "lesion" : "normal")
        drafts.append(
          .acquired(
            try catalog.objects.store(Array("image \(index) \(image)".utf8), of: patient), media: "image/tiff", label: label,
            consent: "research", attributes: attributes))
        drafts.append(
          .derived(
            try catalog.objects.store(Array("slice \(index) \(image)".utf8), of: patient), media: "image/tiff",
            from: [(.draft(drafts.count - 1), "source")], label: label, attributes: attributes))
      }
      let ids = try ingest.record(drafts)
      slices += [ids[1], ids[3], ids[5]]
    }
    let mask = try catalog.objects.store(Array("mask".utf8), of: Self.patients[0])
    try ingest.record(.derived(mask, kind: .mask, media: "image/tiff", from: [(.recorded(slices[0]), "mask of")]))
    try ingest.finish()
    self.slices = slices

    let split = try catalog.beginRun(op: "split", parameters: .object(["test": .number(0.25), "train": .number(0.75)]), seed: 7)
    _ = try split.split(try SplitFractions(train: 0.75, test: 0.25), seed: 7, rank: Self.rank)
    try split.finish()

    let train = try catalog.beginRun(op: "train", parameters: .object(["model": .string("cgan")]), seed: 7)
    let dataset = try train.recordDataset(try catalog.artifacts(ArtifactQuery(splits: [.train], kinds: [.slice])).map(\.id))
    _ = try train.publishModel("cgan", files: try Self.modelFiles(train, version: 1), from: [(.recorded(dataset), "trainingSet")])
    model = try train.publishModel("cgan", files: try Self.modelFiles(train, version: 2), from: [(.recorded(dataset), "trainingSet")])
    try train.finish()

    let generate = try catalog.beginRun(op: "generate", parameters: .object(["count": .integer(3)]), seed: 1 << 60)
    var drafts: [ArtifactDraft] = []
    for index in 0..<3 {
      var attributes = ArtifactAttributes()
      attributes.seed = 1 << 60
      attributes.sampleIndex = index
      let object = try catalog.objects.store(unownedBytes: Array("generated \(index)".utf8))
      drafts.append(
        .generated(
          object, media: "image/tiff", from: [(.recorded(model.weights), "model")], label: Label("lesion"), attributes: attributes))
    }
    let images = try generate.record(drafts)
    try generate.record(images.map { MemorizationCheck(artifact: $0, distance: 0.5, baseline: 0.25, score: 0.75, isFlagged: $0 == images[2]) })
    generated = images
    let larger = try catalog.objects.store(Array("enhanced".utf8), of: Self.patients[0])
    enhanced = try generate.record(
      .enhanced(larger, media: "image/tiff", from: [(.recorded(slices[0]), "source"), (.recorded(model.weights), "model")]))
    try generate.finish(exit: 0)
    try catalog.finishStage(pipeline: "example", attempt: 1, position: 0, name: "ingest", summary: .object(["images": .integer(12)]))
  }

  static func modelFiles(_ run: RunHandle, version: Int) throws -> ModelFiles {
    let folder = try run.folder()
    let weights = folder.appendingPathComponent("weights-\(version)")
    let state = folder.appendingPathComponent("state-\(version)")
    try Data("weights \(version)".utf8).write(to: weights)
    try Data("state \(version)".utf8).write(to: state)
    return ModelFiles(weights: weights, state: state, description: Array(#"{"version":\#(version)}"#.utf8))
  }

  var workspace: Workspace { get throws { try Workspace.open(at: root) } }

  func verify(_ request: AuditRequest = AuditRequest()) throws -> (findings: [AuditFinding], summary: AuditSummary) {
    try Self.verify(root, request)
  }

  static func verify(_ root: URL, _ request: AuditRequest = AuditRequest()) throws -> (findings: [AuditFinding], summary: AuditSummary) {
    var findings: [AuditFinding] = []
    let catalog = try Catalog.openForReading(at: root)
    // A thread of the audit may let go of it later, when the test has put another file in its place.
    defer { try? catalog.closeConnections() }
    let summary = try CatalogAudit(catalog, threads: 2, request: request).verify { findings.append($0) }
    return (findings, summary)
  }

  /// The catalog file's bytes, without a log beside it.
  func catalogBytes() throws -> Data {
    try Self.tamper(root) { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    return try Data(contentsOf: root.appendingPathComponent("catalog.sqlite"))
  }

  /// Puts earlier bytes of the catalog file back.
  func restore(_ bytes: Data) throws {
    let file = root.appendingPathComponent("catalog.sqlite")
    for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + name) }
    try bytes.write(to: file)
  }

  /// Files below `folder`, relative to the workspace, sorted.
  func files(under folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted().map { "\(folder)/\($0)" }
      .filter { path in
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder) && !isFolder.boolValue
      }
  }

  func remove() { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }

  /// Takes the schema back to version 1; rows of the tables that version 1 has stay.
  static func makeVersion1(_ db: Database) throws {
    for table in [
      "signing_key", "run_file", "dataset_patient", "dataset_terms", "memorization_check", "artifact_content", "content_reach",
      "shard_run", "shard",
    ] {
      try db.execute(sql: "DROP TABLE \(table)")
    }
    try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier > '0002'; PRAGMA user_version = 1")
    let sql = Migration0001Initial.sql
    func part(from first: String, to last: String) -> Substring {
      let start = sql.range(of: first)!.lowerBound
      return sql[start..<sql.range(of: last, range: start..<sql.endIndex)!.upperBound]
    }
    try db.execute(
      sql: """
        PRAGMA defer_foreign_keys = ON;
        CREATE TEMP TABLE later AS SELECT * FROM artifact;
        DROP TABLE artifact;
        \(part(from: "CREATE TABLE artifact", to: "CREATE INDEX artifact_run ON artifact (run_id);"))
        INSERT INTO artifact SELECT * FROM later;
        DROP TABLE later;
        \(part(from: "CREATE TRIGGER artifact_append_only_delete", to: "END;"))
        \(part(from: "CREATE TRIGGER artifact_append_only_update", to: "END;"))
        """)
  }

  /// Opens a catalog file as someone would who means harm: no triggers, no checks, no foreign keys.
  static func tamper<T>(_ root: URL, _ work: (Database) throws -> T) throws -> T {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: root.appendingPathComponent("catalog.sqlite").path, configuration: configuration)
    return try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA synchronous = OFF")
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
      let triggers = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid")
      for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
      let result = try work(db)
      for trigger in triggers { try db.execute(sql: trigger["sql"]) }
      return result
    }
  }
}
