import ForgeGAN
import ForgeGrad
package import ForgeNN
import ForgeTensor

/// Conditional DCGAN with hinge loss: new images for either update, real and made images judged apart. `cgan64` and `cgan128` of the peers'
/// `bench_train.py`.
package final class ConditionalGANTraining: TrainingWorkload {
  package let batch: Int
  package let generatorStore = ParameterStore(seed: 1)
  package let discriminatorStore = ParameterStore(seed: 2)
  private let generator: DCGANGenerator
  private let discriminator: DCGANDiscriminator
  private let generatorOptimizer: Adam
  private let discriminatorOptimizer: Adam
  private let images: Variable
  private let labels: [Int32]
  private let stream = RandomStream(seed: 3, named: "latent")
  private var drawn = 0

  package init(size: Int, batch: Int) {
    self.batch = batch
    generator = DCGANGenerator(generatorStore.root["generator"], size: size)
    discriminator = DCGANDiscriminator(discriminatorStore.root["discriminator"], size: size)
    generatorOptimizer = Adam(generatorStore.parameters, learningRate: 2e-4, beta1: 0, beta2: 0.9)
    discriminatorOptimizer = Adam(discriminatorStore.parameters, learningRate: 2e-4, beta1: 0, beta2: 0.9)
    images = Variable(RandomStream(seed: 3, named: "images").uniform([batch, size, size, 1], counter: 0, low: -1, high: 1))
    labels = (0..<batch).map { Int32($0 * 7 % DCGANGenerator.classes) }
  }

  package var operations: Double {
    let made = ProductOperations(behind: generator(.zeros([batch, DCGANGenerator.latentLength]), labels: labels, .training))
    let judged = ProductOperations(behind: discriminator(images, labels: labels, .training))
    // Images are made twice, once to learn from; the discriminator learns from real and made ones, then passes gradients through.
    return made.forward + made.step + 2 * judged.step + 2 * judged.forward
  }

  package func step() {
    let made = withoutRecording { generator(latent(), labels: labels, .training) }
    let discriminatorLoss = AdversarialLoss.hinge.discriminator(
      real: discriminator(images, labels: labels, .training), fake: discriminator(made, labels: labels, .training))
    discriminatorOptimizer.update(gradient(of: discriminatorLoss, withRespectTo: discriminatorOptimizer.variables).map(\.value))

    let judged = discriminator(generator(latent(), labels: labels, .training), labels: labels, .frozen)
    let generatorLoss = AdversarialLoss.hinge.generator(fake: judged)
    generatorOptimizer.update(gradient(of: generatorLoss, withRespectTo: generatorOptimizer.variables).map(\.value))
  }

  /// New latent vectors, `[batch, 128]`.
  private func latent() -> Variable {
    let shape = Shape([batch, DCGANGenerator.latentLength])
    defer { drawn += shape.count }
    return Variable(stream.normal(shape, counter: UInt64(drawn)))
  }
}
