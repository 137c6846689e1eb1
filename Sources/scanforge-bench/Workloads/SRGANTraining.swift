import ForgeGAN
import ForgeGrad
package import ForgeNN
import ForgeTensor

/// SRGAN x4 on 16 crops of 96x96 pixels: one generator pass shared by both updates, binary cross entropy, squared errors of pixels and of
/// discriminator features. `srgan` of the peers' `bench_train.py`.
package final class SRGANTraining: TrainingWorkload {
  package let batch: Int
  package let generatorStore = ParameterStore(seed: 1)
  package let discriminatorStore = ParameterStore(seed: 2)
  private let generator: PublishedSRResNet
  private let discriminator: SRDiscriminator
  private let generatorOptimizer: Adam
  private let discriminatorOptimizer: Adam
  private let large: Variable
  private let small: Variable

  package init(batch: Int = 16) {
    self.batch = batch
    generator = PublishedSRResNet(generatorStore.root["generator"], .init(factor: 4))
    discriminator = SRDiscriminator(discriminatorStore.root["discriminator"])
    generatorOptimizer = Adam(generatorStore.parameters, learningRate: 1e-4)
    discriminatorOptimizer = Adam(discriminatorStore.parameters, learningRate: 1e-4)
    let side = SRDiscriminator.side
    large = Variable(RandomStream(seed: 3, named: "large").uniform([batch, side, side, 1], counter: 0))
    small = withoutRecording { [large] in averagePool(large, 4) }
  }

  package var operations: Double {
    let made = ProductOperations(behind: generator(small, .training))
    let judged = ProductOperations(behind: discriminator(large, .training).logits)
    // The discriminator learns from real and made images; the generator reads features of both and passes gradients through the made.
    return made.step + 2 * judged.step + 3 * judged.forward
  }

  package func step() {
    let made = generator(small, .training)
    // The two halves of the discriminator's loss one after the other: one graph of it at a time.
    var gradients = GradientSum(withRespectTo: discriminatorOptimizer.variables)
    gradients.add(mean(softplus(-discriminator(large, .training).logits)))
    gradients.add(mean(softplus(discriminator(made.detached(), .training).logits)))
    discriminatorOptimizer.update(gradients.take())

    let wanted = withoutRecording { discriminator(large, .frozen).features }
    let judged = discriminator(made, .frozen)
    let generatorLoss =
      ReconstructionLoss.meanSquare(made, large) + AdversarialLoss.nonSaturating.generator(fake: judged.logits) * 1e-3
      + ReconstructionLoss.meanSquare(judged.features, wanted) * 6e-3
    generatorOptimizer.update(gradient(of: generatorLoss, withRespectTo: generatorOptimizer.variables).map(\.value))
  }
}
