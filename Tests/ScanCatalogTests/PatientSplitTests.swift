import Foundation
import ScanCatalog
import ScanDeid
import TestSupport
import Testing

struct PatientSplitTests {
  private static func patient(_ number: Int) -> Pseudonym { Pseudonym(stored: "P" + String(format: "%016x", number))! }

  private static func rank(_ patient: Pseudonym, seed: Int64) -> [UInt8] { ContentDigest(ofText: "\(seed) \(patient.text)").bytes }

  /// A catalog with one image for each patient; verified when the test is done with it.
  private func withPatients(_ numbers: Range<Int>, _ body: (Catalog) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("split")
    defer { try? FileManager.default.removeItem(at: folder) }
    let catalog = try Catalog.openOrCreate(at: folder)
    try ingest(numbers, catalog)
    try body(catalog)
    #expect(try ExampleWorkspace.verify(folder).findings == [])
  }

  private func ingest(_ numbers: Range<Int>, _ catalog: Catalog) throws {
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    try run.record(
      try numbers.map { .acquired(try catalog.objects.store(Array("\($0)".utf8), of: Self.patient($0)), media: "image/tiff") })
    try run.finish()
  }

  private func split(_ catalog: Catalog, _ fractions: SplitFractions, seed: Int64 = 7) throws -> SplitReport {
    let run = try catalog.beginRun(op: "split", parameters: .object([:]), seed: seed)
    return try run.split(fractions, seed: seed) { Self.rank($0, seed: seed) }
  }

  private func parts(_ catalog: Catalog) throws -> [String: Split] {
    var parts: [String: Split] = [:]
    for record in try catalog.artifacts(ArtifactQuery()) { parts[try #require(record.patient).text] = record.split }
    return parts
  }

  @Test(arguments: [1, 2, 3, 4, 5, 7, 10, 31])
  func `parts have their share and none is empty while there are patients enough`(count: Int) throws {
    for fractions in [try SplitFractions(train: 0.8, test: 0.2), try SplitFractions(train: 0.9, val: 0.05, test: 0.05)] {
      try withPatients(0..<count) { catalog in
        let report = try split(catalog, fractions)
        #expect(report.assigned == count)
        #expect(report.patients.values.reduce(0, +) == count)
        if count >= fractions.parts.count { #expect(report.patients.count == fractions.parts.count) }
        for part in fractions.parts {
          let size = Double(report.patients[part.split] ?? 0)
          #expect(abs(size - part.fraction * Double(count)) <= Double(fractions.parts.count))
        }
        #expect(try parts(catalog).count == count)
      }
    }
  }

  @Test func `newcomers follow the recorded ends and nobody moves`() throws {
    let fractions = try SplitFractions(train: 0.7, val: 0.1, test: 0.2)
    try withPatients(0..<20) { catalog in
      _ = try split(catalog, fractions)
      let before = try parts(catalog)
      #expect(try split(catalog, fractions).assigned == 0)
      try ingest(20..<400, catalog)
      #expect(try split(catalog, fractions).assigned == 380)
      let after = try parts(catalog)
      #expect(before.allSatisfy { after[$0.key] == $0.value })
      // Ranks and parts are ordered alike: no rank of one part lies inside another.
      let ranked = after.sorted { Self.rank(Pseudonym(stored: $0.key)!, seed: 7).lexicographicallyPrecedes(Self.rank(Pseudonym(stored: $1.key)!, seed: 7)) }
      let order = ranked.map { Split.allCases.firstIndex(of: $0.value)! }
      #expect(order == order.sorted())
      let test = after.values.count { $0 == .test }
      // 380 newcomers, ends within a patient or two of 20: half to double the share is far outside chance.
      #expect((30...160).contains(test))
      // A new image of a known patient gets its part at once.
      let run = try catalog.beginRun(op: "ingest", parameters: .object(["again": .bool(true)]))
      let id = try run.record(.acquired(try catalog.objects.store([1], of: Self.patient(3)), media: "image/tiff"))
      #expect(try catalog.artifact(id).split == before[Self.patient(3).text])
    }
  }

  @Test func `a split never changes`() throws {
    try withPatients(0..<10) { catalog in
      _ = try split(catalog, try SplitFractions(train: 0.8, test: 0.2))
      #expect(throws: CatalogError.splitDiffers) { try split(catalog, try SplitFractions(train: 0.7, test: 0.3)) }
      #expect(throws: CatalogError.splitDiffers) { try split(catalog, try SplitFractions(train: 0.8, test: 0.2), seed: 8) }
      #expect(throws: CatalogError.splitDiffers) { try catalog.checkSplit(try SplitFractions(train: 0.7, test: 0.3), seed: 7) }
    }
  }

  @Test func `another seed gives another split`() throws {
    var seen: Set<[String]> = []
    for seed in 0..<4 {
      try withPatients(0..<30) { catalog in
        _ = try split(catalog, try SplitFractions(train: 0.5, test: 0.5), seed: Int64(seed))
        seen.insert(try parts(catalog).filter { $0.value == .test }.keys.sorted())
      }
    }
    #expect(seen.count == 4)
  }

  @Test func `parts that came with the data are kept`() throws {
    try withPatients(0..<10) { catalog in
      let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
      try run.assignSplits([Self.patient(0): .test, Self.patient(1): .train])
      #expect(throws: CatalogError.patientInTwoSplits(Self.patient(0).text)) { try run.assignSplits([Self.patient(0): .train]) }
      #expect(try split(catalog, try SplitFractions(train: 0.5, test: 0.5)).assigned == 8)
      #expect(try parts(catalog)[Self.patient(0).text] == .test)
    }
  }

  @Test func `fractions must add up and patients exist`() throws {
    for (train, val, test) in [(0.5, 0.0, 0.4), (1.2, 0, -0.2), (Double.nan, 0, 1)] {
      #expect(throws: CatalogError.self) { try SplitFractions(train: train, val: val, test: test) }
    }
    try withPatients(0..<0) { catalog in
      #expect(throws: CatalogError.noPatients) { try split(catalog, try SplitFractions(train: 0.8, test: 0.2)) }
    }
  }
}
