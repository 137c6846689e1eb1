import Diagnostics
import Foundation
import ScanCatalog
import ScanDeid
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
    try write("in/outlines/b/2.tif", outline)
    let done = try ingest("--mask-from", "folder:in/outlines")
    #expect(done.errors.contains("1 of 3 masks belong to no image; an image's path below its own input is looked for below the masks' folder"))
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

  @Test func `images and masks in NIfTI say whether they are synthetic, and a withdrawal lists both`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for number in 0..<2 { try write("in/\(number).tif", ramp(number)) }
    try write("m/0.tif", PixelBuffer(rows: 3, columns: 4, bitsAllocated: 8, words: [UInt8](repeating: 1, count: 12)))
    #expect(try ingest("--mask-from", "folder:m").exitCode == 0)
    func run(_ arguments: String...) throws -> Program.Result {
      try Program.run("scanforge", arguments + ["--workspace", "ws", "--json", "--progress", "none"], in: folder)
    }
    #expect(try run("export", "--format", "monai", "--to", "out").exitCode == 0)
    let flags = try run("audit", "flags", "out")
    #expect(try flags.exitCode == 0 && flags.json()["files"] as? Int == 2, "\(flags.output)")
    let pseudonym = try #require(try masks().first?.patient?.text)
    let exports = try #require(try run("audit", "patient", pseudonym).json()["exports"] as? [[String: Any]])
    let left = try #require(exports.first?["files"] as? [[String: Any]])
    #expect(left.count == 2 && left.allSatisfy { ($0["found"] as? String)?.hasSuffix(".nii") == true })
    for (name, codes) in [("_mask.nii", "flag.wrong"), (".nii", "flag.missing")] {
      let file = folder.appendingPathComponent("out").appendingPathComponent(
        try #require(left.compactMap { $0["path"] as? String }.first { $0.hasSuffix(name) && $0.hasSuffix("_mask.nii") == (name == "_mask.nii") }))
      var data = try Data(contentsOf: file)
      let range = try #require(data.range(of: Data("SyntheticData=NO".utf8)))
      data.replaceSubrange(range, with: Data((codes == "flag.wrong" ? "SyntheticData=YES" : "SomethingElse=NO").utf8.prefix(range.count)))
      if codes == "flag.wrong" { data.replaceSubrange(range.lowerBound..<range.upperBound + 1, with: Data("SyntheticData=YES".utf8)) }
      try FileManager.default.removeItem(at: file)
      try data.write(to: file)
      let found = try #require(try run("audit", "flags", "out").json()["findings"] as? [[String: Any]])
      #expect(found.contains { $0["finding"] as? String == codes && ($0["path"] as? String)?.hasSuffix(name) == true }, "\(found)")
    }
  }

  @Test func `tables that the request names are no images, and a label must be one line without backslashes`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try write("in/0.tif", ramp(0))
    let sheet = folder.appendingPathComponent("in/labels.csv")
    try Data("path,label\n0.tif,a\n".utf8).write(to: sheet)
    try Data("path,label\n".utf8).write(to: folder.appendingPathComponent("in/attributes.csv"))
    let done = try ingest("--label-from", "csv:in/labels.csv")
    #expect(try done.exitCode == 0 && done.json()["images"] as? Int == 1, "\(done.errors)")
    try Data("path,label\n0.tif,a\\b\n".utf8).write(to: sheet)
    let refused = try ingest("--label-from", "csv:in/labels.csv")
    #expect(refused.exitCode == 2 && refused.errors.contains("row 2") && refused.errors.contains("without \\"), "\(refused.errors)")
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
