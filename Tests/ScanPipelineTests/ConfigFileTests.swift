import Diagnostics
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

  private func request(_ config: URL, steps: Int? = nil, stopAfter: Int? = nil) throws -> TrainingOptions {
    try TrainingRequest(
      model: "cgan", name: nil, steps: steps, minutes: nil, stopAfter: stopAfter, size: nil, seed: 0, config: config
    ).options
  }

  @Test func `every key of the training loop may stand in the file, and a flag wins`() throws {
    try withFolder { folder in
      let config = folder.appendingPathComponent("c.yaml")
      try "steps: 90\nminutes: 5\nstopAfter: 40\naccumulate: 2\nprobeEvery: 7\nreturns: 1\nheedFindings: false\n".write(
        to: config, atomically: true, encoding: .utf8)
      let options = try request(config)
      #expect(options.steps == 90 && options.minutes == 5 && options.stopAfter == 40 && options.accumulate == 2)
      #expect(options.probeEvery == 7 && options.returns == 1 && options.heedFindings == false)
      #expect(try request(config, stopAfter: 3).stopAfter == 3)
    }
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
