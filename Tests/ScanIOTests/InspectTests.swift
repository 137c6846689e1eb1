import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// `scanforge inspect` as a user and as a program see it.
@Suite struct InspectTests {
  private static let keys: Set<String> = [
    "file", "format", "modality", "rows", "columns", "frames", "samplesPerPixel", "bitsAllocated", "bitsStored", "signed", "photometric",
    "transferSyntax", "min", "max", "sha256Pixels", "warnings", "error",
  ]

  /// A folder with one good DICOM, TIFF and PNG file each, and a text file named .dcm.
  private func folder() throws -> URL {
    let folder = try TestData.temporaryFolder("inspect")
    try Data(DecodeSamples.file(DecodeSamples.dataset(isSigned: true), DecodeWorkerCodecTests.rle)).write(
      to: folder.appendingPathComponent("a.dcm"))
    let words = [Float(-2), 0.5, .nan, 7].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    try Data(DecodeSamples.tiff(rows: 2, columns: 2, bits: 32, format: 3, words: words)).write(to: folder.appendingPathComponent("b.tif"))
    try Data(DecodeSamples.png(rows: 1, columns: 3, bits: 8, words: [97, 98, 99])).write(to: folder.appendingPathComponent("c.png"))
    try Data("not a scan".utf8).write(to: folder.appendingPathComponent("text.dcm"))
    return folder
  }

  private func inspect(_ files: [String], in folder: URL) throws -> (result: Program.Result, files: [[String: Any]]) {
    let result = try Program.run("scanforge", ["inspect", "--json"] + files, in: folder)
    #expect(!result.isSignaled)
    return (result, try #require(result.json()["files"] as? [[String: Any]]))
  }

  @Test func `each file has every key of the contract`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let (result, files) = try inspect(["a.dcm", "b.tif", "c.png"], in: folder)
    #expect(result.exitCode == 0)
    #expect(files.map { $0["file"] as? String } == ["a.dcm", "b.tif", "c.png"])
    #expect(files.map { $0["format"] as? String } == ["dicom", "tiff", "png"])
    for file in files {
      #expect(Set(file.keys) == Self.keys)
      #expect(file["error"] is NSNull)
    }
    let dicom = files[0]
    #expect(
      dicom["rows"] as? Int == 14 && dicom["columns"] as? Int == 10 && dicom["frames"] as? Int == 1 && dicom["samplesPerPixel"] as? Int == 1
    )
    #expect(dicom["bitsAllocated"] as? Int == 16 && dicom["bitsStored"] as? Int == 16 && dicom["signed"] as? Bool == true)
    #expect(dicom["photometric"] as? String == "MONOCHROME2" && dicom["modality"] as? String == "OT")
    #expect(dicom["transferSyntax"] as? String == DecodeWorkerCodecTests.rle)
    #expect(files[1]["min"] as? Double == -2 && files[1]["max"] as? Double == 7)
    // SHA-256 of "abc", FIPS 180-2 appendix B.1: the samples of the PNG are these three bytes.
    #expect(files[2]["sha256Pixels"] as? String == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(files[2]["min"] as? Int == 97 && files[2]["max"] as? Int == 99)
  }

  @Test func `a file that is no scan does not stop the others`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let (result, files) = try inspect(["text.dcm", "c.png", "none.dcm"], in: folder)
    #expect(result.exitCode == 1)
    let codes = files.map { ($0["error"] as? [String: String])?["code"] }
    #expect(codes == ["format.unknown", nil, "file.missing"])
    #expect(files[1]["rows"] as? Int == 1)
  }

  @Test func `a missing file alone is the surroundings' fault`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try inspect(["none.dcm"], in: folder).result.exitCode == 3)
    #expect(try inspect(["none.dcm", "c.png"], in: folder).result.exitCode == 3)
    #expect(try inspect(["."], in: folder).result.exitCode == 3)
    #expect(try Program.run("scanforge", ["inspect"], in: folder).exitCode == 2)
  }

  @Test func `without a worker nothing can be inspected`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try Program.run(
      "scanforge", ["inspect", "--json", "c.png"], in: folder, environment: ["SCANFORGE_DECODE": "/nowhere/decode"])
    #expect(result.exitCode == 3)
    #expect(result.output.contains("decode.missing"))
  }

  @Test func `people see size, depth, range and hash`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try Program.run("scanforge", ["inspect", "c.png", "text.dcm"], in: folder)
    #expect(result.exitCode == 1)
    #expect(
      result.output.split(separator: "\n").map(String.init) == [
        "c.png", "  PNG, 1 x 3, 8 bits, MONOCHROME2", "  stored values 97 to 99",
        "  sha256 of the stored words ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "text.dcm",
        "  error format.unknown: this is not a DICOM, TIFF or PNG file. Give DICOM, TIFF or PNG files, and leave other files out of the folder.",
      ])
  }

  @Test func `float samples are called float`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try Program.run("scanforge", ["inspect", "b.tif"], in: folder)
    #expect(result.output.contains("  TIFF, 2 x 2, 32 bits float, MONOCHROME2\n"), "\(result.output)")
  }

  @Test func `an object without pixels has no frames, whatever it says`() throws {
    let folder = try TestData.temporaryFolder("inspect")
    defer { try? FileManager.default.removeItem(at: folder) }
    let place = folder.appendingPathComponent("a.dcm")
    for (hasPixels, frames) in [(true, 3), (false, nil)] as [(Bool, Int?)] {
      var dataset = SampleDICOM.image()
      if !hasPixels { dataset.remove(.pixelData) }
      try Data(SampleDICOM.file(dataset)).write(to: place)
      let report = InspectReport(path: place.path, reader: DecodeSamples.reader)
      #expect(report.error == nil && report.rows == 16 && report.frames == frames)
    }
  }

  @Test func `a truncated file keeps what is known of it`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let short = folder.appendingPathComponent("short.dcm")
    try Data(SampleDICOM.file().dropLast(300)).write(to: short)
    let report = InspectReport(path: short.path, reader: DecodeSamples.reader)
    #expect(report.error?.code == "dicom.truncated")
    #expect(report.failureKind == .item)
    #expect(report.sha256Pixels == nil)
  }
}
