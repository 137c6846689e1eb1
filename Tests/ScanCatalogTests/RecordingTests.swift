import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import ScanModel
import TestSupport
import Testing

struct RecordingTests {
  @Test func `a rerun of the same request records nothing twice`() throws {
    let folder = try TestData.temporaryFolder("recording")
    defer { try? FileManager.default.removeItem(at: folder) }
    let catalog = try Catalog.openOrCreate(at: folder)
    func ingest(_ parameters: CanonicalJSON) throws -> [ArtifactID] {
      let run = try catalog.beginRun(op: "ingest", parameters: parameters)
      let ids = try run.record([
        .acquired(try catalog.objects.store(Array("a".utf8), of: ExampleWorkspace.patients[0]), media: "image/tiff"),
        .derived(
          try catalog.objects.store(Array("b".utf8), of: ExampleWorkspace.patients[0]), media: "image/tiff", from: [(.draft(0), "normalized")]),
      ])
      try run.finish()
      return ids
    }
    let first = try ingest(.object([:]))
    let events = try catalog.head().seq
    #expect(try ingest(.object([:])) == first)
    // The second run began and ended; it recorded no batch.
    #expect(try catalog.head().seq == events + 2)
    #expect(try ingest(.object(["size": .integer(64)])) != first)
    #expect(try catalog.artifacts(ArtifactQuery()).count == 4)
    #expect(try ExampleWorkspace.verify(folder).findings == [])
  }

  @Test func `equal drafts of one batch are one artifact`() throws {
    let folder = try TestData.temporaryFolder("recording")
    defer { try? FileManager.default.removeItem(at: folder) }
    let catalog = try Catalog.openOrCreate(at: folder)
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    let drafts = try (0..<3).map { _ in
      ArtifactDraft.acquired(try catalog.objects.store(Array("a".utf8), of: ExampleWorkspace.patients[0]), media: "image/tiff")
    }
    #expect(Set(try run.record(drafts)).count == 1)
    #expect(try ExampleWorkspace.verify(folder).findings == [])
  }

