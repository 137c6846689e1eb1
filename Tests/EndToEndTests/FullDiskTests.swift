import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// A disk without room: every writer says so, exit 3, with the folder that the user named, and leaves nothing that looks finished.
@Suite struct FullDiskTests {
  /// Mounts a file system with `options` of mount(8) and hands over its folder; says so and does nothing where that is not permitted.
  private func onDisk(_ options: String, _ body: (_ folder: URL, _ disk: URL) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("full-disk")
    defer { try? FileManager.default.removeItem(at: folder) }
    let disk = folder.appendingPathComponent("disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    guard try Program.run("/bin/mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk.path]).exitCode == 0 else {
      print("SKIPPED: full disk: a small file system cannot be mounted here")
      return
    }
    defer { _ = try? Program.run("/bin/umount", [disk.path]) }
    try body(folder, disk)
  }

  private func model(_ name: String) -> String {
    _ = SmallRun.result
    return SmallRun.folder.appendingPathComponent("workspace/models/\(name)/model.safetensors").path
  }

  private func expectFull(_ command: [String], output: URL, in folder: URL) throws {
    let result = try Program.run("scanforge", command, in: folder)
    #expect(result.exitCode == 3, "\(command): \(result.errors)")
    let told =
      "scanforge: \(output.path): the disk is full or the quota is used up. Free some space or choose another output folder, then run the command again."
    #expect(result.errors.contains(told), "\(command): \(result.errors)")
    // What is named like a result is whole.
    let left = files(below: output).filter { !$0.path.contains("/.scanforge-") && ["tif", "png", "dcm"].contains($0.pathExtension) }
    guard !left.isEmpty else { return }
    #expect(try Program.run("scanforge", ["inspect"] + left.map(\.path), in: folder).exitCode == 0)
  }

  @Test func `a workspace that finds no room is named`() throws {
    try onDisk("size=1m") { folder, disk in
      let result = try Program.run("scanforge", ["ingest", SmallRun.folder.path, "--workspace", "disk/ws"], in: folder)
      #expect(result.exitCode == 3)
      #expect(result.errors.contains("scanforge: workspace disk/ws: the disk is full."), "\(result.errors)")
    }
  }

  // The pixels of an enlarged TIFF wait in the output folder until they are written: 600k have no room for them, 3m for them and no file.
  @Test(arguments: ["600k", "3m"])
  func `an enlarged TIFF that finds no room is a full disk`(size: String) throws {
    try onDisk("size=\(size)") { folder, disk in
      let words = (0..<2 * 512 * 512).map { (index: Int) -> UInt8 in index % 2 == 0 ? UInt8(index * 37 & 255) : UInt8(index >> 4 & 15) }
      let pixels = PixelBuffer(rows: 512, columns: 512, samplesPerPixel: 1, bitsAllocated: 16, words: words)
      try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: folder.appendingPathComponent("in.tif"))
      let output = disk.appendingPathComponent("out")
      try expectFull(["upscale", "in.tif", "--model", model("srgan"), "--output", output.path], output: output, in: folder)
    }
  }

  @Test(arguments: ["png", "dcm"])
  func `an enlarged image that finds no room is a full disk`(ending: String) throws {
    try onDisk("size=12k") { folder, disk in
      let input: String
      if ending == "png" {
        let pixels = PixelBuffer(rows: 90, columns: 90, samplesPerPixel: 1, bitsAllocated: 8, words: (0..<8100).map { (index: Int) -> UInt8 in UInt8(((index &* 2_654_435_761) >> 24) & 255) })
        input = "in.png"
        try Data(PNGWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: folder.appendingPathComponent(input))
      } else {
        input = SmallRun.folder.appendingPathComponent("phantoms/dicom").path
      }
      let output = disk.appendingPathComponent("out")
      try expectFull(["upscale", input, "--model", model("srgan"), "--output", output.path], output: output, in: folder)
    }
  }

  @Test(arguments: ["tiff", "png", "dicom", "npz"])
  func `generated images that find no room are a full disk`(format: String) throws {
    try onDisk("size=24k") { folder, disk in
      let output = disk.appendingPathComponent("out")
      try expectFull(
        ["generate", "--model", model("cgan"), "--count", "40", "--format", format, "--output", output.path], output: output, in: folder)
    }
  }

  @Test func `a disk that may only be read is told before any work is done for it`() throws {
    try onDisk("ro") { folder, disk in
      _ = SmallRun.result
      let images = SmallRun.folder.appendingPathComponent("phantoms/tiff").path
      let output = disk.appendingPathComponent("out").path
      for command in [
        ["evaluate", "--real", images, "--synthetic", images, "--report", disk.path + "/x.html"],
        ["upscale", images, "--model", model("srgan"), "--output", output + "/below"],
        ["generate", "--model", model("cgan"), "--count", "1", "--output", output], ["deidentify", images, "--output", output],
        ["export", "--workspace", SmallRun.folder.path + "/workspace", "--format", "imagefolder", "--to", output],
        ["audit", "report", "--workspace", SmallRun.folder.path + "/workspace", "--to", disk.path + "/x.html"],
      ] {
        let result = try Program.run("scanforge", command + ["--progress", "json"], in: folder)
        #expect(result.exitCode == 3, "\(command): \(result.errors)")
        let told = "scanforge: \(disk.path): the output folder is on a read-only file system. Choose another output folder.\n"
        #expect(result.errors == told, "\(command): \(result.errors)")
      }
      #expect(try Program.run("scanforge", ["train", "cgan", "--data", images, "--steps", "1", "--workspace", output], in: folder).exitCode == 3)
    }
  }

  @Test func `copies and exports that find no room are a full disk`() throws {
    try onDisk("size=60k") { folder, disk in
      let output = disk.appendingPathComponent("out")
      let scans = SmallRun.folder.appendingPathComponent("phantoms/dicom").path
      try expectFull(["deidentify", scans, "--output", output.path], output: output, in: folder)
      try FileManager.default.removeItem(at: output)
      let workspace = try SmallRun.copy()
      defer { try? FileManager.default.removeItem(at: workspace) }
      try expectFull(
        ["export", "--format", "dicom", "--to", output.path, "--workspace", workspace.appendingPathComponent("workspace").path], output: output,
        in: folder)
    }
  }
}
