import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing

@Suite struct NetworkReferenceTests {
  @Test func `SRGAN's residual block and upsampler built from layers equal PyTorch with all gradients`() throws {
    guard let reference = try Reference("network", "srgan_block_upsample") else { return }
    let scope = ParameterStore(seed: 1).root
    let width = try reference.tensor("a").count
    let first = Convolution(scope["conv1"], inputs: width, outputs: width, kernel: 3, hasBias: false)
    let second = Convolution(scope["conv2"], inputs: width, outputs: width, kernel: 3, hasBias: false)
    let norms = [BatchNorm(scope["norm1"], channels: width), BatchNorm(scope["norm2"], channels: width)]
    let activation = PReLU(scope["activation"], channels: width)
    let up = Convolution(scope["up"], inputs: width, outputs: 4 * width, kernel: 3, hasBias: false)
    let last = PReLU(scope["last"], channels: width)
    let named: [(String, Parameter, Reference.Layout)] = [
      ("w1", first.weight, .weights), ("w2", second.weight, .weights), ("wu", up.weight, .weights), ("g1", norms[0].gamma, .plain),
      ("b1", norms[0].beta, .plain), ("g2", norms[1].gamma, .plain), ("b2", norms[1].beta, .plain), ("a", activation.slopes, .plain),
      ("au", last.slopes, .plain),
    ]
    for (name, parameter, layout) in named { parameter.value = try reference.tensor(name, layout) }
    let x = Variable.parameter(try reference.tensor("x", .image))
    let block = x + norms[1](second(activation(norms[0](first(x, .training), .training), .training), .training), .training)
    let y = last(pixelShuffle(up(block, .training), 2), .training)
    // Two batch norms and three convolutions in a row: five roundings deep, so five times the bound of one layer.
    try reference.expect(y.value, equals: "y", .image, within: 5 * Reference.forward)
    let gradients = gradient(of: y, withRespectTo: [x] + named.map(\.1.variable), seed: try reference.tensor("dy", .image))
    try reference.expect(gradients[0].value, equals: "d_x", .image, within: 5 * Reference.backward)
    for ((name, _, layout), found) in zip(named, gradients.dropFirst()) {
      try reference.expect(found.value, equals: "d_" + name, layout, within: 5 * Reference.backward)
    }
  }
}
