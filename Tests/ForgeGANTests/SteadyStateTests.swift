import ForgeGAN
import ForgeNN
import ForgeTensor
import Testing

/// What whole training steps ask of the memory once the first ones are done.
private struct MemoryUse {
  /// How often more memory was needed than ever before, and bytes in live tensors, after 4 and after 8 steps.
  var allocations: [Int] = []
  var liveBytes: [Int] = []

  var isSteady: Bool { allocations[0] == allocations[1] && liveBytes[0] == liveBytes[1] }

  /// - Parameter between: called before each step.
  init(_ model: any GenerativeModel, between: @escaping () -> Void = {}) throws {
    var use: (allocations: [Int], liveBytes: [Int]) = ([], [])
    try Tiny.withFolder { folder in
      // No sheet, no checkpoint and no report falls into these steps.
      var trainer = Trainer(plan: try TrainingPlan(steps: 400, stopAfter: 9, reportEvery: 100, sampleSheets: 1), seed: 5)
      var asked = 0
      trainer.isCancelled = {
        between()
        if asked == 4 || asked == 8 {
          let statistics = BufferCache.statistics
          use.allocations.append(statistics.allocations)
          use.liveBytes.append(statistics.liveBytes)
        }
        asked += 1
        return false
      }
      _ = try trainer.train(model, into: folder)
    }
    (allocations, liveBytes) = use
    precondition(allocations.count == 2)
  }
}

/// In processes of their own: the counters belong to the process.
@Suite struct SteadyStateTests {
  @Test func `steps of a conditional GAN take no new memory`() async {
    await #expect(processExitsWith: .success) {
      let use = try MemoryUse(Tiny.cgan())
      precondition(use.isSteady)
    }
  }

  @Test(arguments: ["compact", "published"], ["content", "adversarial"])
  func `steps of super-resolution take no new memory`(network: String, phase: String) async {
    await #expect(processExitsWith: .success) { [network, phase] in
      let use = try MemoryUse(Tiny.srgan(["network": .string(network), "phase": .string(phase)]))
      precondition(use.isSteady)
    }
  }

  @Test func `a training that keeps something from each step is noticed`() async {
    await #expect(processExitsWith: .success) {
      var kept: [Tensor] = []
      let use = try MemoryUse(Tiny.cgan()) { kept.append(Tensor.zeros([300_000])) }
      precondition(use.liveBytes[1] - use.liveBytes[0] >= 4 * 1_200_000)
      precondition(use.allocations[1] >= use.allocations[0] + 4)
    }
  }
}
