import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Exports that are killed at any moment.
@Suite(.serialized)
struct KilledExportTests {
  private static let request = [
    "export", "--workspace", "ws", "--progress", "none", "--format", "imagefolder", "--format", "webdataset", "--format", "dicom",
  ]

  @Test func `a folder with a manifest is whole whenever the export was killed, and the rerun ends as one that was left alone`() throws {
    let folder = try TestData.temporaryFolder("killed")
    defer { try? FileManager.default.removeItem(at: folder) }
    for number in 0..<30 {
      let url = folder.appendingPathComponent("in/\(number % 3)/\(number).tif")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      let pixels = PixelBuffer(
        rows: 40, columns: 40, bitsAllocated: 8, words: (0..<1600).map { UInt8(truncatingIfNeeded: $0 * (number + 3)) })
      try Data(try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: url)
    }
    for arguments in [
      ["ingest", "in", "--label-from", "folder", "--workspace", "ws"], ["split", "--train", "0.8", "--test", "0.2", "--workspace", "ws"],
    ] {
      #expect(try Program.run("scanforge", arguments, in: folder).exitCode == 0)
    }
    let began = Date()
    let whole = try Program.run("scanforge", Self.request + ["--to", "whole"], in: folder)
    let seconds = Date().timeIntervalSince(began)
    try #require(whole.exitCode == 0, "\(whole.errors)")
    let out = folder.appendingPathComponent("out")
    for step in 1...8 {
      let running = try Program.start("scanforge", Self.request + ["--to", "out"], in: folder)
      usleep(UInt32(seconds * Double(step) / 9 * 1e6))
      kill(running.process.processIdentifier, SIGKILL)
      _ = running.wait()
      guard FileManager.default.fileExists(atPath: out.appendingPathComponent("MANIFEST.sha256").path) else { continue }
      let checked = try Program.run("/usr/bin/sha256sum", ["--check", "--strict", "--quiet", "MANIFEST.sha256"], in: out)
      #expect(checked.exitCode == 0, "\(checked.errors)")
      // Nothing stands beside what the manifest lists but a staging folder, which is hidden.
      let listed = try String(contentsOf: out.appendingPathComponent("MANIFEST.sha256"), encoding: .utf8).split(separator: "\n").map {
        String($0.dropFirst(66))
      }
      #expect(try Set(Self.files(out)) == Set(listed + ["MANIFEST.sha256"]))
    }
    let again = try Program.run("scanforge", Self.request + ["--to", "out"], in: folder)
    #expect(again.exitCode == 0, "\(again.errors)")
    let difference = try Program.run("/usr/bin/diff", ["--recursive", "whole", "out"], in: folder)
    #expect(difference.exitCode == 0, "\(difference.output)")
    let audit = try Program.run("scanforge", ["audit", "verify", "--workspace", "ws"], in: folder)
    #expect(audit.exitCode == 0, "\(audit.output)")
  }

  private static func files(_ root: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { path in
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
      return isThere && !isFolder.boolValue && !path.hasPrefix(".scanforge-export-")
    }
  }
}
