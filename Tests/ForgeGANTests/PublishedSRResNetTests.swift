import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import PixelMath
import Testing

@Suite struct PublishedSRResNetTests {
  private static let options: [String: JSON] = ["network": "published", "width": 6, "blocks": 1, "patch": 8, "rate": 2e-3]

  @Test func `it has the published number of weights`() {
    // Counted by PyTorch over the same network: 16 blocks of 64 channels, x4, one grey channel, one slope per PReLU.
    let store = ParameterStore(seed: 1)
    _ = PublishedSRResNet(store.root, .init(factor: 4))
    #expect(store.weightCount == 1_526_612)
  }

  @Test(arguments: [2, 3, 4])
  func `an output pixel depends on the pixels within reach and on no others`(factor: Int) {
    let network = PublishedSRResNet(ParameterStore(seed: 3).root, .init(factor: factor, width: 4, blocks: 1))
    let reach = network.reach
    let side = 2 * reach + 5
    let center = side / 2
    var values = RandomStream(seed: 1, stream: 1).uniform([side * side], counter: 0).values
    func made() -> [Float] {
      withoutRecording { network(Variable(Tensor([1, side, side, 1], values)), .inference).value }.values
    }
    /// Whether one of the pixels that the center becomes changes when a pixel of its row does.
    func dependsOnPixel(at column: Int) -> Bool {
      let before = made()
      values[center * side + column] += 4
      defer { values[center * side + column] -= 4 }
      let after = made()
      return (0..<factor * factor).contains { index in
        let place = (center * factor + index / factor) * side * factor + center * factor + index % factor
        return before[place] != after[place]
      }
    }
    #expect(dependsOnPixel(at: center - reach) && dependsOnPixel(at: center + reach))
    #expect(!dependsOnPixel(at: center - reach - 1) && !dependsOnPixel(at: center + reach + 1))
  }

  @Test(arguments: [2, 3, 4])
  func `it trains, is stored, read and enlarges, in strips as whole`(factor: Int) throws {
    try Tiny.withFolder { folder in
      let model = try Tiny.srgan(Self.options.merging(["factor": .integer(factor)]) { $1 })
      let start = model.inferenceParameters.map(\.value)
      let summary = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(model, into: folder)
      #expect(summary.isComplete)
      for (parameter, old) in zip(model.inferenceParameters, start) { #expect(parameter.value != old, "\(parameter.name)") }
      let resolver = try SuperResolver(contentsOf: folder.model)
      #expect(resolver.factor == factor)
      let item = Tiny.planes(count: 1, rows: 37, columns: 190).plane(0)
      let whole = try resolver.upscale(item.plane, range: item.range)
      #expect(whole.rows == 37 * factor && whole.columns == 190 * factor)
      resolver.budget = .init(bytes: 1)
      #expect(try resolver.upscale(item.plane, range: item.range) == whole)
    }
  }

  @Test func `it learns to enlarge without the bicubic image`() throws {
    let model = try Tiny.srgan(
      Self.options.merging(["phase": "content", "width": 12, "batch": 4, "averageDecay": 0.98, "rate": 3e-3]) { $1 })
    let losses = try (0..<120).map { try model.step(TrainingMoment(seed: 5, step: $0, progress: Double($0) / 120))[0].value }
    let (first, last) = (losses.prefix(10).reduce(0, +), losses.suffix(10).reduce(0, +))
    #expect(last < first / 2, "\(first / 10) to \(last / 10)")
  }

  @Test func `its width and depth are the paper's unless given, and what the paper fixes is refused`() throws {
    let published = try SRGAN.Configuration(["network": "published", "factor": 4])
    #expect(published.width == 64 && published.blocks == 16 && published.hasBatchNorm)
    #expect(try SRGAN.Configuration(JSON.parse(published.json.text()), isStored: true) == published)
    let compact = try SRGAN.Configuration([:])
    #expect(compact.network == .compact && compact.width == 32 && compact.blocks == 6 && !compact.hasBatchNorm)
    let srgan = try ModelRegistry.entry("srgan")
    #expect(throws: ForgeGANError.badOption("network", model: "srgan", reason: "must be one of compact, published")) {
      try srgan.check(["network": "large"])
    }
    #expect(throws: ForgeGANError.badOption("batchNorm", model: "srgan", reason: "must be true for the published network")) {
      try srgan.check(["network": "published", "batchNorm": false])
    }
    #expect(throws: ForgeGANError.badOption("residualScale", model: "srgan", reason: "must be 1 for the published network")) {
      try srgan.check(["network": "published", "residualScale": 0.1])
    }
  }
}
