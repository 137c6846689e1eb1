import Diagnostics
import ForgeGAN
import ForgeNN
import Foundation
import ScanPipeline
import TestSupport
import Testing

/// The file of `train --config`.
@Suite struct ConfigFileTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("config")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func request(_ config: URL, stopAfter: Int? = nil, seed: UInt64? = nil) throws -> TrainingOptions {
    try TrainingRequest(
      model: "cgan", name: nil, steps: nil, minutes: nil, stopAfter: stopAfter, size: nil, seed: seed, config: config
    ).options
  }

  /// What stands between two texts of docs/cli.md: names in backquotes, remarks in brackets left out, `split: all` as `split`.
  private func documented(from start: String, to end: String) throws -> [String] {
    let page = try String(contentsOf: TestData.root.appendingPathComponent("docs/cli.md"), encoding: .utf8)
    let head = try #require(page.firstRange(of: start))
    let tail = try #require(page[head.upperBound...].firstRange(of: end))
    let names = page[head.upperBound..<tail.lowerBound].replacing(/\([^)]*\)/, with: "").matches(of: /`(\w+)[^`]*`/)
    return names.map { String($0.output.1) }
  }

  @Test func `every key that docs/cli.md lists for the train stage may stand in the file`() throws {
    let values = [
      "model": "cgan", "name": "mine", "steps": "90", "minutes": "5", "stopAfter": "40", "size": "32", "seed": "8", "split": "val",
      "accumulate": "2", "probeEvery": "7", "returns": "1", "heedFindings": "false",
    ]
    let keys = try documented(from: "\n| `train` | ", to: ", and the model's own options |")
    #expect(Set(keys) == Set(values.keys) && keys.count == values.count)
    try withFolder { folder in
      let config = folder.appendingPathComponent("c.yaml")
      try keys.map { "\($0): \(values[$0] ?? "")\n" }.joined().write(to: config, atomically: true, encoding: .utf8)
      let options = try request(config)
      #expect(options.extra == [:] && options.name == "mine" && options.size == 32 && options.seed == 8 && options.split == "val")
      #expect(options.steps == 90 && options.minutes == 5 && options.stopAfter == 40 && options.accumulate == 2)
      #expect(options.probeEvery == 7 && options.returns == 1 && options.heedFindings == false)
      // A flag wins.
      #expect(try request(config, stopAfter: 3).stopAfter == 3)
      #expect(try request(config, seed: 9).seed == 9)
    }
  }

  /// `size` stands among the stage's own; `patch` is what it becomes for `srgan`.
  @Test(arguments: [("cgan", "Own options of `cgan`: ", ". Of `srgan`", "size"), ("srgan", "Of `srgan`: ", ". `adversarialRate`", "patch")])
  func `the options of a model are those that docs/cli.md lists`(model: String, start: String, end: String, size: String) throws {
    let error = #expect(throws: ForgeGANError.self) { try ModelRegistry.entry(model).check(["nonsense": 1]) }
    guard case .unknownOption(_, _, let known) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try Set(documented(from: start, to: end)) == Set(known).subtracting([size]))
  }

  @Test func `a file that cannot be read is named with what it is instead`() throws {
    try withFolder { folder in
      let missing = folder.appendingPathComponent("nowhere.yaml")
      let latin = folder.appendingPathComponent("latin.yaml")
      try Data([0x6E, 0x61, 0x6D, 0xE9, 0x0A]).write(to: latin)
      for (file, why) in [(missing, PlanError.Unreadable.missing), (folder, .folder), (latin, .notText)] {
        let error = PlanError.unreadable(file: file.path, why)
        #expect(throws: error) { try request(file) }
        #expect(throws: error) { try PipelineSpec(contentsOf: file) }
        #expect(error.kind.exitCode == 3 && error.description.hasPrefix("\(file.path): "))
      }
      #expect(PlanError.unreadable(file: "a.yaml", .folder).description == "a.yaml: This is a folder, not a YAML file. Name a file in it.")
    }
  }

  @Test func `a file that is no mapping is named`() throws {
    try withFolder { folder in
      let config = folder.appendingPathComponent("list.yaml")
      try "- batch\n- 4\n".write(to: config, atomically: true, encoding: .utf8)
      do {
        _ = try request(config)
        Issue.record("a list was accepted")
      } catch let error as PlanError {
        #expect(error.description == "line 1:1: the config file \(config.path) must be a mapping of options. Change the value.")
      }
    }
  }
}
