import Foundation
import TestSupport
import Testing

/// kill -9 at any point loses nothing that was finished, and what is made in the end is the same.
@Suite(.serialized) struct KillTests {
  private static let training = [
    "train", "cgan", "--data", "phantoms/tiff", "--size", "32", "--steps", "60", "--seed", "5", "--config", "small.yaml", "--checkpoint-seconds", "0",
    "--progress", "none",
  ]

  private func makeFolder() throws -> URL {
    let folder = try TestData.temporaryFolder("kill")
    _ = SmallRun.folder
    try FileManager.default.copyItem(at: SmallRun.folder.appendingPathComponent("phantoms"), to: folder.appendingPathComponent("phantoms"))
    try "batch: 4\nwidth: 4\nlatent: 8\n".write(to: folder.appendingPathComponent("small.yaml"), atomically: true, encoding: .utf8)
    return folder
  }

  @Test func `a training that is killed again and again ends with the bytes of one that was left alone`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let whole = try Program.run("scanforge", Self.training + ["--workspace", "whole"], in: folder)
    #expect(whole.exitCode == 0, "\(whole.errors)")

    var kills = 0
    var isDone = false
    // Later kills come later, so that the work gets done in the end.
    for attempt in 0..<40 where !isDone {
      let running = try Program.start(
        "scanforge", Self.training + ["--workspace", "killed"] + (attempt == 0 ? [] : ["--resume"]), in: folder)
      let deadline = Date().addingTimeInterval(0.15 * Double(attempt + 1))
      while running.process.isRunning, Date() < deadline { usleep(5000) }
      if running.process.isRunning {
        kill(running.process.processIdentifier, SIGKILL)
        kills += 1
        _ = running.wait()
      } else {
        let result = running.wait()
        #expect(result.exitCode == 0, "\(result.errors)")
        isDone = result.exitCode == 0
      }
    }
    #expect(isDone && kills > 0)
    for file in ["model.safetensors", "state.safetensors"] {
      let first = try Data(contentsOf: folder.appendingPathComponent("whole/models/cgan/\(file)"))
      let second = try Data(contentsOf: folder.appendingPathComponent("killed/models/cgan/\(file)"))
      #expect(first == second, "\(file) after \(kills) kills")
    }
    let verified = try Program.run("scanforge", ["audit", "verify", "--workspace", "killed"], in: folder)
    #expect(verified.exitCode == 0, "\(verified.output)")
  }

  @Test func `stopping early and going on equals one run`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    func run(_ more: [String]) throws {
      let result = try Program.run("scanforge", Self.training + more, in: folder)
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    try run(["--workspace", "whole", "--threads", "1"])
    try run(["--workspace", "parts", "--stop-after", "23"])
    try run(["--workspace", "parts", "--resume"])
    for file in ["model.safetensors", "state.safetensors"] {
      let first = try Data(contentsOf: folder.appendingPathComponent("whole/models/cgan/\(file)"))
      let second = try Data(contentsOf: folder.appendingPathComponent("parts/models/cgan/\(file)"))
      #expect(first == second, "\(file)")
    }
  }

  @Test func `an interrupted pipeline goes on and ends like any other`() throws {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try SmallRun.pipeline.write(to: folder.appendingPathComponent("pipeline.yaml"), atomically: true, encoding: .utf8)
    var isDone = false
    for attempt in 0..<30 where !isDone {
      let running = try Program.start("scanforge", ["run", "pipeline.yaml", "--workspace", "w", "--resume", "--progress", "none"], in: folder)
      let deadline = Date().addingTimeInterval(0.2 * Double(attempt + 1))
      while running.process.isRunning, Date() < deadline { usleep(5000) }
      if running.process.isRunning {
        kill(running.process.processIdentifier, SIGKILL)
        _ = running.wait()
      } else {
        let result = running.wait()
        #expect(result.exitCode == 0, "\(result.errors)")
        isDone = true
      }
    }
    #expect(isDone)
    #expect(try Program.run("scanforge", ["audit", "verify", "--workspace", "w"], in: folder).exitCode == 0)
    _ = SmallRun.result
    for name in ["cgan", "srgan"] {
      let first = try Data(contentsOf: SmallRun.folder.appendingPathComponent("workspace/models/\(name)/model.safetensors"))
      let second = try Data(contentsOf: folder.appendingPathComponent("w/models/\(name)/model.safetensors"))
      #expect(first == second, "\(name)")
    }
  }
}