  @Test func `nothing but state can be changed by accident`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let queue = try DatabaseQueue(path: example.root.appendingPathComponent("catalog.sqlite").path)
    for (table, columns) in [
      ("event", ["body", "prev", "hash"]), ("derivation", ["child", "parent", "role"]), ("patient_split", ["split"]),
      (
        "artifact",
        ["sha256", "kind", "origin", "bytes", "media", "label", "split", "patient_id", "run_id", "attributes", "key", "salt", "leaf", "edges"]
      ),
      ("patient", ["pseudonym", "consent", "salt", "leaf"]), ("run", ["op", "params", "seed", "exit"]),
    ] {
      for column in columns {
        // A value of the right type from another row, or NULL where it was something.
        #expect(throws: DatabaseError.self, "\(table).\(column)") {
          try queue.write { try $0.execute(sql: "UPDATE \(table) SET \(column) = (SELECT CASE WHEN \(column) IS NULL THEN 'train' END)") }
        }
      }
      #expect(throws: DatabaseError.self, "\(table)") { try queue.write { try $0.execute(sql: "DELETE FROM \(table)") } }
    }
    #expect(try example.verify().findings == [])
    try queue.write { try $0.execute(sql: "UPDATE artifact SET state = 'superseded' WHERE id = 1") }
    #expect(try example.verify().findings.map(\.code) == [.artifactRowChanged])
  }

  @Test func `the schema refuses images without an owner and generated ones with a patient`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let queue = try DatabaseQueue(path: example.root.appendingPathComponent("catalog.sqlite").path)
    for change in ["'acquired', 'image', NULL", "'enhanced', 'image', NULL", "'generated', 'image', patient_id", "'derived', 'model', patient_id"] {
      #expect(throws: DatabaseError.self, "\(change)") {
        try queue.write {
          try $0.execute(
            sql: """
              INSERT INTO artifact (origin, kind, patient_id, sha256, bytes, media, run_id, key, salt, leaf, event_seq)
              SELECT \(change), sha256, bytes, media, run_id, randomblob(32), salt, randomblob(32), event_seq FROM artifact WHERE id = 1
              """)
        }
      }
    }
  }

  @Test func `the chain is SHA-256 of the hash before and the body`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    var previous = [UInt8](repeating: 0, count: 32)
    let rows = try ExampleWorkspace.tamper(example.root) { try Row.fetchAll($0, sql: "SELECT * FROM event ORDER BY seq") }
    for (index, row) in rows.enumerated() {
      let body: String = row["body"]
      #expect(row["seq"] == index + 1)
      #expect([UInt8](row["prev"] as Data) == previous)
      previous = ContentDigest(of: previous, Array(body.utf8)).bytes
      #expect([UInt8](row["hash"] as Data) == previous)
      #expect(CanonicalJSON(parsing: body)?.text == body)
    }
  }

  @Test func `no pseudonym and no content hash stands in an event`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    let bodies = try catalog.select("SELECT body FROM event").rows.compactMap { $0[0].stringValue }.joined()
    for patient in ExampleWorkspace.patients { #expect(!bodies.contains(patient.text)) }
    for artifact in try catalog.artifacts(ArtifactQuery()) where artifact.patient != nil {
      #expect(!bodies.contains(try #require(artifact.sha256).hex))
    }
  }

  @Test func `lineage is per item`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    let slice = try catalog.lineage(of: [example.slices[4]], .up)
    #expect(slice.artifacts.map(\.origin) == [.acquired, .derived])
    #expect(Set(slice.artifacts.map(\.patient)) == [ExampleWorkspace.patients[1]])
    let generated = try catalog.lineage(of: [example.generated[0]], .up)
    // Three training patients with three slices each: acquired and slice, data set, model.
    #expect(generated.artifacts.count == 9 * 2 + 1 + 1 + 1)
    #expect(Set(generated.artifacts.compactMap(\.patient)) == Set(ExampleWorkspace.patients[..<3]))
    let down = try catalog.lineage(of: [example.model.weights], .down)
    #expect(Set(down.artifacts.map(\.id)).isSuperset(of: example.generated + [example.enhanced]))
    #expect(try catalog.models(trainedOn: ExampleWorkspace.patients[0]).map(\.id).contains(example.model.weights))
    #expect(try catalog.models(trainedOn: ExampleWorkspace.patients[3]) == [])
    #expect(try catalog.splitLeaks() == [])
  }

  @Test func `a model that learned from a test patient is a leak, and so is what it makes`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    let run = try catalog.beginRun(op: "train", parameters: .object(["model": .string("careless")]))
    let dataset = try run.recordDataset(example.slices)
    let model = try run.publishModel("careless", files: ExampleWorkspace.modelFiles(run, version: 9), from: [(.recorded(dataset), "trainingSet")])
    let object = try catalog.objects.store(unownedBytes: [1, 2, 3])
    let image = try run.record(.generated(object, media: "image/tiff", from: [(.recorded(model.weights), "model")]))
    let leaks = try catalog.splitLeaks()
    #expect(Set(leaks.map(\.artifact)).isSuperset(of: [model.weights, image]))
    #expect(Set(leaks.map(\.patient)) == [ExampleWorkspace.patients[3]])
  }

  @Test func `queries use the indexes of derivation and no bloom filter`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    for sql in LineageQuery.all {
      let plan = try ExampleWorkspace.tamper(example.root) { db in
        let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
        statement.setUncheckedArguments([])
        return try Row.fetchAll(statement).map { $0["detail"] as String }
      }
      #expect(!plan.contains { $0.contains("BLOOM") }, "\(plan)")
      let scanned = plan.filter { $0.hasPrefix("SCAN ") }.map { $0.split(separator: " ")[1] }
      #expect(Set(scanned).isDisjoint(with: ["a", "artifact", "c", "d", "derivation", "p"]), "\(plan)")
    }
  }

  @Test func `queries are read from text and back`() throws {
    let query = try ArtifactQuery(parsing: "label=lesion,split=train,split=val,origin=generated,kind=image,modality=MR,run=3")
    #expect(query.splits == [.train, .val])
    #expect(try ArtifactQuery(parsing: query.text) == query)
    #expect(throws: CatalogError.unknownQueryKey("color")) { try ArtifactQuery(parsing: "color=red") }
    #expect(throws: CatalogError.malformedQuery("split")) { try ArtifactQuery(parsing: "split") }
    #expect(throws: CatalogError.malformedQuery("split=dev")) { try ArtifactQuery(parsing: "split=dev") }
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    #expect(try catalog.artifacts(ArtifactQuery(parsing: "kind=slice,split=test")).count == 3)
    #expect(try catalog.artifacts(ArtifactQuery(parsing: "modality=MR,label=normal,kind=slice")).count == 4)
    #expect(try catalog.artifacts(ArtifactQuery(parsing: "modality=CT")).isEmpty)
    #expect(throws: CatalogError.readOnlyStatement) { try catalog.select("DELETE FROM event") }
    #expect(throws: CatalogError.readOnlyStatement) { try catalog.select("WITH a AS (SELECT 1) DELETE FROM event") }
    #expect(throws: CatalogError.readOnlyStatement) { try catalog.select("ATTACH 'x' AS y") }
    #expect(try catalog.select("SELECT count(*) AS n FROM patient").rows == [[.integer(4)]])
  }

  @Test func `a cut-off publication is finished by the next writer`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let weights = example.root.appendingPathComponent("models/cgan/model.safetensors")
    // As if the program had died before it linked: the first publication's bytes, or nothing.
    for before in [Data("weights 1".utf8), nil] {
      try FileManager.default.removeItem(at: weights)
      try before?.write(to: weights)
      _ = try Catalog(example.workspace, mode: .readWrite)
      #expect(try Data(contentsOf: weights) == Data("weights 2".utf8))
      #expect(try example.verify().findings == [])
    }
    // A forger's bytes are not papered over.
    try FileManager.default.removeItem(at: weights)
    try Data("weights x".utf8).write(to: weights)
    _ = try Catalog(example.workspace, mode: .readWrite)
    #expect(try example.verify().findings.map(\.code) == [.objectModified])
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5])
  func `a program killed in mid-batch leaves whole batches`(delay: Int) async throws {
    let folder = try TestData.temporaryFolder("killed")
    defer { try? FileManager.default.removeItem(at: folder) }
    setenv("SCANFORGE_TEST_KILL_\(delay)", folder.path, 1)
    // A closure for another process captures nothing; the environment tells it what to do.
    switch delay {
    case 0: await #expect(processExitsWith: .failure) { try KilledWriter.run(0) }
    case 1: await #expect(processExitsWith: .failure) { try KilledWriter.run(1) }
    case 2: await #expect(processExitsWith: .failure) { try KilledWriter.run(2) }
    case 3: await #expect(processExitsWith: .failure) { try KilledWriter.run(3) }
    case 4: await #expect(processExitsWith: .failure) { try KilledWriter.run(4) }
    default: await #expect(processExitsWith: .failure) { try KilledWriter.run(5) }
    }
    let before = try ExampleWorkspace.verify(folder)
    // Objects may be orphans; rows are whole.
    #expect(before.findings.allSatisfy { $0.code == .objectUnrecorded })
    #expect(before.summary.artifacts % 40 == 0)
    let catalog = try Catalog.openOrCreate(at: folder)
    try KilledWriter.write(to: catalog, batches: 8)
    let after = try catalog.artifacts(ArtifactQuery())
    #expect(after.count == 320)
    #expect(try ExampleWorkspace.verify(folder).findings == [])
  }
}

/// Writes batches of 40 artifacts until it is killed.
enum KilledWriter {
  static func run(_ number: Int) throws {
    guard let path = ProcessInfo.processInfo.environment["SCANFORGE_TEST_KILL_\(number)"] else { return }
    let catalog = try Catalog.openOrCreate(at: URL(fileURLWithPath: path))
    let delay = [2_000, 20_000, 50_000, 90_000, 140_000, 200_000][number]
    Thread.detachNewThread {
      usleep(UInt32(delay))
      kill(getpid(), SIGKILL)
    }
    try write(to: catalog, batches: 10_000)
  }

  static func write(to catalog: Catalog, batches: Int) throws {
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    for batch in 0..<batches {
      // Round again from the eighth on, so that any kill leaves a prefix of the same rows.
      let number = batch % 8
      try run.record(
        try (0..<40).map { index in
          .acquired(try catalog.objects.store(Array("\(number) \(index)".utf8), of: ExampleWorkspace.patients[index % 4]), media: "image/tiff")
        })
    }
  }
}
