import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import PixelMath
import Testing

struct DegradationTests {
  private static func wave(_ cycles: Int, _ count: Int) -> Plane {
    Plane(
      rows: count, columns: count,
      values: (0..<count * count).map { 500 + 300 * Float(cos(2 * Double.pi * Double(cycles) * (Double($0 % count) + 0.5) / Double(count))) })
  }

  @Test(arguments: [2, 3, 4])
  func `k-space keeps the waves that the small image can hold, and none above`(factor: Int) {
    let count = 24 * factor
    let degradation = Degradation(sampling: .kspace)
    for cycles in [1, 7, 11] {
      let small = degradation.small(of: DegradationTests.wave(cycles, count), factor: factor, maximum: 4095, share: 0)
      #expect(small == DegradationTests.wave(cycles, 24).quantized(to: 0...4095))
    }
    let above = degradation.small(of: DegradationTests.wave(13, count), factor: factor, maximum: 4095, share: 0)
    #expect(above.values.allSatisfy { $0 == 500 })
  }

  @Test func `an odd number of lines keeps its highest wave whole`() {
    let small = Degradation(sampling: .kspace).small(of: DegradationTests.wave(7, 45), factor: 3, maximum: 4095, share: 0)
    #expect(small == DegradationTests.wave(7, 15).quantized(to: 0...4095))
  }

  @Test func `a blur dims a wave as the Gaussian's spectrum says and keeps the mean`() {
    let plane = DegradationTests.wave(6, 48)
    let sigma = 1.3
    let blurred = plane.blurred(sigma: sigma)
    let dimmed = exp(-0.5 * pow(2 * Double.pi * 6 / 48 * sigma, 2))
    for column in 12..<36 {
      let expected = 500 + Float(dimmed) * (plane[20, column] - 500)
      #expect(abs(blurred[20, column] - expected) < 0.2)
    }
    #expect(plane.blurred(sigma: 0) == plane)
  }

  @Test func `noise changes the small patch and its enlargement alike, not the truth, and follows the counter alone`() {
    let plain = SuperResolutionPatches(Tiny.planes(), factor: 2, patch: 16)
    let noisy = SuperResolutionPatches(Tiny.planes(), factor: 2, patch: 16, degradation: Degradation(noise: 0.1))
    let stream = RandomStream(seed: 4, named: "patches")
    let (clean, rough) = (plain.batch(count: 6, stream: stream, counter: 64), noisy.batch(count: 6, stream: stream, counter: 64))
    #expect(clean.large == rough.large)
    #expect(rough.small == noisy.batch(count: 6, stream: stream, counter: 64).small)
    let differences = zip(clean.small.values, rough.small.values).map { Double($1 - $0) }
    let deviation = (differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)).squareRoot()
    // The root mean square of uniform shares of 0.1 is 0.058.
    #expect((0.02...0.1).contains(deviation))
    #expect(abs(differences.reduce(0, +) / Double(differences.count)) < 0.01)
    // What the network adds to is the enlargement of what it sees.
    let small = Plane(rows: 16, columns: 16, values: Array(rough.small.values[..<256]))
    let enlarged = small.resampled(rows: 32, columns: 32)
    for row in 6..<26 { for column in 6..<26 { #expect(abs(enlarged[row, column] - rough.enlarged.values[row * 32 + column]) < 1e-5) } }
  }

  @Test func `a scored image has half of the largest noise, the same for each training`() {
    let plane = DegradationTests.wave(5, 24)
    func scored(_ noise: Double) -> Plane { Degradation(noise: noise).scored(plane, factor: 2, range: 1000, maximum: 4095, index: 3) }
    var expected = scored(0)
    let stream = RandomStream(seed: 0, named: "noise of scored images")
    for place in expected.values.indices { expected.values[place] += 0.05 * 1000 * stream.bell(counter: 3 << 32 + UInt64(place)) }
    #expect(scored(0.1) == expected.quantized(to: 0...4095))
  }

  @Test func `nearly normal numbers have mean 0 and variance 1`() {
    let stream = RandomStream(seed: 11, named: "bell")
    let values = (0..<200_000).map { Double(stream.bell(counter: UInt64($0))) }
    let mean = values.reduce(0, +) / 200_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 200_000
    #expect(abs(mean) < 0.01)
    #expect(abs(variance - 1) < 0.01)
    #expect(values.count { abs($0) < 1 } > 134_000 && values.count { abs($0) < 1 } < 138_000)
  }

  @Test(arguments: [Degradation(sampling: .kspace), Degradation(blur: 1.5), Degradation(noise: 0.05)])
  func `a network learns to undo what it was shown, and its score shows it the same`(degradation: Degradation) throws {
    try Tiny.withFolder { folder in
      let model = try Tiny.srgan([
        "phase": "content", "width": 12, "blocks": 2, "batch": 4, "averageDecay": 0.98, "rate": 3e-3, "zoom": 1,
        "sampling": .string(degradation.sampling.rawValue), "blur": .number(degradation.blur), "noise": .number(degradation.noise),
      ])
      _ = try Trainer(plan: TrainingPlan(steps: 400), seed: 5).train(model, into: folder)
      let resolver = try SuperResolver(contentsOf: folder.url)
      #expect(resolver.degradation == degradation)
      #expect(resolver.refinement.isNone)
      let score = try SuperResolutionScore(of: resolver, on: Tiny.planes())
      #expect(score.gain > 0.7, "\(score)")
    }
  }
}
