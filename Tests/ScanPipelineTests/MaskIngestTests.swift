import Diagnostics
import Foundation
import ScanCatalog
import ScanIO
import ScanModel
import TestSupport
import Testing

/// `ingest --mask-from`, through the program.
@Suite(.serialized)
struct MaskIngestTests {
  private let folder: URL

  init() throws { folder = try TestData.temporaryFolder("masks") }

  private func write(_ path: String, _ pixels: PixelBuffer, texts: [String: String] = [:]) throws {
    let url = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let bytes =
      path.hasSuffix("png")
      ? try PNGWriter.encode(pixels, photometric: pixels.samplesPerPixel == 3 ? .rgb : .monochrome2, spacing: nil, texts: texts)
      : try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)
    try Data(bytes).write(to: url)
  }

  private func ramp(_ number: Int, rows: Int = 3) -> PixelBuffer {
    PixelBuffer(rows: rows, columns: 4, bitsAllocated: 8, words: (0..<4 * rows).map { UInt8($0 * 3 + number * 40) })
  }

  private func ingest(_ arguments: String...) throws -> Program.Result {
    try Program.run("scanforge", ["ingest", "in", "--workspace", "ws", "--json", "--progress", "none"] + arguments, in: folder)
  }

  private func masks() throws -> [ArtifactRecord] {
    try Catalog.openForReading(at: folder.appendingPathComponent("ws")).artifacts(ArtifactQuery(kinds: [.mask]))
  }

  @Test func `a folder of masks is paired by path, and masks among the inputs are no images`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for number in 0..<3 { try write("in/a/\(number).tif", ramp(number)) }
    let outline = PixelBuffer(rows: 3, columns: 4, bitsAllocated: 8, words: [0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 2, 0])
    try write("in/outlines/a/0.png", outline, texts: ["Author": "PLANTEDNAME"])
    try write("in/outlines/a/2.tif", outline)
    let done = try ingest("--mask-from", "folder:in/outlines")
    #expect(done.exitCode == 0, "\(done.errors)")
    let result = try done.json()
    #expect(result["images"] as? Int == 3 && result["masks"] as? Int == 2 && result["slices"] as? Int == 3)
    let catalog = try Catalog.openForReading(at: folder.appendingPathComponent("ws"))
    let images = try catalog.artifacts(ArtifactQuery(origins: [.acquired]))
    let paired = try catalog.masks(of: images.map(\.id))
    #expect(paired.count == 2)
    for image in images {
      guard let mask = paired[image.id] else { continue }
      #expect(mask.patient == image.patient)
      let digest = try #require(mask.sha256)
      let bytes = try catalog.objects.read(digest)
      let pixels = try ScanReader().read(bytes, source: Redacted("test")).pixels
      #expect(pixels?.words == outline.words)
      #expect(!String(decoding: bytes, as: UTF8.self).contains("PLANTEDNAME"))
    }
    // The same again adds nothing.
    #expect(try ingest("--mask-from", "folder:in/outlines").exitCode == 0)
    #expect(try masks().count == 2)
    let audit = try Program.run("scanforge", ["audit", "verify", "--workspace", "ws"], in: folder)
    #expect(audit.exitCode == 0, "\(audit.output)")
  }

  @Test func `a mask that does not fit fails its image alone, and says why`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for number in 0..<3 { try write("in/\(number).tif", ramp(number)) }
    try write("m/small.tif", ramp(0, rows: 2))
    try write(
      "m/color.png", PixelBuffer(rows: 3, columns: 4, samplesPerPixel: 3, bitsAllocated: 8, words: [UInt8](repeating: 7, count: 36)))
    try Data("path,mask\nin/0.tif,m/small.tif\nin/1.tif,m/color.png\nin/2.tif,\n".utf8).write(
      to: folder.appendingPathComponent("pairs.csv"))
    let done = try ingest("--mask-from", "csv:pairs.csv")
    #expect(done.exitCode == 1)
    #expect(try done.json()["failed"] as? Int == 2)
    #expect(done.errors.contains("the mask has 2 rows, 4 columns, 1 frames, its image 3 rows, 4 columns, 1 frames"))
    #expect(done.errors.contains("not one whole number for each pixel"))
    #expect(try masks().isEmpty)
  }

  @Test(arguments: [("--mask-from", "elsewhere", 2), ("--mask-from", "folder:nowhere", 3), ("--mask-from", "csv:nowhere.csv", 3)])
  func `a wrong source of masks is refused`(option: String, value: String, exit: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try write("in/0.tif", ramp(0))
    #expect(try ingest(option, value).exitCode == Int32(exit))
  }
}
