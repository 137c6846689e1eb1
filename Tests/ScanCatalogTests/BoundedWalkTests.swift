import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import Testing

/// Walks through lineage: bounded in what they list, whole in what they count, and over when the user asks.
struct BoundedWalkTests {
  /// The artifacts `1000..<1000 + depth`, each made from the one before it, the first one from a patient's slice.
  private static func addChain(_ depth: Int, to example: ExampleWorkspace) throws {
    try ExampleWorkspace.tamper(example.root) { db in
      try db.execute(
        sql: """
          WITH RECURSIVE n (i) AS (SELECT 1001 UNION ALL SELECT i + 1 FROM n LIMIT \(depth - 1)) INSERT INTO derivation SELECT i, i - 1, 'chain' FROM n;
          INSERT INTO derivation VALUES (1000, \(example.slices[0]), 'chain')
          """)
    }
  }

  @Test func `a question ends when the user asks the program to stop`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    try Self.addChain(100_000, to: example)
    let last = ArtifactID(rawValue: 100_999)
    for isAsked in [false, true] {
      let catalog = try Catalog(example.workspace, mode: .readOnly, isStopAsked: { isAsked })
      let questions: [() throws -> Void] = [
        { _ = try catalog.lineage(of: [last], .up, limit: 200_000) }, { _ = try catalog.lineage(of: [example.slices[0]], .down, limit: 200_000) },
        { _ = try catalog.trace(of: .pseudonym(ExampleWorkspace.patients[0])) },
        { _ = try catalog.select("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500000) SELECT max(i) FROM n") },
      ]
      for question in questions {
        if isAsked { #expect(throws: CatalogError.interrupted) { try question() } } else { try question() }
      }
    }
  }

  @Test func `a patient's trace counts everything and lists what was asked for`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog.openForReading(at: example.root)
    for patient in ExampleWorkspace.patients {
      let all = try #require(try catalog.trace(of: .pseudonym(patient)))
      #expect(all.isComplete)
      for limit in 1...all.images.count {
        let some = try #require(try catalog.trace(of: .pseudonym(patient), limit: limit))
        #expect(some.counts == all.counts && some.runs == all.runs && some.modelContents == all.modelContents)
        for (list, whole) in [(some.images, all.images), (some.models, all.models), (some.datasets, all.datasets), (some.made, all.made)] {
          #expect(list == Array(whole.prefix(limit)))
        }
        #expect(some.isComplete == (limit >= max(all.images.count, all.models.count, all.made.count)))
      }
      #expect(try catalog.trace(of: .pseudonym(patient), limit: 1, listsAllOwn: true)?.images == all.images)
    }
  }

  @Test func `a forged cycle through a patient's images is walked once`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let patient = PatientName.pseudonym(ExampleWorkspace.patients[0])
    let before = try #require(try Catalog.openForReading(at: example.root).trace(of: patient))
    try ExampleWorkspace.tamper(example.root) { db in
      try db.execute(sql: "INSERT INTO derivation VALUES (\(example.slices[0]), \(example.generated[0]), 'cycle')")
    }
    #expect(try Catalog.openForReading(at: example.root).trace(of: patient)?.counts == before.counts)
  }
}
