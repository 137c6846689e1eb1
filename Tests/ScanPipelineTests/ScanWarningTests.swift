import Foundation
import ScanIO
import ScanModel
import ScanPipeline
import TestSupport
import Testing

@Test func `warnings are counted once a file and told in words`() {
  var tally = ScanWarningTally()
  tally.add([.morePages, .morePages])
  tally.add([.morePages, .truncated])
  tally.add([.morePages])
  tally.add([])
  #expect(tally.counts == ["pages.more": 3, "truncated": 1])
  #expect(tally.figures == ["warning.pages.more": 3, "warning.truncated": 1])
  #expect(
    tally.lines == [
      "3 files have pages of another size or kind than the first, or sub-images; they were left out (pages.more)",
      "1 file is cut off or lacks its Pixel Data (truncated)",
    ])
}

@Test func `hidden files and DICOM directories alone are no warning`() {
  var skipped = SkippedInputs()
  skipped.hidden = 4
  skipped.directories = 1
  #expect(skipped.warning == nil)
  #expect(skipped.words == ["4 hidden", "1 DICOMDIR"])
  skipped.workspaces = 2
  #expect(skipped.warning == "passed over and not read: 2 ScanForge workspaces")
}

@Test func `ingest makes a slice of each page, tells of skipped names and records objects without pixels`() throws {
  let folder = try TestData.temporaryFolder("ingest-warnings")
  defer { try? FileManager.default.removeItem(at: folder) }
  let inputs = folder.appendingPathComponent("in")
  try FileManager.default.createDirectory(at: inputs.appendingPathComponent("old/objects"), withIntermediateDirectories: true)
  try Data().write(to: inputs.appendingPathComponent("old/catalog.sqlite"))
  // Two pages of 16 x 16 pixels, and a CT header without Pixel Data (fake).
  try Data(twoPages()).write(to: inputs.appendingPathComponent("two.tif"))
  try Data(header()).write(to: inputs.appendingPathComponent("header.dcm"))
  let result = try Program.run("scanforge", ["ingest", inputs.path, "--workspace", folder.appendingPathComponent("ws").path, "--json"])
  #expect(result.exitCode == 0, "\(result.errors)")
  #expect(result.errors.contains("passed over and not read: 1 ScanForge workspace"))
  #expect(result.errors.contains("1 file is cut off or lacks its Pixel Data (truncated)"))
  let summary = try result.json()
  #expect(summary["files"] as? Int == 2 && summary["images"] as? Int == 2 && summary["slices"] as? Int == 2)
  #expect(summary["warnings"] as? [String: Int] == ["truncated": 1])
}

@Test(arguments: [32, 64], [Double.nan, .infinity, -.infinity, nil])
func `float samples that are no numbers are told of`(bits: Int, odd: Double?) throws {
  let folder = try TestData.temporaryFolder("not-finite")
  defer { try? FileManager.default.removeItem(at: folder) }
  let values = (0..<256).map { Double($0) } .dropLast() + [odd ?? -3]
  let words = values.flatMap { value in
    bits == 32
      ? withUnsafeBytes(of: Float(value).bitPattern.littleEndian, Array.init) : withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
  }
  let pixels = PixelBuffer(rows: 16, columns: 16, bitsAllocated: bits, isSigned: true, isFloat: true, words: words)
  try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: folder.appendingPathComponent("a.tif"))
  let expected = odd == nil ? [] : ["pixel.notFinite"]
  let result = try Program.run("scanforge", ["inspect", "a.tif", "--json"], in: folder)
  let file = try #require((try result.json()["files"] as? [[String: Any]])?.first)
  #expect(file["warnings"] as? [String] == expected && file["min"] as? Double == (odd == nil ? -3 : 0))
  guard bits == 32 else { return }
  let ingest = try Program.run("scanforge", ["ingest", "a.tif", "--workspace", "ws", "--json"], in: folder)
  #expect(try ingest.json()["warnings"] as? [String: Int] ?? [:] == Dictionary(uniqueKeysWithValues: expected.map { ($0, 1) }))
  #expect(odd == nil || ingest.errors.contains("1 file has samples that are NaN or infinite; they count as the lowest number of their frame"))
}

@Test func `deidentify tells of pages that are unlike the first`() throws {
  let folder = try TestData.temporaryFolder("deidentify-pages")
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appendingPathComponent("two.tif")
  try Data(twoPages(secondColumns: 8)).write(to: file)
  let result = try Program.run("scanforge", ["deidentify", file.path, "--output", folder.appendingPathComponent("out").path, "--json"])
  #expect(result.exitCode == 0, "\(result.output)")
  #expect(try result.json()["warnings"] as? [String: Int] == ["pages.more": 1])
  #expect(
    result.errors.contains("1 file has pages of another size or kind than the first, or sub-images; they were left out (pages.more)"))
}

/// A little-endian TIFF: two directories that share one strip of 256 bytes.
private func twoPages(secondColumns: Int = 16) -> [UInt8] {
  func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  func entries(_ columns: Int) -> [(Int, Int)] {
    [(256, columns), (257, 16), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 16), (279, 16 * columns)]
  }
  func directory(columns: Int = 16, next: Int) -> [UInt8] {
    [9, 0] + entries(columns).flatMap { tag, value in [UInt8(tag & 255), UInt8(tag >> 8), 4, 0] + word(1) + word(value) } + word(next)
  }
  let first = 8 + 256
  let second = first + 2 + 9 * 12 + 4
  return [0x49, 0x49, 42, 0] + word(first) + (0..<256).map { UInt8($0) } + directory(next: second) + directory(columns: secondColumns, next: 0)
}

/// Explicit VR Little Endian with preamble: SOP Class CT, an instance, a patient, and no image.
private func header() -> [UInt8] {
  func element(_ group: Int, _ element: Int, _ vr: String, _ text: String) -> [UInt8] {
    let value = Array(text.utf8) + (text.utf8.count % 2 == 0 ? [] : [vr == "UI" ? 0 : 0x20])
    let tag = [UInt8(group & 255), UInt8(group >> 8), UInt8(element & 255), UInt8(element >> 8)]
    return tag + Array(vr.utf8) + [UInt8(value.count), 0] + value
  }
  let ct = "1.2.840.10008.5.1.4.1.1.2"
  return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + element(2, 2, "UI", ct) + element(2, 0x10, "UI", "1.2.840.10008.1.2.1")
    + element(8, 0x16, "UI", ct) + element(8, 0x18, "UI", "2.25.7") + element(0x10, 0x10, "PN", "ZZFAKE^PATIENT")
    + element(0x10, 0x20, "LO", "FAKE-1")
}
