import ForgeGAN
import ForgeGrad
import ForgeTensor
import Testing

@Suite struct LossTests {
  private static let discriminators: [(AdversarialLoss, String)] = [
    (.nonSaturating, "bce_logits_d"), (.hinge, "hinge_d"), (.leastSquares, "lsgan_d"), (.wasserstein, "wgan_d"), (.relativistic, "ragan_d"),
  ]

  @Test(arguments: discriminators)
  func `discriminator losses equal PyTorch`(loss: AdversarialLoss, name: String) throws {
    guard let reference = try Reference("loss", name) else { return }
    let real = Variable.parameter(try reference.tensor("real"))
    let fake = Variable.parameter(try reference.tensor("fake"))
    let y = loss.discriminator(real: real, fake: fake)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    let gradients = gradient(of: y, withRespectTo: [real, fake])
    try reference.expect(gradients[0].value, equals: "d_real", within: Reference.backward)
    try reference.expect(gradients[1].value, equals: "d_fake", within: Reference.backward)
  }

  @Test(arguments: [(AdversarialLoss.nonSaturating, "bce_logits_g_nonsat"), (.minimax, "bce_logits_g_minimax")])
  func `generator losses equal PyTorch`(loss: AdversarialLoss, name: String) throws {
    guard let reference = try Reference("loss", name) else { return }
    let fake = Variable.parameter(try reference.tensor("fake"))
    let y = loss.generator(fake: fake)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    try reference.expect(gradient(of: y, withRespectTo: [fake])[0].value, equals: "d_fake", within: Reference.backward)
  }

  @Test(arguments: AdversarialLoss.allCases)
  func `a generator step raises the logits of its images`(loss: AdversarialLoss) {
    let fake = Variable.parameter(Tensor([3, 1], [-0.7, 0.2, 0.9]))
    let real = Variable(Tensor([3, 1], [0.4, 1.3, -0.2]))
    let slope = gradient(of: loss.generator(fake: fake, real: real), withRespectTo: [fake])[0].value.values
    #expect(slope.allSatisfy { $0 < 0 })
  }

  @Test(arguments: [(ReconstructionLoss.l1, "l1"), (.meanSquare, "mse"), (.charbonnier, "charbonnier")])
  func `reconstruction losses equal PyTorch`(loss: ReconstructionLoss, name: String) throws {
    guard let reference = try Reference("loss", name) else { return }
    let p = Variable.parameter(try reference.tensor("p", .image))
    let y = loss(p, Variable(try reference.tensor("q", .image)))
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    try reference.expect(gradient(of: y, withRespectTo: [p])[0].value, equals: "d_p", .image, within: Reference.backward)
  }

  @Test(arguments: [("cross_entropy", 0 as Float), ("cross_entropy_smooth0_1", 0.1)])
  func `cross entropy equals PyTorch`(name: String, smoothing: Float) throws {
    guard let reference = try Reference("loss", name) else { return }
    let logits = Variable.parameter(try reference.tensor("logits"))
    let labels = try reference.integers("label").map(Int32.init)
    let y = crossEntropy(logits, labels: labels, smoothing: smoothing)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    try reference.expect(gradient(of: y, withRespectTo: [logits])[0].value, equals: "d_logits", within: Reference.backward)
  }
}
