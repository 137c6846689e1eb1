import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// All pages of a TIFF that are alike go through every verb, as the frames of one image.
@Suite struct PagesTests {
  /// Three pages of 24 x 20 pixels, all different.
  private static let stack: PixelBuffer = {
    let words = (0..<UInt16(3 * 24 * 20)).flatMap { [UInt8(truncatingIfNeeded: $0 &* 37), UInt8(truncatingIfNeeded: ($0 &* 37) >> 8)] }
    return PixelBuffer(rows: 24, columns: 20, frames: 3, bitsAllocated: 16, words: words)
  }()

  private func inFolder(_ body: (URL) throws -> Void) throws {
    setenv("SCANFORGE_DECODE", Program.url("scanforge-decode").path, 1)
    let folder = try TestData.temporaryFolder("pages")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(try TIFFWriter.encode(Self.stack, photometric: .monochrome2, spacing: nil)).write(to: folder.appendingPathComponent("stack.tif"))
    try body(folder)
  }

  private func tiffs(below folder: URL) -> [URL] {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    return files.filter { $0.pathExtension == "tif" }
  }

  @Test func `deidentify writes every page, pixel by pixel`() throws {
    try inFolder { folder in
      let output = folder.appendingPathComponent("out")
      let result = try Program.run("scanforge", ["deidentify", folder.appendingPathComponent("stack.tif").path, "--output", output.path, "--json"])
      #expect(result.exitCode == 0, "\(result.errors)")
      #expect(try result.json()["warnings"] as? [String: Int] == [:])
      let file = try #require(tiffs(below: output).first)
      #expect(try ScanReader.read(path: file.path).pixels == Self.stack)
    }
  }

  @Test func `inspect shows page 0 and says that there are more`() throws {
    try inFolder { folder in
      var first = Self.stack
      first.frames = 1
      first.words = Array(first.words[..<first.bytesPerFrame])
      try Data(try TIFFWriter.encode(first, photometric: .monochrome2, spacing: nil)).write(to: folder.appendingPathComponent("first.tif"))
      let names = ["stack.tif", "first.tif"].map { folder.appendingPathComponent($0).path }
      let entries = try #require(try Program.run("scanforge", ["inspect", "--json"] + names).json()["files"] as? [[String: Any]])
      #expect(entries.map { $0["frames"] as? Int } == [3, 1])
      #expect(entries[0]["sha256Pixels"] as? String == entries[1]["sha256Pixels"] as? String)
      #expect(entries.map { $0["warnings"] as? [String] } == [["pages.more"], []])
    }
  }

  @Test func `pages beyond the limit on directories are told of`() throws {
    try inFolder { folder in
      var limits = PrescanLimits()
      limits.directories = 2
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("stack.tif")))
      let scan = try ScanReader(limits: limits).read(bytes, source: Redacted("stack"))
      #expect(scan.pixels?.frames == 2 && scan.warnings.contains(.morePages))
    }
  }

  @Test func `ingest makes a slice of every page`() throws {
    try inFolder { folder in
      let result = try Program.run(
        "scanforge", ["ingest", folder.appendingPathComponent("stack.tif").path, "--workspace", folder.appendingPathComponent("w").path, "--json"])
      #expect(result.exitCode == 0, "\(result.errors)")
      let summary = try result.json()
      #expect(summary["images"] as? Int == 1 && summary["slices"] as? Int == 3)
    }
  }

  @Test func `a page that lacks its pixels refuses the file, and page 0 can still be inspected`() throws {
    try inFolder { folder in
      // The strips of all pages, then their directories: cut behind a directory, the pages before it are whole.
      let whole = [UInt8](try Data(contentsOf: folder.appendingPathComponent("stack.tif")))
      var broken = whole
      // The second page's strip offset (tag 273, type LONG, one value) is set behind the end of the file.
      let entry: [UInt8] = [0x11, 0x01, 4, 0, 1, 0, 0, 0]
      let places = (0..<whole.count - 12).filter { Array(whole[$0..<$0 + 8]) == entry }
      #expect(places.count == 3)
      broken.replaceSubrange(places[1] + 8..<places[1] + 12, with: [0xF0, 0xFF, 0xFF, 0x0F])
      try Data(broken).write(to: folder.appendingPathComponent("broken.tif"))
      let path = folder.appendingPathComponent("broken.tif").path
      let refused = try Program.run("scanforge", ["deidentify", path, "--output", folder.appendingPathComponent("out").path, "--json"])
      #expect(refused.exitCode == 1)
      let failure = try #require((try refused.json()["failures"] as? [[String: Any]])?.first)
      #expect(failure["code"] as? String == "tiff.truncated")
      #expect((failure["message"] as? String)?.contains("page 1, part 0") == true)
      #expect(tiffs(below: folder.appendingPathComponent("out")).isEmpty)
      let inspected = try Program.run("scanforge", ["inspect", "--json", path])
      #expect(inspected.exitCode == 0)
      let report = try #require((try inspected.json()["files"] as? [[String: Any]])?.first)
      #expect((report["warnings"] as? [String])?.contains("truncated") == true)
    }
  }
}
