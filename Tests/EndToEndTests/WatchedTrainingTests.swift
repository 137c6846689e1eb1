import Foundation
import TestSupport
import Testing

/// What a user sees of a training that is watched.
@Suite(.serialized) struct WatchedTrainingTests {
  private func makeFolder(config: String) throws -> URL {
    let folder = try TestData.temporaryFolder("watched")
    _ = SmallRun.folder
    try FileManager.default.copyItem(at: SmallRun.folder.appendingPathComponent("phantoms"), to: folder.appendingPathComponent("phantoms"))
    try config.write(to: folder.appendingPathComponent("small.yaml"), atomically: true, encoding: .utf8)
    return folder
  }

  private func train(_ more: [String] = [], steps: Int = 60, in folder: URL) throws -> Program.Result {
    try Program.run(
      "scanforge",
      [
        "train", "cgan", "--data", "phantoms/tiff", "--size", "32", "--steps", "\(steps)", "--seed", "1", "--config", "small.yaml",
        "--workspace", "w",
      ]
        + more, in: folder)
  }

  private func live(_ folder: URL) throws -> (place: URL, text: String) {
    let place = try #require(files(below: folder.appendingPathComponent("w/runs")).first { $0.lastPathComponent == "live.html" })
    return (place, try String(contentsOf: place, encoding: .utf8))
  }

  @Test func `the live view is named at the start and finished at the end, JSON stays one object`() throws {
    let folder = try makeFolder(config: "batch: 4\nwidth: 4\nlatent: 8\nprobeEvery: 20\naccumulate: 2\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try train(["--json"], in: folder)
    #expect(result.exitCode == 0, "\(result.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let figures = try #require(json["figures"] as? [String: Double])
    #expect(figures["returns"] == 0 && figures["look.kid"] != nil && figures["steps"] == 60)
    let (place, page) = try live(folder)
    #expect(result.errors.contains("live view: \(place.path)"))
    #expect(json["page"] as? String == place.path)
    #expect(page.contains("cgan (cgan): finished") && page.contains("data:image/png;base64,") && !page.contains("http-equiv"))
    // Neither places nor names of files that the phantoms plant.
    #expect(!page.contains(folder.path) && !page.contains("ZZPLANTED"))
    let log = try String(contentsOf: place.deletingLastPathComponent().appendingPathComponent("losses.jsonl"), encoding: .utf8)
    #expect(log.split(separator: "\n").count == 60)
    let left = files(below: folder.appendingPathComponent("w/runs")).map(\.lastPathComponent)
    #expect(!left.contains { $0.hasPrefix("best-") || $0 == "state.safetensors" })
  }

  @Test func `a training that gives up ends with exit 1, and its best model is there to be used`() throws {
    let folder = try makeFolder(
      config: "comparison: none\nspectralNorm: true\nloss: hinge\nr1: 0\naugment: false\nwidth: 8\nbatch: 8\ngeneratorRate: 0.01\ndiscriminatorRate: 0.01\nprobeEvery: 25\nreturns: 0\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try train(["--progress", "none"], steps: 600, in: folder)
    #expect(result.exitCode == 1)
    #expect(result.errors.contains("the training failed at step") && result.errors.contains("is kept"), "\(result.errors)")
    #expect(try live(folder).text.contains("cgan (cgan): failed"))
    let description = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("w/models/cgan/model.json"))) as? [String: Any])
    let record = try #require(description["record"] as? [String: Any])
    #expect((record["failure"] as? [String: Any])?["detector"] as? String == "collapse")
    #expect((record["best"] as? [String: Any])?["step"] as? Int == description["steps"] as? Int)
    let generated = try Program.run(
      "scanforge", ["generate", "--model", "cgan", "--count", "3", "--output", "made", "--workspace", "w"], in: folder)
    #expect(generated.exitCode == 0, "\(generated.errors)")
    #expect(try Program.run("scanforge", ["audit", "verify", "--workspace", "w"], in: folder).exitCode == 0)
    // Going on is refused with the same words; beginning anew is not.
    #expect(try train(["--progress", "none", "--resume"], steps: 600, in: folder).exitCode == 1)
    try "batch: 4\nwidth: 4\n".write(to: folder.appendingPathComponent("small.yaml"), atomically: true, encoding: .utf8)
    let anew = try train(["--progress", "none", "--replace"], steps: 5, in: folder)
    #expect(anew.exitCode == 0, "\(anew.errors)")
  }
}
