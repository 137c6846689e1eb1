import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Testing

@Suite struct StoredBytesTests {
  /// The portable kernels give the same bytes on every CPU, so digests can be kept. They stem from a build before attributes
  /// were known, when every image was augmented, files had no checksum and states did not name their kernels; that of the state has the
  /// last look's warning and KID as it is summed today.
  @Test func `a model without attributes has the bytes that it had before there were any`() throws {
    let options = try JSON.object(#require(Tiny.cganOptions.objectValue).merging(["augmentChance": 1]) { $1 })
    let digests = try KernelTable.$current.withValue(KernelTable.named("portable")) {
      try Tiny.withFolder { folder in
        _ = try Trainer(plan: TrainingPlan(steps: 4, probeEvery: 2), seed: 5).train(Tiny.cgan(options), into: folder)
        let made = try CGANGenerator(contentsOf: folder.url).generate(labels: [0, 2, 1, 1], seed: 3)
        let files = try [folder.model, folder.state].map { place in
          var file = try SafeTensors(contentsOf: place)
          #expect(file.metadata.removeValue(forKey: SafeTensors.checksumKey) != nil)
          file.metadata = file.metadata.mapValues { $0.replacing(",\"kernels\":\"portable\"", with: "") }
          return file.serialized()
        }
        return (files + [made.values.withUnsafeBytes { Data($0) }]).map(fingerprint)
      }
    }
    #expect(digests == ["6aedb12f8f51b5b4", "136c3f14d9449a0c", "6cd00cf9b4343c5"])
  }
}
