import Foundation
import PixelMath
import ScanCatalog
import ScanDeid
import ScanIO
import ScanImaging
import ScanModel
import ScanPipeline
import TestSupport
import Testing

/// `audit splits` on invented pictures: one picture in two parts is found however it was changed, others are not.
@Suite(.serialized) struct SplitAuditTests {
  /// Twelve blobs on a disc that all pictures share, as all heads share a skull.
  private static func picture(_ seed: UInt64) -> Plane {
    var random = SplitMix64(seed: seed &* 31 &+ 7)
    let blobs = (0..<12).map { _ in (row: random.unit(), column: random.unit(), size: 0.05 + 0.15 * random.unit(), value: random.unit() - 0.3) }
    let values = (0..<96 * 96).map { index -> Float in
      let (row, column) = (Double(index / 96) / 96, Double(index % 96) / 96)
      let isInside = (row - 0.5) * (row - 0.5) + (column - 0.5) * (column - 0.5) < 0.2
      let sum = blobs.reduce(isInside ? 0.3 : 0.02) { sum, blob in
        let (y, x) = ((row - blob.row) / blob.size, (column - blob.column) / blob.size)
        return sum + (isInside ? 0.6 * blob.value * exp(-y * y - x * x) : 0)
      }
      return Float(2 * min(max(sum, 0), 1) - 1)
    }
    return Plane(rows: 96, columns: 96, values: values)
  }

  private static func mapped(_ plane: Plane, _ change: (Float) -> Float) -> Plane {
    Plane(rows: plane.rows, columns: plane.columns, values: plane.values.map { 2 * change(($0 + 1) / 2) - 1 })
  }

  private static func cut(_ plane: Plane, _ share: Double) -> Plane {
    let side = Int(96 * (1 - share))
    return plane.cropped(row: 1, column: 96 - side, rows: side, columns: side)
  }

  private static func noisy(_ plane: Plane) -> Plane {
    var random = SplitMix64(seed: 5)
    // Uniform over a fifth of the range: a standard deviation of 5.8 %.
    return mapped(plane) { min(max($0 + 0.2 * Float(random.unit() - 0.5), 0), 1) }
  }

  /// What one training picture may look like under another name.
  private static let disguises: [@Sendable (Plane) -> Plane] = [
    { $0 }, { mapped($0) { pow($0, 0.6) } }, { mapped($0) { pow($0, 1.8) } }, { cut($0, 0.05) }, { cut($0, 0.1) }, { cut($0, 0.15) }, noisy,
    { noisy(cut($0, 0.1)) }, { mapped(cut($0, 0.1)) { pow($0, 0.6) } }, { $0.turned(by: Turn.all[5]) }, { cut($0, 0.08).turned(by: Turn.all[2]) },
    { $0.resampled(rows: 48, columns: 48) },
  ]

  private let root: URL
  private let catalog: Catalog
  private var slices: [ArtifactID] = []

  /// Pictures 0..<110 for training, 110..<120 held out, then the disguised ones of 0..<12, held out as well.
  init() throws {
    setenv("SCANFORGE_DECODE", Program.url("scanforge-decode").path, 1)
    root = try TestData.temporaryFolder("splits")
    let catalog = try Catalog.openOrCreate(at: root.appendingPathComponent("workspace"))
    self.catalog = catalog
    let planes = (0..<120 as Range<UInt64>).map(Self.picture) + Self.disguises.enumerated().map { $1(Self.picture(UInt64($0))) }
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    var splits: [Pseudonym: Split] = [:]
    for (number, plane) in planes.enumerated() {
      let patient = try #require(Pseudonym(stored: "P" + String(format: "%016x", number)))
      let bytes = try TIFFWriter.encode(SliceDepth.sixteen.encode(plane), photometric: .monochrome2, spacing: nil)
      slices.append(
        try run.record([
          .acquired(try catalog.objects.store(bytes, of: patient), media: "image/tiff"),
          .derived(try catalog.objects.store(bytes, of: patient), media: "image/tiff", from: [(.draft(0), "normalized")]),
        ])[1])
      splits[patient] = number < 110 ? .train : .test
    }
    try run.assignSplits(splits)
    try run.finish()
  }

  @Test func `every disguise of a training picture is found, and nobody else`() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let report = try SplitAudit(catalog, threads: 2, progress: { _ in }).run()
    let honest = try #require(report.honest)
    #expect(honest < 0.98 && report.threshold < 0.995, "\(honest)")
    let found = report.findings.map { $0.artifacts.map { slices.firstIndex(of: $0.id) } }
    #expect(found == Self.disguises.indices.map { [120 + $0, $0] }, "\(found)")
    #expect(report.findings.allSatisfy { $0.code == .lookAlike })
  }

  @Test func `what was found is recorded, and an export of both parts refuses it`() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let all = try catalog.artifacts(slices)
    #expect(try catalog.releaseReview(of: all).notChecked == ["lookAlikes"])
    let check = try #require(try SplitAudit(catalog, threads: 2, progress: { _ in }).run().check)
    try catalog.record(check)
    #expect(try catalog.lookAlikeCheck() == check)
    let review = try catalog.releaseReview(of: all)
    #expect(review.notChecked.isEmpty && review.findings.map(\.code) == check.pairs.map { _ in .lookAlike })
    // The acquired images that they were made from are the same pictures.
    let acquired = try catalog.artifacts(ArtifactQuery(origins: [.acquired]))
    #expect(try catalog.releaseReview(of: acquired).findings.count == check.pairs.count)
    // Either of a pair is refused without the other one, too; those without a look-alike may leave.
    #expect(try catalog.releaseReview(of: Array(all[110...])).findings.map(\.artifact) == slices[120...].map { $0 })
    #expect(try catalog.releaseReview(of: Array(all[..<120])).findings.map(\.artifact) == slices[..<12].map { $0 })
    #expect(try catalog.releaseReview(of: Array(all[12..<120])).findings.isEmpty)
    #expect(try catalog.lookAlikes(among: all).items == Set(slices[..<12] + slices[120...]))
    #expect(try catalog.lookAlikes(among: Array(all[3..<6])).items == Set(slices[3..<6]))
    // What came later was not compared.
    let run = try catalog.beginRun(op: "ingest", parameters: .object(["more": .bool(true)]))
    let bytes = try TIFFWriter.encode(SliceDepth.sixteen.encode(Self.picture(999)), photometric: .monochrome2, spacing: nil)
    let patient = try #require(Pseudonym(stored: "P00000000000000ff"))
    let new = try run.record(.acquired(try catalog.objects.store(bytes, of: patient), media: "image/tiff"))
    try run.assignSplits([patient: .test])
    #expect(try catalog.releaseReview(of: Array(all[12..<120]) + catalog.artifacts([new])).notChecked == ["lookAlikes"])
  }
}
