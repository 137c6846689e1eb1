import Foundation
import TestSupport
import Testing

/// Bad input: the right exit code, a message that helps, nothing half-written that looks finished, no identified text.
@Suite struct BadRequestTests {
  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("bad-request")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func write(_ text: String, to url: URL) throws { try text.write(to: url, atomically: true, encoding: .utf8) }

  @Test(arguments: Array(stride(from: 90_000, through: 140_000, by: 10_000)))
  func `however little memory there is, the program ends`(kibibytes: Int) throws {
    // At some of these limits the program starts and its threads do not.
    let script = "ulimit -v \(kibibytes) && exec timeout -s KILL 30 \"$0\" inspect nothing.tif"
    let result = try Program.run("/bin/sh", ["-c", script, Program.url("scanforge").path])
    #expect(result.exitCode != 137 && result.exitCode != 0, "\(result.errors)")
  }

  @Test(arguments: ["cgan", "srgan"])
  func `a training on nothing says so`(model: String) throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let command = ["train", model, "--data", "label=nowhere", "--steps", "2", "--name", "nothing", "--workspace", "workspace"]
    let result = try Program.run("scanforge", command, in: folder)
    #expect(result.exitCode == 2 && result.errors.contains("for \(model) to learn from"), "\(result.errors)")
  }

  @Test func `an unknown key in a pipeline is exit 2 with line and column and touches nothing`() throws {
    try inFolder { folder in
      try write("name: x\nstages:\n  - ingest: { from: nowhere, lables: folder }\n", to: folder.appendingPathComponent("p.yaml"))
      let result = try Program.run("scanforge", ["run", "p.yaml", "--workspace", "w"], in: folder)
      #expect(result.exitCode == 2)
      #expect(result.errors.contains("line 3:"))
      #expect(result.errors.contains("lables"))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("w").path))
    }
  }

  @Test func `a pipeline without deidentify is refused before anything is opened`() throws {
    try inFolder { folder in
      try write(
        "name: x\nstages:\n  - ingest: { from: nowhere }\n  - normalize\n  - split\n  - train: { model: cgan, steps: 1 }\n",
        to: folder.appendingPathComponent("p.yaml"))
      let result = try Program.run("scanforge", ["run", "p.yaml", "--workspace", "w"], in: folder)
      #expect(result.exitCode == 2)
      #expect(result.errors.contains("deidentify"))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("w").path))
    }
  }

  @Test func `generate with a model that no stage trained names the line`() throws {
    try inFolder { folder in
      try write(
        """
        name: x
        stages:
          - ingest: { from: nowhere }
          - deidentify
          - normalize
          - split
          - train: { model: cgan, steps: 1 }
          - generate: { model: dcgan, count: 1 }
        """, to: folder.appendingPathComponent("p.yaml"))
      let result = try Program.run("scanforge", ["run", "p.yaml", "--dry-run"], in: folder)
      #expect(result.exitCode == 2)
      #expect(result.errors.contains("line 8:"))
      #expect(result.errors.contains("trained so far: cgan"))
    }
  }

  @Test func `a missing folder is exit 3`() throws {
    try inFolder { folder in
      let result = try Program.run("scanforge", ["ingest", "nowhere", "--workspace", "w"], in: folder)
      #expect(result.exitCode == 3)
      #expect(!result.errors.contains("nowhere"), "a path may identify")
    }
  }

  @Test func `a text file named dcm is one failed item, exit 1`() throws {
    try inFolder { folder in
      let scans = folder.appendingPathComponent("scans")
      try FileManager.default.createDirectory(at: scans, withIntermediateDirectories: true)
      try write("Dear Mrs ZZSECRETNAME, your scan is ready.", to: scans.appendingPathComponent("ZZSECRETNAME.dcm"))
      for arguments in [["inspect", scans.appendingPathComponent("ZZSECRETNAME.dcm").path], ["ingest", "scans", "--workspace", "w"], ["deidentify", "scans", "--output", "o"]] {
        let result = try Program.run("scanforge", arguments, in: folder)
        #expect(result.exitCode == 1, "\(arguments[0]): \(result.errors)")
        #expect(!result.errors.contains("ZZSECRETNAME"), "\(arguments[0])")
      }
      #expect(files(below: folder.appendingPathComponent("o")).isEmpty)
    }
  }

  @Test func `a truncated DICOM file is refused or warned of at every length`() throws {
    let whole = try Data(contentsOf: try #require(files(below: SmallRun.folder.appendingPathComponent("phantoms/dicom/normal")).first))
    try inFolder { folder in
      let scans = folder.appendingPathComponent("scans")
      try FileManager.default.createDirectory(at: scans, withIntermediateDirectories: true)
      let lengths = (1..<24).map { whole.count * $0 / 24 }
      for length in lengths { try whole.prefix(length).write(to: scans.appendingPathComponent("\(length).dcm")) }
      let names = lengths.map { scans.appendingPathComponent("\($0).dcm").path }
      let result = try Program.run("scanforge", ["inspect", "--json"] + names, in: folder)
      #expect(result.exitCode == 1)
      let entries = try #require(try result.json()["files"] as? [[String: Any]])
      #expect(entries.count == names.count)
      for entry in entries {
        let isRefused = entry["error"] is [String: Any]
        let isWarned = (entry["warnings"] as? [String])?.contains { ["truncated", "pixel.short"].contains($0) } ?? false
        #expect(isRefused || isWarned)
      }
    }
  }

  @Test func `a model that is not there is named, with what to do`() throws {
    try inFolder { folder in
      let commands = [
        ["generate", "--count", "1", "--output", "o"], ["generate", "--count", "1"], ["upscale", "in.tif", "--output", "o"],
      ]
      for command in commands {
        let result = try Program.run("scanforge", command + ["--model", "nowhere/model.safetensors"], in: folder)
        #expect(result.exitCode == 3, "\(command): \(result.errors)")
        #expect(result.errors.contains("There is no model nowhere/model.safetensors: no file or folder has that path"), "\(result.errors)")
        #expect(result.errors.contains("Give the path of a model.safetensors file"))
        #expect(!result.errors.contains("catalog.") && !result.errors.contains("scanforge init"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      }
    }
    _ = SmallRun.result
    let unknown = try Program.run(arguments: ["generate", "--model", "nosuch", "--count", "1", "--workspace", "workspace"])
    #expect(unknown.exitCode == 2)
    #expect(unknown.errors.contains("There is no model nosuch") && unknown.errors.contains("--kind model"))
  }

  @Test func `an output that is a file is one error in every verb`() throws {
    _ = SmallRun.result
    try inFolder { folder in
      try write("mine", to: folder.appendingPathComponent("afile"))
      try FileManager.default.createSymbolicLink(atPath: folder.appendingPathComponent("link").path, withDestinationPath: "nowhere")
      let run = SmallRun.folder
      let model = run.appendingPathComponent("workspace/models/srgan/model.safetensors").path
      let generator = run.appendingPathComponent("workspace/models/cgan/model.safetensors").path
      let scans = run.appendingPathComponent("phantoms/tiff").path
      for output in ["afile", "afile/below/it", "link"] {
        let commands = [
          ["deidentify", scans, "--output", output], ["upscale", scans, "--model", model, "--output", output],
          ["generate", "--model", generator, "--count", "1", "--output", output],
          ["generate", "--model", generator, "--count", "1", "--output", output, "--format", "npz"],
          ["export", "--workspace", run.appendingPathComponent("workspace").path, "--format", "imagefolder", "--to", output],
        ]
        for command in commands {
          let result = try Program.run("scanforge", command, in: folder)
          #expect(result.exitCode == 2, "\(command): \(result.errors)")
          #expect(result.errors.contains("is there already and is not a folder"), "\(command): \(result.errors)")
        }
      }
      #expect(try String(contentsOf: folder.appendingPathComponent("afile"), encoding: .utf8) == "mine")
      let pipeline = SmallRun.pipeline.replacingOccurrences(of: "{ to: out,", with: "{ to: afile,")
      try write(pipeline, to: folder.appendingPathComponent("p.yaml"))
      let planned = try Program.run("scanforge", ["run", "p.yaml", "--dry-run"], in: folder)
      #expect(planned.exitCode == 2 && planned.errors.contains("afile is none"), "\(planned.errors)")
    }
  }

  @Test func `a place that takes no results is named before any work is done for it`() throws {
    _ = SmallRun.result
    try inFolder { folder in
      let run = SmallRun.folder
      let (images, workspace) = (run.appendingPathComponent("phantoms/tiff").path, run.appendingPathComponent("workspace").path)
      let evaluate = ["evaluate", "--real", images, "--synthetic", images, "--progress", "json"]
      for command in [evaluate + ["--report", "nope/x.html"], ["audit", "report", "--workspace", workspace, "--to", "nope/x.html"]] {
        let result = try Program.run("scanforge", command, in: folder)
        #expect(result.exitCode == 3, "\(command): \(result.errors)")
        #expect(
          result.errors == "scanforge: \(folder.resolvingSymlinksInPath().path)/nope: the output folder does not exist. Create the folder or choose another one.\n",
          "\(command): \(result.errors)")
      }
      let inside = try Program.run("scanforge", evaluate + ["--report", images + "/x.html"], in: folder)
      #expect(inside.exitCode == 2)
      #expect(inside.errors == "scanforge: The file to be written would lie inside a folder of images that is read. Choose a file outside the folders of images.\n")
    }
  }

  @Test func `data without a file and no data at all leave no workspace behind`() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("empty"), withIntermediateDirectories: false)
      for more in [["--data", "empty"], ["--data", "split=train"], []] {
        let result = try Program.run("scanforge", ["train", "cgan", "--steps", "1", "--workspace", "w"] + more, in: folder)
        #expect(result.exitCode != 0 && result.exitCode != 70, "\(more): \(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["empty"], "\(more)")
      }
    }
  }

  @Test func `a band beyond the last is told as what was asked for`() throws {
    let result = try Program.run("scanforge", ["generate", "--model", "x", "--count", "1", "--age-band", "100-109"])
    #expect(result.exitCode == 2)
    #expect(result.errors.contains("--age-band 100-109: from 90 years on there is one band. Use 090+."), "\(result.errors)")
  }

  @Test func `a training that has no room is refused with what it takes and what to lower`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    try write("batch: 1024\nwidth: 128\n", to: folder.appendingPathComponent("large.yaml"))
    let command = "ulimit -v 6000000; exec \"$0\" train cgan --size 128 --steps 1 --name large --config large.yaml --workspace workspace --progress none"
    let result = try Program.run("/bin/sh", ["-c", command, Program.url("scanforge").path], in: folder)
    #expect(result.exitCode == 3, "\(result.errors)")
    #expect(result.errors.contains("scanforge: training cgan on ") && result.errors.contains(" of memory, and "), "\(result.errors)")
    #expect(result.errors.contains("Lower batch, size or width"))
  }

  @Test func `an unfinished training is not begun anew by mistake`() throws {
    try inFolder { folder in
      #expect(try Program.run("scanforge", ["init", "--workspace", "w"], in: folder).exitCode == 0)
      let working = folder.appendingPathComponent("w/runs/training-mine")
      try FileManager.default.createDirectory(at: working, withIntermediateDirectories: true)
      try write("hours of work", to: working.appendingPathComponent("state.safetensors"))
      let result = try Program.run("scanforge", ["train", "cgan", "--name", "mine", "--steps", "1", "--size", "32", "--workspace", "w"], in: folder)
      #expect(result.exitCode == 2)
      #expect(result.errors.contains("The workspace has an unfinished training of mine. Use --resume to go on with it"), "\(result.errors)")
      #expect(FileManager.default.fileExists(atPath: working.appendingPathComponent("state.safetensors").path))
    }
  }

  @Test func `a size that srgan cannot have is told of as the size`() throws {
    try inFolder { folder in
      let result = try Program.run("scanforge", ["train", "srgan", "--size", "1000", "--steps", "1"], in: folder)
      #expect(result.exitCode == 2)
      #expect(result.errors.contains("size must be a whole number in 16...512 with factor 2") && !result.errors.contains("patch"), "\(result.errors)")
    }
  }

  @Test func `a full disk is exit 3 and leaves nothing that looks finished`() throws {
    try inFolder { folder in
      let disk = folder.appendingPathComponent("disk")
      try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
      let mount = try Program.run("/bin/mount", ["-t", "tmpfs", "-o", "size=300k", "tmpfs", disk.path])
      guard mount.exitCode == 0 else {
        print("SKIPPED: full disk: a small file system cannot be mounted here")
        return
      }
      defer { _ = try? Program.run("/bin/umount", [disk.path]) }
      let scans = SmallRun.folder.appendingPathComponent("phantoms/dicom").path
      let result = try Program.run("scanforge", ["deidentify", scans, "--output", disk.appendingPathComponent("o").path], in: folder)
      #expect(result.exitCode == 3, "\(result.errors)")
      #expect(result.errors.contains("disk") || result.errors.contains("space"))
      let left = files(below: disk).filter { !$0.lastPathComponent.hasPrefix(".") }
      #expect(!left.isEmpty)
      let inspected = try Program.run("scanforge", ["inspect", "--json"] + left.map(\.path), in: folder)
      #expect(inspected.exitCode == 0, "every file that is there is whole")
      let ingested = try Program.run("scanforge", ["ingest", scans, "--workspace", disk.appendingPathComponent("w").path], in: folder)
      #expect(ingested.exitCode == 3, "\(ingested.errors)")
    }
  }

  @Test(arguments: [["--nonsense"], ["train"], ["generate", "--model", "x"], ["export"], ["split", "--train", "2"]])
  func `wrong flags are exit 2`(arguments: [String]) throws {
    try inFolder { folder in
      let result = try Program.run("scanforge", arguments, in: folder)
      #expect(result.exitCode == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }
}
