import ForgeNN
import ForgeTensor
import Testing

@Suite struct OptimizerTests {
  struct Setting: Sendable, CustomTestStringConvertible {
    var name: String
    var rate: Float
    var beta1: Float = 0.9
    var beta2: Float = 0.999
    var l2: Float = 0
    var weightDecay: Float = 0
    var testDescription: String { name }
  }

  @Test(arguments: [
    Setting(name: "adam_b0.5_0.999", rate: 2e-4, beta1: 0.5), Setting(name: "adam_b0_0.99_eps1e-8", rate: 2.5e-3, beta1: 0, beta2: 0.99),
    Setting(name: "adam_default_wd", rate: 1e-3, l2: 0.01), Setting(name: "adamw", rate: 1e-3, weightDecay: 0.1),
  ])
  func `Adam equals PyTorch over six steps`(setting: Setting) throws {
    guard let reference = try Reference("optim", setting.name) else { return }
    let start = try reference.tensor("p0")
    let parameter = ParameterStore(seed: 0).root.weight("p", start.shape, start: .zeros)
    parameter.value = start
    let adam = Adam(
      [parameter], learningRate: setting.rate, beta1: setting.beta1, beta2: setting.beta2, weightDecay: setting.weightDecay, l2: setting.l2)
    let gradients = try reference.tensor("grads").values
    let expected = try reference.numbers("p_after")
    let width = start.count
    for step in 0..<6 {
      adam.update([Tensor(start.shape, Array(gradients[step * width..<(step + 1) * width]))])
      let wanted = expected[step * width..<(step + 1) * width]
      let scale = wanted.map(abs).max() ?? 1
      for (found, value) in zip(parameter.value.values, wanted) { #expect(abs(Double(found) - value) <= 1e-6 * scale) }
    }
    #expect(adam.step == 6)
  }

  @Test func `buffers are left alone by an optimizer`() {
    let store = ParameterStore(seed: 0)
    let norm = BatchNorm(store.root, channels: 2)
    let adam = Adam(store.parameters, learningRate: 1)
    #expect(adam.parameters.map(\.name) == ["weight", "bias"])
    adam.update(adam.parameters.map { Tensor.ones($0.shape) })
    #expect(norm.statistics.mean.value.values == [0, 0])
    #expect(norm.gamma.value.values != [1, 1])
  }

  @Test func `an average in the optimizer's pass has the bytes of one after it`() {
    func run(_ step: (Adam, ExponentialMovingAverage, [Tensor]) -> Void) -> [Tensor] {
      let (source, copy) = (ParameterStore(seed: 3), ParameterStore(seed: 3))
      for store in [source, copy] {
        let hidden = Linear(store.root["linear"], inputs: 300, outputs: 200)
        let norm = BatchNorm(store.root["norm"], channels: 200)
        precondition(hidden.bias != nil && norm.gamma.shape == [200])
      }
      let average = ExponentialMovingAverage(of: source.parameters, in: copy.parameters)
      let adam = Adam(source.parameters, learningRate: 0.01)
      for count in 0..<3 {
        source["norm/running_mean"]?.update { $0 = $0 + 1 }
        let random = RandomStream(seed: UInt64(count), stream: 1)
        step(adam, average, adam.parameters.map { random.normal($0.shape, counter: 0) })
      }
      return (source.parameters + copy.parameters).map(\.value)
    }
    let together = run { $0.update($2, averaging: $1, decay: 0.9) }
    let apart = run {
      $0.update($2)
      $1.update(decay: 0.9)
    }
    #expect(together == apart)
    #expect(together[0] != together[together.count / 2])
  }

  @Test func `exponential average equals its rule`() throws {
    guard let reference = try Reference("optim", "ema_0.999") else { return }
    let start = try reference.tensor("e0")
    let (source, average) = (
      ParameterStore(seed: 0).root.weight("p", [5], start: .zeros), ParameterStore(seed: 0).root.weight("p", [5], start: .zeros)
    )
    let ema = ExponentialMovingAverage(of: [source], in: [average])
    average.value = start
    let values = try reference.tensor("p").values
    for step in 0..<6 {
      source.value = Tensor([5], Array(values[step * 5..<(step + 1) * 5]))
      ema.update(decay: 0.999)
      for (found, wanted) in zip(average.value.values, try reference.numbers("e_after")[step * 5..<(step + 1) * 5]) {
        #expect(abs(Double(found) - wanted) < 1e-6)
      }
    }
  }

  @Test func `half-life decay equals StyleGAN's ramp-up`() throws {
    guard let reference = try Reference("optim", "ema_rampup_stylegan") else { return }
    for (index, wanted) in try reference.numbers("beta").enumerated() {
      let found = ExponentialMovingAverage.halfLifeDecay(batch: 32, imagesSeen: 32 * index)
      #expect(abs(Double(found) - wanted) < 2e-7, "step \(index): \(found), \(wanted)")
    }
  }

  @Test func `an average follows quickly at first and slowly later`() {
    #expect(ExponentialMovingAverage.warmUpDecay(step: 0, limit: 0.999) == 0.1)
    #expect(ExponentialMovingAverage.warmUpDecay(step: 100_000, limit: 0.999) == 0.999)
  }

  @Test func `clipping scales all gradients by their common norm`() throws {
    guard let reference = try Reference("optim", "clip_global_norm_1") else { return }
    var gradients = [try reference.tensor("ga"), try reference.tensor("gb")]
    let norm = clipGlobalNorm(&gradients, limit: 1)
    #expect(abs(Double(norm) - (try reference.numbers("norm")[0])) < 1e-5)
    try reference.expect(gradients[0], equals: "ga_after", within: Reference.forward)
    try reference.expect(gradients[1], equals: "gb_after", within: Reference.forward)
  }
}
