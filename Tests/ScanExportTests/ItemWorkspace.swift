import Foundation
import ScanCatalog
import ScanDeid
import ScanExport
import ScanIO
import ScanModel
import TestSupport

/// A workspace that a test fills image by image; each is a patient of its own.
final class ItemWorkspace {
  let folder: URL
  let catalog: Catalog
  private var run: RunHandle
  private var patients = 0

  init() throws {
    setenv("SCANFORGE_DECODE", Program.url("scanforge-decode").path, 1)
    folder = try TestData.temporaryFolder("items")
    catalog = try Catalog.openOrCreate(at: folder.appendingPathComponent("workspace"))
    run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// A grey ramp of 8 bits that no other has.
  static func ramp(_ number: Int, rows: Int = 4, columns: Int = 6) -> PixelBuffer {
    PixelBuffer(
      rows: rows, columns: columns, bitsAllocated: 8, words: (0..<rows * columns).map { UInt8(truncatingIfNeeded: $0 * 5 + number * 31) })
  }

  /// Records an acquired TIFF and, unless it has several frames or colors, an 8-bit slice of it.
  ///
  /// - Returns: the acquired image.
  @discardableResult
  func add(
    label: String? = nil, split: Split? = .train, pixels: PixelBuffer? = nil, photometric: Photometric = .monochrome2,
    attributes: ArtifactAttributes = .init()
  ) throws -> ArtifactID {
    patients += 1
    let patient = Pseudonym(stored: "P" + String(format: "%016x", patients))!
    let pixels = pixels ?? Self.ramp(patients)
    let label = label.map { Label($0)! }
    let object = try catalog.objects.store(try TIFFWriter.encode(pixels, photometric: photometric, spacing: nil), of: patient)
    var drafts = [ArtifactDraft.acquired(object, media: "image/tiff", label: label, attributes: attributes)]
    if pixels.frames == 1, pixels.samplesPerPixel == 1, pixels.bitsAllocated == 8 {
      var sliced = attributes
      sliced.intensity = 0...255
      let slice = try catalog.objects.store(try TIFFWriter.encode(pixels, photometric: photometric, spacing: nil), of: patient)
      drafts.append(.derived(slice, media: "image/tiff", from: [(.draft(0), "normalized")], label: label, attributes: sliced))
    }
    let ids = try run.record(drafts)
    if let split { try run.assignSplits([patient: split]) }
    return ids[0]
  }

  var out: URL { folder.appendingPathComponent("out") }

  @discardableResult
  func export(_ format: String, to root: URL? = nil, query: String? = nil, split: Split? = nil) throws -> ExportReport {
    try Exporter(catalog, threads: 2).export(
      ExportRequest(format: format, root: root ?? out, query: try query.map { try ArtifactQuery(parsing: $0) }, split: split))
  }

  /// Paths below the export root, sorted by bytes.
  func paths() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: out.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func text(_ path: String) throws -> String { String(decoding: try Data(contentsOf: out.appendingPathComponent(path)), as: UTF8.self) }
  func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: out.appendingPathComponent(path))) }

  /// Rows of a format's metadata by column.
  func metadata(_ format: String) throws -> [[String: String]] {
    let lines = try text("\(format)/metadata.csv").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  /// Where a recorded export went.
  func destination(of export: ArtifactRecord) throws -> String? {
    let run = try catalog.runs().first { $0.id == export.run }
    return run.flatMap { CanonicalJSON(parsing: $0.params) }?["to"]?.stringValue
  }

  /// What sha256sum says of the manifest; empty when all is well.
  func manifestComplaints() throws -> String {
    let checked = try Program.run("/usr/bin/sha256sum", ["--check", "--strict", "--quiet", "MANIFEST.sha256"], in: out)
    return checked.exitCode == 0 ? "" : checked.output + checked.errors
  }
}
