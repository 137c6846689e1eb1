import ForgeGAN
import ForgeNN
import ForgeTensor
import Testing

@Suite struct AdaptiveProbabilityTests {
  private let sure = Tensor([8], [Float](repeating: 3, count: 8))
  private let unsure = Tensor([8], [1, -1, 2, -2, 0.5, -0.5, 4, -4])

  @Test func `a discriminator that knows the real images raises it, one in doubt lowers it`() {
    let adaptive = AdaptiveProbability(ParameterStore(seed: 1).root["augmentation"], target: 0.6, span: 320)
    #expect(adaptive.probability == 0)
    for step in 0..<12 { adaptive.record(real: sure, step: step) }
    // Three changes of 4 steps · 8 images / 320.
    #expect(abs(adaptive.probability - 0.3) < 1e-6)
    for step in 12..<16 { adaptive.record(real: unsure, step: step) }
    #expect(abs(adaptive.probability - 0.2) < 1e-6)
  }

  @Test func `it stays a probability`() {
    let adaptive = AdaptiveProbability(ParameterStore(seed: 1).root["augmentation"], target: 0.6, span: 64)
    for step in 0..<4 { adaptive.record(real: unsure, step: step) }
    #expect(adaptive.probability == 0)
    for step in 4..<40 { adaptive.record(real: sure, step: step) }
    #expect(adaptive.probability == 1)
  }

  @Test func `a checkpoint between two changes keeps it`() throws {
    let (first, second) = (ParameterStore(seed: 1), ParameterStore(seed: 2))
    let left = AdaptiveProbability(first.root["augmentation"], target: 0.6, span: 640)
    let right = AdaptiveProbability(second.root["augmentation"], target: 0.6, span: 640)
    for step in 0..<7 { left.record(real: step == 6 ? unsure : sure, step: step) }
    for (mine, theirs) in zip(second.parameters, first.parameters) { mine.value = theirs.value }
    for step in 7..<11 {
      left.record(real: sure, step: step)
      right.record(real: sure, step: step)
    }
    #expect(left.probability == right.probability)
    #expect(left.probability == 0.1)
  }
}
