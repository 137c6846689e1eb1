import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Testing

@Suite struct StoredBytesTests {
  /// The portable kernels give the same bytes on every CPU, so digests can be kept. They stem from a build before attributes
  /// were known, when every image was augmented.
  @Test func `a model without attributes has the bytes that it had before there were any`() throws {
    let options = try JSON.object(#require(Tiny.cganOptions.objectValue).merging(["augmentChance": 1]) { $1 })
    let digests = try KernelTable.$current.withValue(KernelTable.named("portable")) {
      try Tiny.withFolder { folder in
        _ = try Trainer(plan: TrainingPlan(steps: 4, probeEvery: 2), seed: 5).train(Tiny.cgan(options), into: folder)
        let made = try CGANGenerator(contentsOf: folder.url).generate(labels: [0, 2, 1, 1], seed: 3)
        return try [Data(contentsOf: folder.model), Data(contentsOf: folder.state), made.values.withUnsafeBytes { Data($0) }].map(fingerprint)
      }
    }
    #expect(digests == ["6aedb12f8f51b5b4", "e1e10b8444b512a3", "6cd00cf9b4343c5"])
  }
}
