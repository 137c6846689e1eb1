import Foundation
import PixelMath
import ScanCatalog
import ScanDeid
import ScanImaging
import ScanIO
import ScanModel
import ScanPipeline
import TestSupport
import Testing

/// `audit leaks` on invented pictures: planted copies are found, honest ones are not.
struct LeakAuditTests {
  /// Ellipses of random places, sizes and values.
  private static func picture(_ seed: UInt64, side: Int = 64) -> Plane {
    var random = SplitMix64(seed: seed &* 77 &+ 5)
    let blobs = (0..<14).map { _ in
      (row: random.unit(), column: random.unit(), height: 0.04 + 0.2 * random.unit(), width: 0.04 + 0.2 * random.unit(), value: random.unit() - 0.4)
    }
    let values = (0..<side * side).map { index -> Float in
      let (row, column) = ((Double(index / side) + 0.5) / Double(side), (Double(index % side) + 0.5) / Double(side))
      let sum = blobs.reduce(-0.6) { sum, blob in
        let (y, x) = ((row - blob.row) / blob.height, (column - blob.column) / blob.width)
        return sum + blob.value * exp(-y * y - x * x)
      }
      return Float(min(max(sum, -1), 1))
    }
    return Plane(rows: side, columns: side, values: values)
  }

  private static func noisy(_ plane: Plane) -> Plane {
    var random = SplitMix64(seed: 11)
    return Plane(rows: plane.rows, columns: plane.columns, values: plane.values.map { $0 + Float(random.unit() - 0.5) * 0.1 })
  }

  private static func cropped(_ plane: Plane) -> Plane { plane.cropped(row: 3, column: 5, rows: 56, columns: 56).resampled(rows: 64, columns: 64) }

  private let root: URL
  private let catalog: Catalog
  private let model: ArtifactID

  init() throws {
    setenv("SCANFORGE_DECODE", Program.url("scanforge-decode").path, 1)
    root = try TestData.temporaryFolder("leaks").appendingPathComponent("workspace")
    let catalog = try Catalog.openOrCreate(at: root)
    let ingest = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    var slices: [ArtifactID] = []
    var splits: [Pseudonym: Split] = [:]
    for number in 0..<60 as Range<UInt64> {
      let patient = try #require(Pseudonym(stored: "P" + String(format: "%016llx", number)))
      let bytes = try TIFFWriter.encode(SliceDepth.sixteen.encode(Self.picture(number)), photometric: .monochrome2, spacing: nil)
      let ids = try ingest.record([
        .acquired(try catalog.objects.store(bytes, of: patient), media: "image/tiff"),
        .derived(try catalog.objects.store(bytes, of: patient), media: "image/tiff", from: [(.draft(0), "normalized")]),
      ])
      slices.append(ids[1])
      splits[patient] = number < 40 ? .train : .test
    }
    try ingest.assignSplits(splits)
    try ingest.finish()
    let train = try catalog.beginRun(op: "train", parameters: .object([:]))
    let dataset = try train.recordDataset(Array(slices[..<40]))
    let work = try TestData.temporaryFolder("leaks-model")
    defer { try? FileManager.default.removeItem(at: work) }
    for name in ["weights", "state"] { try Data(name.utf8).write(to: work.appendingPathComponent(name)) }
    let files = ModelFiles(weights: work.appendingPathComponent("weights"), state: work.appendingPathComponent("state"), description: Array("{}".utf8))
    model = try train.publishModel("m", files: files, from: [(.recorded(dataset), "trainingSet")]).weights
    try train.finish()
    self.catalog = catalog
  }

  private func generate(_ planes: [Plane]) throws -> [ArtifactID] {
    let run = try catalog.beginRun(op: "generate", parameters: .object([:]))
    let drafts = try planes.map { plane in
      let scan = SyntheticScan(
        pixels: SliceDepth.sixteen.encode(plane), label: nil, spacingMillimeters: nil, modality: "OT", window: nil, derivation: "test")
      return ArtifactDraft.generated(
        try catalog.objects.store(TIFFWriter.encode(scan), of: scan), media: "image/tiff", from: [(.recorded(model), "generator")])
    }
    let ids = try run.record(drafts)
    try run.finish()
    return ids
  }

