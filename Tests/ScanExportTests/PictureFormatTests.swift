import Diagnostics
import Foundation
import ScanCatalog
import ScanExport
import ScanIO
import ScanImaging
import ScanModel
import TestSupport
import Testing

/// Formats that hold 8-bit pictures: hf and webdataset, and what all of them make of colors and depths.
@Suite(.serialized)
struct PictureFormatTests {
  @Test func `every row of a Hugging Face table has every column in one type`() throws {
    let workspace = try ItemWorkspace()
    // One part has whole numbers as its window, the other has not; a reader infers types part by part.
    try workspace.add(label: "a", split: .train)
    try workspace.add(label: "b", split: .val, pixels: Self.float)
    try workspace.export("hf", query: "origin=acquired")
    for part in ["train", "val"] {
      let line = try workspace.text("hf/data/\(part)/metadata.jsonl")
      let row = try #require(CanonicalJSON(parsing: line.trimmingCharacters(in: .newlines)))
      #expect(Set(try #require(row.objectValue).keys) == Set(ExportedFile.commonColumns + ["file_name", "window_low", "window_high"]))
      let file = try #require(row["file_name"]?.stringValue)
      #expect(row["path"] == .string("hf/data/\(part)/\(file)"))
      #expect(ContentDigest(of: try workspace.bytes("hf/data/\(part)/\(file)")).hex == row["sha256"]?.stringValue)
      for column in ["label", "origin", "seed", "patient", "run"] { #expect(row[column]?.stringValue != nil) }
      #expect(line.contains(#""synthetic":false"#))
      #expect(line.contains(#/"window_low":-?\d+\.\d/#) && line.contains(#/"window_high":-?\d+\.\d/#))
    }
    let card = try workspace.text("hf/README.md")
    #expect(card.contains("- split: validation\n    path: data/val/**\n"))
  }

  @Test func `a column that some images lack is empty there, not missing`() throws {
    let workspace = try ItemWorkspace()
    var told = ArtifactAttributes()
    told[.sex] = "F"
    told.conditions = [.sex]
    try workspace.add(split: .train, attributes: told)
    try workspace.add(split: .train)
    try workspace.add(split: .test)
    try workspace.export("hf")
    let lines = try ["train", "test"].flatMap { try workspace.text("hf/data/\($0)/metadata.jsonl").split(separator: "\n") }
    let values = lines.map { CanonicalJSON(parsing: String($0))?["sex"]?.stringValue }
    #expect(Set(values) == ["F", ""])
  }

  @Test func `webdataset shards are plain tar files with the three files of a sample side by side`() throws {
    let workspace = try ItemWorkspace()
    for (label, split) in [("b", Split.train), ("a", .train), ("c", .test)] { try workspace.add(label: label, split: split) }
    try workspace.add(split: .train)
    try workspace.export("webdataset")
    let rows = try workspace.metadata("webdataset")
    #expect(rows.count == 4)
    for part in ["train", "test"] {
      let listed = try Program.run(
        "/usr/bin/tar", ["--list", "--verbose", "--file", "\(part)-000000.tar"], in: workspace.out.appendingPathComponent("webdataset"))
      #expect(listed.exitCode == 0 && listed.errors.isEmpty)
      let lines = listed.output.split(separator: "\n").map { $0.split(separator: " ") }
      #expect(lines.allSatisfy { $0[0] == "-rw-r--r--" && $0[1] == "0/0" && $0[3] == "1970-01-01" })
      let names = lines.compactMap { $0.last.map(String.init) }
      for start in stride(from: 0, to: names.count, by: 3) {
        let key = String(names[start].dropLast(4))
        #expect(names[start..<start + 3] == ["\(key).png", "\(key).cls", "\(key).json"])
        #expect(rows.contains { $0["path"] == "webdataset/\(part)-000000.tar/\(key).png" && $0["split"] == part })
      }
    }
  }

  @Test func `a part that is exported alone numbers its labels as the whole does`() throws {
    let workspace = try ItemWorkspace()
    for (label, split) in [("a", Split.train), ("b", .train), ("b", .test)] { try workspace.add(label: label, split: split) }
    try workspace.export("webdataset")
    let whole = try workspace.bytes("webdataset/test-000000.tar")
    try workspace.export("webdataset", split: .test)
    #expect(try workspace.bytes("webdataset/test-000000.tar") == whole)
    #expect(try !workspace.paths().contains("webdataset/train-000000.tar"))
    // The class file's content stands in the block after its header.
    let place = try #require(whole.indices.first { whole[$0...].starts(with: Array(".cls".utf8)) })
    #expect(whole[(place / 512 + 1) * 512] == UInt8(ascii: "1"))
  }

  @Test func `an acquired color picture stays in color`() throws {
    let workspace = try ItemWorkspace()
    let words = (0..<18).map { UInt8($0 * 14) }
    try workspace.add(pixels: PixelBuffer(rows: 2, columns: 3, samplesPerPixel: 3, bitsAllocated: 8, words: words), photometric: .rgb)
    try workspace.export("imagefolder", query: "origin=acquired")
    let path = try #require(try workspace.paths().first { $0.hasSuffix(".png") })
    let scan = try ScanReader().read(workspace.bytes(path), source: Redacted("test"))
    #expect(scan.photometric == .rgb && scan.pixels?.words == words)
    #expect(try workspace.metadata("imagefolder").first?["window_high"] == "255")
  }

  @Test func `what came as synthetic leaves as synthetic`() throws {
    let workspace = try ItemWorkspace()
    var attributes = ArtifactAttributes()
    attributes.isSynthetic = true
    try workspace.add(attributes: attributes)
    try workspace.export("imagefolder")
    try workspace.export("dicom")
    #expect(try workspace.metadata("imagefolder").map { $0["synthetic"] } == ["true"])
    let path = try #require(try workspace.paths().first { $0.hasSuffix(".dcm") })
    #expect(try ScanReader().read(workspace.bytes(path), source: Redacted("test")).dataset.text(.syntheticData) == "YES")
  }

  @Test(arguments: [(PixelBuffer(rows: 2, columns: 2, frames: 3, bitsAllocated: 8, words: Array(0..<12)), 3), (float, 1), (alpha, 1)])
  func `TIFF images of any depth and number of pages become DICOM`(pixels: PixelBuffer, files: Int) throws {
    let workspace = try ItemWorkspace()
    try workspace.add(pixels: pixels, photometric: pixels.samplesPerPixel == 4 ? .rgb : .monochrome2)
    #expect(try workspace.export("dicom").files == files)
    var instances: Set<String> = []
    for (frame, path) in try workspace.paths().filter({ $0.hasSuffix(".dcm") }).enumerated() {
      let scan = try ScanReader().read(workspace.bytes(path), source: Redacted("test"))
      instances.insert(try #require(scan.dataset.text(.sopInstanceUID)))
      let read = try Slice(pixels: scan.pixels, photometric: scan.photometric, dataset: scan.dataset)
      let expected = try Slice(
        pixels: pixels, photometric: pixels.samplesPerPixel == 4 ? .rgb : .monochrome2, dataset: Dataset(), frame: frame)
      // Float values pass through 16 bits: half a step of 3.5 / 65535, and the rounding of the rescale's text.
      for (a, b) in zip(read.values, expected.values) { #expect(abs(a - b) <= 6e-5) }
    }
    #expect(instances.count == files)
  }

  private static let float = PixelBuffer(
    rows: 2, columns: 2, bitsAllocated: 32, isFloat: true,
    words: [-1.5, 0, 0.25, 2].flatMap { value in withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) } })
  private static let alpha = PixelBuffer(rows: 1, columns: 2, samplesPerPixel: 4, bitsAllocated: 8, words: [1, 2, 3, 255, 4, 5, 6, 0])
}
