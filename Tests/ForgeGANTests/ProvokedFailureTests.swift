import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Testing

/// The models themselves, made to fail.
@Suite(.serialized) struct ProvokedFailureTests {
  @Test func `a conditional GAN that collapses is found out and taken back`() throws {
    try Tiny.withFolder { folder in
      // Twelve images, no augmentation, learning rates fifty and 25 times the usual ones, and a discriminator that is told nothing of variety.
      let options: JSON = [
        "batch": 8, "width": 8, "latent": 8, "augment": false, "generatorRate": 0.01, "discriminatorRate": 0.01, "comparison": "none",
        "spectralNorm": true, "loss": "hinge", "r1": 0,
      ]
      let model = try ModelRegistry.entry("cgan").make(
        ModelRequest(options: options, data: .images(Tiny.images(perClass: 4)), seed: 5))
      var returns: [TrainingRecord.Return] = []
      var trainer = Trainer(plan: try TrainingPlan(steps: 300, probeEvery: 15), seed: 5)
      trainer.onEvent = { event in
        if case .wentBack(let record) = event { returns = record.returns }
      }
      // Whether half of the rates are enough is the game's affair; both ends leave a sound model.
      do {
        #expect(try trainer.train(model, into: folder).isComplete)
      } catch let error as ForgeGANError {
        #expect(error.code == "training.failed")
      }
      #expect(returns.contains { $0.finding.detector == "collapse" })
      #expect(returns.allSatisfy { $0.to < $0.step })
      let images = try CGANGenerator(contentsOf: folder.url).generate(labels: [0, 1, 2], seed: 1)
      #expect(images.values.allSatisfy { $0.isFinite })
    }
  }

  @Test func `super-resolution whose numbers overflow is taken back until its learning rate is small enough`() throws {
    try Tiny.withFolder { folder in
      let model = try Tiny.srgan(["phase": "content", "rate": 0.1, "blocks": 16, "width": 8, "batch": 4])
      let summary = try Trainer(plan: TrainingPlan(steps: 120, probeEvery: 20), seed: 5).train(model, into: folder)
      #expect(summary.isComplete)
      #expect(summary.record.returns.contains { $0.finding.detector == "nonFinite" })
      #expect(summary.losses["content"]!.isFinite)
    }
  }

  @Test(arguments: ["cgan", "srgan"])
  func `a healthy training is left alone`(name: String) throws {
    try Tiny.withFolder { folder in
      let model = name == "cgan" ? try Tiny.cgan(["batch": 12, "width": 8, "latent": 16]) : try Tiny.srgan()
      let summary = try Trainer(plan: TrainingPlan(steps: 200, probeEvery: 20), seed: 5).train(model, into: folder)
      #expect(summary.record.looks.count == 10)
      #expect(summary.record.returns.isEmpty && summary.record.warnings.isEmpty, "\(summary.record)")
    }
  }
}
