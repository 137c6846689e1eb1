import Foundation
import TestSupport
import Testing

/// The folder of `generate --output`: what is in it is what the command makes, whatever happened there before.
@Suite struct GeneratedFolderTests {
  private func inFolder(_ body: (URL) throws -> Void) throws {
    _ = SmallRun.result
    let folder = try TestData.temporaryFolder("generated")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func arguments(_ more: [String]) -> [String] {
    ["generate", "--model", SmallRun.folder.path + "/workspace/models/cgan/model.safetensors", "--output", "out", "--format", "png"] + more
  }

  /// Bytes by path, hidden files left out.
  private func contents(_ folder: URL) throws -> [String: Data] {
    let root = folder.appendingPathComponent("out").resolvingSymlinksInPath().path + "/"
    let seen = files(below: folder.appendingPathComponent("out")).map { $0.resolvingSymlinksInPath().path }.filter { !$0.contains("/.") }
    return try Dictionary(uniqueKeysWithValues: seen.map { (String($0.dropFirst(root.count)), try Data(contentsOf: URL(fileURLWithPath: $0))) })
  }

  @Test func `the same command gives the same files again, another one is refused before it begins`() throws {
    try inFolder { folder in
      #expect(try Program.run("scanforge", arguments(["--per-label", "4"]), in: folder).exitCode == 0)
      let made = try contents(folder)
      let labels = Set(made.keys.map { String($0.split(separator: "/")[0]) })
      #expect(made.count == 4 * labels.count && labels.count > 1)
      // What a killed run may have lost comes back.
      try FileManager.default.removeItem(at: folder.appendingPathComponent("out/\(made.keys.sorted()[1])"))
      #expect(try Program.run("scanforge", arguments(["--per-label", "4"]), in: folder).exitCode == 0)
      #expect(try contents(folder) == made)
      for other in [["--per-label", "3"], ["--per-label", "4", "--seed", "9"]] {
        let result = try Program.run("scanforge", arguments(other), in: folder)
        #expect(result.exitCode == 2 && result.errors.contains("An output file exists already with other contents"), "\(result.errors)")
        #expect(try contents(folder) == made)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("out").path).sorted() == labels.sorted())
    }
  }

  @Test func `labels of several commands may share a folder, beside files of others`() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("out"), withIntermediateDirectories: false)
      try Data("mine".utf8).write(to: folder.appendingPathComponent("out/notes.txt"))
      let made = try Program.run("scanforge", arguments(["--count", "1", "--label", "normal"]), in: folder)
      #expect(made.exitCode == 0, "\(made.errors)")
      let labels = try FileManager.default.contentsOfDirectory(atPath: SmallRun.folder.path + "/out/imagefolder/train").sorted()
      let other = try #require(labels.first { $0 != "normal" })
      #expect(try Program.run("scanforge", arguments(["--count", "2", "--label", other]), in: folder).exitCode == 0)
      #expect(try contents(folder).count == 4)
    }
  }

  @Test func `a killed run leaves nothing to be seen, and the next takes what is hidden away`() throws {
    try inFolder { folder in
      let running = try Program.start("scanforge", arguments(["--count", "100000", "--progress", "none"]), in: folder)
      let output = folder.appendingPathComponent("out")
      let deadline = Date().addingTimeInterval(20)
      while files(below: output).count < 20, running.process.isRunning, Date() < deadline { usleep(5000) }
      kill(running.process.processIdentifier, SIGKILL)
      _ = running.wait()
      #expect(!files(below: output).isEmpty)
      #expect(try contents(folder).isEmpty)
      #expect(try Program.run("scanforge", arguments(["--count", "3"]), in: folder).exitCode == 0)
      #expect(files(below: output).count == 3)
      #expect(try contents(folder).count == 3)
    }
  }
}
