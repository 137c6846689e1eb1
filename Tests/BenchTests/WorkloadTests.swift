import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing
import scanforge_bench

// Weights and operations as PyTorch counts them for the networks and steps of the peers' models.py and bench_train.py.

@Suite struct WorkloadTests {
  @Test func `the discriminator of SRGAN has PyTorch's weights and shapes`() {
    let store = ParameterStore(seed: 1)
    let discriminator = SRDiscriminator(store.root)
    #expect(store.weightCount == 23_562_497)
    let judged = withoutRecording { discriminator(.zeros([2, 96, 96, 1]), .inference) }
    #expect(judged.logits.shape == [2, 1])
    #expect(judged.features.shape == [2, 6, 6, 512])
  }

  @Test(arguments: [(64, 4_853_889, 2_760_129), (128, 15_341_697, 11_155_393)])
  func `the conditional DCGAN has PyTorch's weights and shapes`(size: Int, generatorWeights: Int, discriminatorWeights: Int) {
    let (stores) = (ParameterStore(seed: 1), ParameterStore(seed: 2))
    let generator = DCGANGenerator(stores.0.root, size: size)
    let discriminator = DCGANDiscriminator(stores.1.root, size: size)
    #expect(stores.0.weightCount == generatorWeights)
    #expect(stores.1.weightCount == discriminatorWeights)
    withoutRecording {
      let made = generator(.zeros([3, DCGANGenerator.latentLength]), labels: [0, 4, 9], .inference)
      #expect(made.shape == [3, size, size, 1])
      #expect(discriminator(made, labels: [0, 4, 9], .inference).shape == [3, 1])
    }
  }

  @Test func `a step's operations are PyTorch's, per image`() {
    // 364.05 GFLOP for 16 crops; 157.04 for 64 images of 64 pixels, to which the power iterations of spectral norms are not counted there.
    #expect(abs(SRGANTraining(batch: 2).operations / 2 - 364.051_464_192e9 / 16) < 1e5)
    let training = ConditionalGANTraining(size: 64, batch: 8)
    #expect(abs(training.operations / 8 - 157.035_266_048e9 / 64) < 1e-2 * 157e9 / 64)
  }

  @Test func `steps change every weight of both networks and nothing becomes NaN`() {
    let trainings: [(step: () -> Void, stores: [ParameterStore])] = {
      let (first, second) = (SRGANTraining(batch: 1), ConditionalGANTraining(size: 64, batch: 2))
      return [
        (first.step, [first.generatorStore, first.discriminatorStore]), (second.step, [second.generatorStore, second.discriminatorStore]),
      ]
    }()
    for training in trainings {
      let weights = training.stores.flatMap { $0.parameters(under: "", role: .weight) }
      let before = weights.map(\.value)
      training.step()
      training.step()
      for (weight, old) in zip(weights, before) {
        #expect(weight.value != old, "\(weight.name)")
        #expect(weight.value.values.reduce(0, +).isFinite, "\(weight.name)")
      }
    }
  }
}
