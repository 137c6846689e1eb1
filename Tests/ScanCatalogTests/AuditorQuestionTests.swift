import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import ScanModel
import Testing

/// What the catalog answers about lineage, patients, terms and releases.
struct AuditorQuestionTests {
  @Test func `the lineage of a generated image stops at the data set and sums it up`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    let lineage = try catalog.lineage(of: [example.generated[0]], .up, isSummarized: true)
    #expect(lineage.artifacts.map(\.kind) == [.dataset, .model, .image])
    #expect(lineage.summaries.map(\.items) == [9])
    #expect(lineage.summaries.map(\.patients) == [3])
    #expect(lineage.summaries.first?.pseudonyms == Array(ExampleWorkspace.patients[..<3]))
    #expect(!lineage.isCut && lineage.impossible.isEmpty)
  }

  @Test func `patients behind a model reach what learns from its images`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    let run = try catalog.beginRun(op: "train", parameters: .object(["model": .string("second")]))
    // One own item of the held-out patient, and generated ones of a model that the others trained.
    let dataset = try run.recordDataset([example.slices[11]] + example.generated)
    let model = try run.publishModel("second", files: ExampleWorkspace.modelFiles(run, version: 3), from: [(.recorded(dataset), "trainingSet")])
    let summary = try catalog.select("SELECT n FROM dataset_patient WHERE dataset = \(dataset) ORDER BY n").rows.map { $0[0].integerValue }
    #expect(summary == [0, 0, 0, 1])
    let terms = try catalog.select("SELECT terms, n FROM dataset_terms WHERE dataset = \(dataset) ORDER BY terms").rows.map { $0[0].stringValue }
    #expect(terms == ["research", "research+no-redistribution"])
    for patient in ExampleWorkspace.patients {
      #expect(try catalog.models(trainedOn: patient).map(\.id).contains(model.weights))
    }
    #expect(try example.verify().findings == [])
  }

  @Test func `forged cycles and deep chains end and are told`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try ExampleWorkspace.tamper(example.root) { db in
      try db.execute(sql: "INSERT INTO derivation VALUES (1, \(example.generated[0]), 'cycle')")
    }
    let catalog = try Catalog.openForReading(at: example.root)
    let lineage = try catalog.lineage(of: [example.generated[0]], .up)
    #expect(lineage.impossible.map(\.role) == ["cycle"])
    #expect(try catalog.lineage(of: [example.generated[0]], .down).impossible.isEmpty == false)
    let depth = 300_000
    try ExampleWorkspace.tamper(example.root) { db in
      try db.execute(
        sql: """
          WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n LIMIT \(depth))
          INSERT INTO derivation SELECT i, i - 1, 'chain' FROM n
          """)
    }
    let cut = try catalog.lineage(of: [ArtifactID(rawValue: Int64(1000 + depth - 1))], .up, limit: 500)
    #expect(cut.isCut)
    #expect(try catalog.lineage(of: [example.slices[0]], .down, limit: 5).artifacts.count == 5)
    #expect(!(try example.verify().summary.ok))
  }

  @Test func `a trace tells whatever a patient's images went into`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    let trace = try #require(try catalog.trace(of: .pseudonym(ExampleWorkspace.patients[0])))
    #expect(trace.images.count == 8)
    #expect(Set(trace.models.map(\.id)).isSuperset(of: [example.model.weights, example.model.state, example.model.description]))
    #expect(trace.made.map(\.id) == example.generated)
    #expect(trace.split == .train && trace.consent == "research" && !trace.isWithdrawn)
    #expect(try catalog.trace(of: .number(trace.patient)) == trace)
    let held = try #require(try catalog.trace(of: .pseudonym(ExampleWorkspace.patients[3])))
    #expect(held.images.count == 6 && held.models.isEmpty && held.made.isEmpty)
    #expect(try catalog.trace(of: .number(1)) == nil)
    #expect(PatientName("nobody") == nil)
  }

  @Test func `terms flow down and forbid what they say`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    let restricted = example.slices[4]
    let terms = try catalog.terms(of: [restricted, example.slices[0], example.generated[0], example.enhanced, example.model.weights])
    #expect(terms[restricted]?.refusal(of: .derived)?.rule == .noRedistribution)
    #expect(terms[example.slices[0]]?.refusal(of: .derived) == nil)
    // A generated image may leave although its model learned from images that may not.
    #expect(terms[example.generated[0]]?.inherited == ["research", "research+no-redistribution"])
    #expect(terms[example.generated[0]]?.refusal(of: .generated) == nil)
    #expect(terms[example.enhanced]?.own == ["research"])
    #expect(terms[example.model.weights]?.inherited.count == 2)
    let tallies = try catalog.termsTally()
    #expect(tallies.map(\.terms) == ["research", "research+no-redistribution"])
    #expect(tallies[1].counts["acquired"] == 3 && tallies[1].counts["generated"] == 3)
    #expect(tallies[1].rules == [.noRedistribution])
  }

  @Test(arguments: [
    ("no-export", ArtifactOrigin.generated, false, true), ("NO-EXPORT", .acquired, true, true), ("no-redistribution", .enhanced, true, true),
    ("no-redistribution", .generated, false, false), ("no-synthetic-release", .generated, false, true),
    ("no-synthetic-release", .acquired, true, false), ("cc-by-4.0", .acquired, true, false), ("a+no-export b", .derived, true, true),
  ])
  func `a word of the terms keeps or lets go`(text: String, origin: ArtifactOrigin, isOwn: Bool, isKept: Bool) {
    var governing = GoverningTerms()
    if isOwn { governing.own = [text] } else { governing.inherited = [text] }
    #expect((governing.refusal(of: origin) != nil) == isKept)
  }

  @Test func `no model learns from images whose terms forbid it`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    let patient = Pseudonym(stored: "Pfeed000000000000")!
    var attributes = ArtifactAttributes()
    attributes.terms = "no-training"
    let image = try run.record(
      .acquired(try catalog.objects.store(Array("private".utf8), of: patient), media: "image/tiff", consent: "no-training", attributes: attributes))
    #expect(throws: CatalogError.termsForbidTraining(terms: "no-training", items: 1)) { try run.recordDataset([image] + example.slices) }
  }

  @Test func `a release names copies, leaks and what nobody looked at`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    let generated = try catalog.artifacts(example.generated)
    let review = try catalog.releaseReview(of: generated)
    #expect(review.findings.map(\.code) == [.memorized])
    #expect(review.findings[0].artifact == example.generated[2])
    #expect(review.notChecked.isEmpty)
    #expect(try catalog.releaseReview(of: Array(generated[..<2])).findings.isEmpty)
    let run = try catalog.beginRun(op: "generate", parameters: .object([:]), seed: 9)
    let new = try run.record(
      .generated(
        try catalog.objects.store(unownedBytes: [7]), media: "image/tiff", from: [(.recorded(example.model.weights), "generator")]))
    #expect(try catalog.releaseReview(of: [catalog.artifact(new)]).notChecked == ["memorization"])
    let restricted = try catalog.releaseReview(of: [catalog.artifact(example.slices[4])])
    #expect(restricted.findings.map(\.code) == [.terms])
    // A later check counts.
    try run.record([MemorizationCheck(artifact: example.generated[2], distance: 1, baseline: 0.25, score: 0.9, isFlagged: false)])
    #expect(try catalog.releaseReview(of: generated).findings.isEmpty)
    #expect(try example.verify().findings == [])
  }

  @Test func `an older workspace is migrated with its summaries`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let before = try Catalog.openForReading(at: example.root).select("SELECT * FROM dataset_patient ORDER BY dataset, patient")
    let queue = try DatabaseQueue(path: example.root.appendingPathComponent("catalog.sqlite").path)
    try queue.write { try ExampleWorkspace.makeVersion1($0) }
    try queue.close()
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    #expect(try catalog.select("SELECT * FROM dataset_patient ORDER BY dataset, patient") == before)
    #expect(before.rows.count == 3)
    let image = try catalog.artifact(example.slices[0])
    #expect(try catalog.artifacts(sha256: try #require(image.sha256)) == [image])
  }
}
