import ForgeGAN
import ForgeGrad
import ForgeTensor
import Testing

@Suite struct PenaltyTests {
  /// The critic of the reference: two convolutions and a linear layer on the flattened map, in PyTorch's order of channels.
  private struct Critic {
    let leaves: [(name: String, layout: Reference.Layout, leaf: Variable)]
    let bl: Variable
    let activation: (Variable) -> Variable

    init(_ reference: Reference) throws {
      leaves = try [("w1", .weights), ("b1", .plain), ("w2", .weights), ("b2", .plain), ("wl", .plain)].map { (name, layout) in
        (name, layout, Variable.parameter(try reference.tensor(name, layout)))
      }
      bl = Variable(try reference.tensor("bl"))
      activation =
        switch reference.name.split(separator: "_").last {
        case "lrelu": { leakyReLU($0, slope: 0.2) }
        case "softplus": { softplus($0) }
        default: { tanh($0) }
        }
    }

    func callAsFunction(_ x: Variable) -> Variable {
      var h = activation(convolution(x, leaves[0].leaf, bias: leaves[1].leaf, padding: (1, 1)))
      h = activation(convolution(h, leaves[2].leaf, bias: leaves[3].leaf, stride: (2, 2), padding: (1, 1)))
      let flat = reshape(transpose(h, [0, 3, 1, 2]), [x.shape[0], h.shape.count / x.shape[0]])
      return matmul(flat, leaves[4].leaf, transposeB: true) + bl
    }
  }

  private func check(_ penalty: Variable, _ critic: Critic, _ reference: Reference, times weight: Float) throws {
    try reference.expect(penalty.value * weight, equals: "y", within: Reference.backward)
    let gradients = gradient(of: penalty * weight, withRespectTo: critic.leaves.map(\.leaf))
    for (part, found) in zip(critic.leaves, gradients) where reference.has("d_" + part.name) {
      try reference.expect(found.value, equals: "d_" + part.name, part.layout, within: Reference.secondOrder)
    }
  }

  @Test(arguments: ["lrelu", "softplus", "tanh"])
  func `R1 and its gradient to the weights equal PyTorch`(activation: String) throws {
    guard let reference = try Reference("second_order", "r1_\(activation)") else { return }
    let critic = try Critic(reference)
    let real = Variable.parameter(try reference.tensor("x", .image))
    try check(r1Penalty(logits: critic(real), real: real), critic, reference, times: 1)
  }

  @Test(arguments: ["lrelu", "softplus", "tanh"])
  func `gradient penalty and its gradient to the weights equal PyTorch`(activation: String) throws {
    guard let reference = try Reference("second_order", "wgan_gp_\(activation)") else { return }
    let critic = try Critic(reference)
    let x = try reference.tensor("x", .image)
    // All of `real`: the point is x itself.
    let penalty = gradientPenalty(real: x, fake: Tensor.zeros(x.shape), mixing: Tensor.ones([x.shape[0]])) { critic($0) }
    try check(penalty, critic, reference, times: 10)
  }

  @Test func `a linear critic of slope 1 has no gradient penalty and an R1 of one half`() {
    let weight = Variable(Tensor([4, 1], [0.5, 0.5, 0.5, 0.5]))
    let real = Variable.parameter(RandomStream(seed: 1, stream: 1).normal([6, 4], counter: 0))
    #expect(abs(r1Penalty(logits: matmul(real, weight), real: real).scalar - 0.5) < 1e-6)
    let mixing = RandomStream(seed: 1, stream: 2).uniform([6], counter: 0)
    #expect(gradientPenalty(real: real.value, fake: Tensor.zeros([6, 4]), mixing: mixing) { matmul($0, weight) }.scalar < 1e-10)
  }
}