  private func remove() { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }

  @Test func `planted copies are flagged in any turn, with noise and cut, and honest images are not`() throws {
    defer { remove() }
    let honest = (100..<140 as Range<UInt64>).map { Self.picture($0) }
    let copies: [Plane] = [
      Self.picture(3), Self.picture(4).turned(by: Turn.all[1]), Self.picture(5).turned(by: Turn.all[2]), Self.picture(6).turned(by: Turn.all[7]),
      Self.noisy(Self.picture(7)), Self.cropped(Self.picture(8)), Self.noisy(Self.cropped(Self.picture(9))),
    ]
    let ids = try generate(honest + copies)
    let report = try LeakAudit(catalog, threads: 2, progress: { _ in }).run()
    let (findings, notChecked) = (report.findings, report.notChecked)
    let finding = try #require(findings.first)
    #expect(notChecked.isEmpty && findings.count == 1)
    #expect(finding.isHeldOut && finding.training == 40 && finding.generated == 47 && finding.honest == 20)
    #expect(finding.suspects.map(\.image.id) == Array(ids[40...]))
    // Each is traced to the picture that it was made from.
    let sources = finding.suspects.compactMap { $0.nearest.patient?.text.suffix(1) }
    #expect(sources == ["3", "4", "5", "6", "7", "8", "9"])
    #expect(finding.suspects.allSatisfy { $0.check.score == 0 })
    #expect(finding.checks.count == 47)
  }

  @Test func `held-out real images raise no alarm`() throws {
    defer { remove() }
    // What the model never saw, given out as generated.
    _ = try generate((40..<60 as Range<UInt64>).map { Self.picture($0) })
    let findings = try LeakAudit(catalog, threads: 2, progress: { _ in }).run().findings
    #expect(findings.first?.suspects.isEmpty == true)
    #expect(findings.first?.checks.count == 20)
  }

  @Test func `what was found is recorded, and an export knows`() throws {
    defer { remove() }
    let ids = try generate([Self.picture(100), Self.picture(12)])
    #expect(try catalog.releaseReview(of: catalog.artifacts(ids)).notChecked == ["memorization"])
    let audit = LeakAudit(catalog, threads: 2, progress: { _ in })
    try audit.record(audit.run())
    let review = try catalog.releaseReview(of: catalog.artifacts(ids))
    #expect(review.notChecked.isEmpty)
    #expect(review.findings.map(\.code) == [.memorized] && review.findings[0].artifact == ids[1])
    var findings: [AuditFinding] = []
    _ = try CatalogAudit(catalog, threads: 2).verify { findings.append($0) }
    #expect(findings == [])
  }

  @Test func `without held-out images the training images of other patients stand in`() throws {
    defer { remove() }
    let train = try catalog.beginRun(op: "train", parameters: .object(["all": .bool(true)]))
    let all = try catalog.artifacts(ArtifactQuery(kinds: [.slice])).map(\.id)
    let dataset = try train.recordDataset(all)
    let work = try train.folder()
    for name in ["weights", "state"] { try Data((name + "2").utf8).write(to: work.appendingPathComponent(name)) }
    let files = ModelFiles(weights: work.appendingPathComponent("weights"), state: work.appendingPathComponent("state"), description: Array("{}".utf8))
    let second = try train.publishModel("second", files: files, from: [(.recorded(dataset), "trainingSet")]).weights
    let scan = SyntheticScan(
      pixels: SliceDepth.sixteen.encode(Self.picture(30)), label: nil, spacingMillimeters: nil, modality: "OT", window: nil, derivation: "test")
    let copy = try train.record(
      .generated(catalog.objects.store(TIFFWriter.encode(scan), of: scan), media: "image/tiff", from: [(.recorded(second), "generator")]))
    let finding = try #require(try LeakAudit(catalog, threads: 2, progress: { _ in }).run().findings.first)
    #expect(!finding.isHeldOut && finding.honest == 60)
    #expect(finding.suspects.map(\.image.id) == [copy])
  }
}
