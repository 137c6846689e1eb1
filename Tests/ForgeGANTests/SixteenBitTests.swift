import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import PixelMath
import Testing

/// What 16-bit arithmetic costs a network whose weights a training has shaped.
@Suite struct SixteenBitTests {
  /// A slice as a scanner makes it, 12 bit: an air background, a bright rim around soft tissue, fine structure, noise.
  private static func slice(_ number: Int, side: Int) -> IntensityPlane {
    let noise = RandomStream(seed: 40, stream: UInt64(number)).normal([side * side], counter: 0).values
    let middle = Float(side) / 2
    var values: [Float] = []
    for row in 0..<side {
      for column in 0..<side {
        let y = (Float(row) - middle - Float(number)) / (0.42 * Float(side))
        let x = (Float(column) - middle) / (0.34 * Float(side))
        let radius = (x * x + y * y).squareRoot()
        let rim = exp(-pow((radius - 0.95) / 0.05, 2))
        let tissue: Float = radius < 0.9 ? 700 + 180 * sin(9 * x + Float(number)) * cos(7 * y) + 250 * (sin(31 * x * y) > 0.8 ? 1 : 0) : 0
        let value = 30 + 2300 * rim + tissue + 25 * noise[row * side + column]
        values.append(min(max(value.rounded(), 0), 4095))
      }
    }
    return IntensityPlane(Plane(rows: side, columns: side, values: values), range: values.max() ?? 1, maximum: 4095)
  }

  /// In words of 8 bits, where every rounding that falls the other way counts as a whole step, and before the rounding, where a lost bit
  /// shows as 6 dB.
  @Test func `int16 keeps 65 dB to fp32 after a training`() throws {
    let options: JSON = [
      "network": "published", "factor": 4, "width": 32, "blocks": 8, "batch": 4, "patch": 12, "phase": "content", "rate": 2e-3,
      "averageDecay": 0.98,
    ]
    let planes = InMemoryPlanes((0..<4).map { Self.slice($0, side: 96) })
    try Tiny.withFolder { folder in
      let model = try ModelRegistry.entry("srgan").make(ModelRequest(options: options, data: .planes(planes), seed: 11))
      _ = try Trainer(plan: TrainingPlan(steps: 100), seed: 11).train(model, into: folder)
      let exact = try SuperResolver(contentsOf: folder.url)
      let short = try SuperResolver(contentsOf: folder.url, precision: .int16)
      let isShort = try short.layers.contains { $0.precision == .int16 }
      for number in 7..<10 {
        let item = Self.slice(number, side: 61 + number)
        let a = try exact.upscale(item.plane, range: item.range)
        let b = try short.upscale(item.plane, range: item.range)
        #expect((a != b) == isShort)
        let before = psnr(a, b, range: Double(item.range))
        let words = psnr(Self.words(a, item.range), Self.words(b, item.range), range: 255)
        #expect(words >= 65 && before >= 84, "slice \(number): \(words) dB in words, \(before) dB before")
      }
    }
  }

  /// The same for generated images, each on its own.
  @Test func `int16 keeps 65 dB to fp32 in images of a trained generator`() throws {
    try Tiny.withFolder { folder in
      let options: JSON = ["batch": 8, "width": 32, "latent": 32, "augmentChance": 1]
      _ = try Trainer(plan: TrainingPlan(steps: 80), seed: 12).train(try Tiny.cgan(options, seed: 12), into: folder)
      let exact = try CGANGenerator(contentsOf: folder.url)
      let short = try CGANGenerator(contentsOf: folder.url, precision: .int16)
      #expect(short.layers.contains { $0.precision == .int16 })
      let labels = (0..<60).map { Int32($0 % 3) }
      let a = try exact.generate(labels: labels, seed: 1).values
      let b = try short.generate(labels: labels, seed: 1).values
      let size = exact.size
      for image in labels.indices {
        let pixels = image * size * size..<(image + 1) * size * size
        func plane(_ values: [Float]) -> Plane { Plane(rows: size, columns: size, values: values[pixels].map { ($0 + 1) / 2 }) }
        let before = psnr(plane(a), plane(b), range: 1)
        let words = psnr(Self.words(plane(a), 1), Self.words(plane(b), 1), range: 255)
        #expect(words >= 65 && before >= 78, "image \(image): \(words) dB in words, \(before) dB before")
      }
    }
  }

  /// Rounded to 8 bits.
  private static func words(_ plane: Plane, _ range: Float) -> Plane {
    Plane(rows: plane.rows, columns: plane.columns, values: plane.values.map { min(max(($0 / range * 255).rounded(), 0), 255) })
  }
}
