import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing

/// Layers against PyTorch: values, gradients and what they remember.
@Suite struct LayerReferenceTests {
  private let scope = ParameterStore(seed: 1).root["layer"]

  @Test func `batch norm in training equals PyTorch, running statistics included`() throws {
    guard let reference = try Reference("norm", "batchnorm_train") else { return }
    let layer = BatchNorm(scope, channels: try reference.tensor("gamma").count)
    layer.gamma.value = try reference.tensor("gamma")
    layer.beta.value = try reference.tensor("beta")
    layer.statistics.mean.value = try reference.tensor("running_mean")
    layer.statistics.variance.value = try reference.tensor("running_var")
    let x = Variable.parameter(try reference.tensor("x"))
    let y = layer(x, .training)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    try reference.expect(layer.statistics.mean.value, equals: "running_mean_after", within: Reference.forward)
    try reference.expect(layer.statistics.variance.value, equals: "running_var_after", within: Reference.forward)
    let gradients = gradient(of: y, withRespectTo: [x, layer.gamma.variable, layer.beta.variable], seed: try reference.tensor("dy"))
    for (name, found) in zip(["d_x", "d_gamma", "d_beta"], gradients) {
      try reference.expect(found.value, equals: name, within: Reference.backward)
    }
  }

  @Test func `batch norm of rows equals PyTorch`() throws {
    guard let reference = try Reference("norm", "batchnorm1d_train") else { return }
    let layer = BatchNorm(scope, channels: try reference.tensor("gamma").count)
    layer.gamma.value = try reference.tensor("gamma")
    layer.beta.value = try reference.tensor("beta")
    let x = Variable.parameter(try reference.tensor("x"))
    let y = layer(x, .training)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    let dx = gradient(of: y, withRespectTo: [x], seed: try reference.tensor("dy"))[0]
    try reference.expect(dx.value, equals: "d_x", within: Reference.backward)
  }

  @Test func `batch norm at inference equals PyTorch`() throws {
    guard let reference = try Reference("norm", "batchnorm_eval") else { return }
    let layer = BatchNorm(scope, channels: try reference.tensor("gamma").count)
    layer.gamma.value = try reference.tensor("gamma")
    layer.beta.value = try reference.tensor("beta")
    layer.statistics.mean.value = try reference.tensor("running_mean")
    layer.statistics.variance.value = try reference.tensor("running_var")
    let y = layer(Variable(try reference.tensor("x")), .inference)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    #expect(!y.requiresGradient)
  }

  @Test func `conditional batch norm equals PyTorch`() throws {
    guard let reference = try Reference("norm", "conditional_batchnorm") else { return }
    let gain = try reference.tensor("gain")
    let (count, channels) = (gain.shape[0], gain.shape[1])
    let layer = ConditionalBatchNorm(scope, channels: channels, kinds: ConditionKinds(classes: count))
    layer.gain.label.weight.value = gain
    layer.bias.label.weight.value = try reference.tensor("bias")
    let x = Variable.parameter(try reference.tensor("x"))
    let y = layer(x, Conditions(labels: (0..<Int32(count)).map { $0 }), .training)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    let leaves = [x, layer.gain.label.weight.variable, layer.bias.label.weight.variable]
    let gradients = gradient(of: y, withRespectTo: leaves, seed: try reference.tensor("dy"))
    for (name, found) in zip(["d_x", "d_gain", "d_bias"], gradients) {
      try reference.expect(found.value, equals: name, within: Reference.backward)
    }
  }

  @Test(arguments: ["instancenorm", "instancenorm_affine"])
  func `instance norm equals PyTorch`(name: String) throws {
    guard let reference = try Reference("norm", name) else { return }
    let x = Variable.parameter(try reference.tensor("x"))
    let isAffine = name.hasSuffix("affine")
    let layer = InstanceNorm(scope, channels: x.shape[3], isAffine: isAffine)
    if isAffine {
      layer.gamma?.value = try reference.tensor("gamma")
      layer.beta?.value = try reference.tensor("beta")
    }
    let y = layer(x, .training)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    let dx = gradient(of: y, withRespectTo: [x], seed: try reference.tensor("dy"))[0]
    try reference.expect(dx.value, equals: "d_x", within: Reference.backward)
  }

  @Test func `linear layer equals PyTorch with its transposed weight`() throws {
    guard let reference = try Reference("attention", "linear") else { return }
    let weight = try reference.tensor("weight")
    let layer = Linear(scope, inputs: weight.shape[1], outputs: weight.shape[0])
    layer.weight.value = transpose(weight, [1, 0])
    layer.bias?.value = try reference.tensor("bias")
    let x = Variable.parameter(try reference.tensor("input"))
    let y = layer(x, .training)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    let gradients = gradient(of: y, withRespectTo: [x, layer.weight.variable], seed: try reference.tensor("dy"))
    try reference.expect(gradients[0].value, equals: "d_input", within: Reference.backward)
    try reference.expect(transpose(gradients[1].value, [1, 0]), equals: "d_weight", within: Reference.backward)
  }

  @Test func `PReLU equals PyTorch`() throws {
    guard let reference = try Reference("activation", "prelu_per_channel") else { return }
    let layer = PReLU(scope, channels: try reference.tensor("a").count)
    layer.slopes.value = try reference.tensor("a")
    let x = Variable.parameter(try reference.tensor("x"))
    let y = layer(x, .training)
    try reference.expect(y.value, equals: "y", within: Reference.forward)
    let gradients = gradient(of: y, withRespectTo: [x, layer.slopes.variable], seed: try reference.tensor("dy"))
    try reference.expect(gradients[0].value, equals: "d_x", within: Reference.backward)
    try reference.expect(gradients[1].value, equals: "d_a", within: Reference.backward)
  }

  @Test(arguments: [1, 3, 50])
  func `spectral norm equals PyTorch, vectors and gradient through sigma included`(iterations: Int) throws {
    guard let reference = try Reference("spectral_norm", "iters\(iterations)") else { return }
    let start = try reference.tensor("w", isWeight: true)
    let weight = scope.weight("weight", start.shape, layout: .convolution, start: .zeros)
    weight.value = start
    let norm = SpectralNorm(scope, of: weight, iterations: iterations)
    norm.u.value = try reference.tensor("u")
    let normalized = norm(weight, .training)
    try reference.expect(normalized.value, equals: "w_sn", isWeight: true, within: Reference.forward)
    try reference.expect(norm.u.value, equals: "u_after", within: Reference.backward)
    // v is stored like a weight with one output, which on disk is PyTorch's flattened order.
    try reference.expect(transpose(norm.v.value, [3, 2, 0, 1]), equals: "v_after", within: Reference.backward)
    let dw = gradient(of: normalized, withRespectTo: [weight.variable], seed: try reference.tensor("dy", isWeight: true))[0]
    try reference.expect(dw.value, equals: "d_w", isWeight: true, within: Reference.backward)
  }
}
