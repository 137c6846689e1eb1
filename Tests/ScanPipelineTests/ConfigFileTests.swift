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
}
