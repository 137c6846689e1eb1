import Foundation
import PixelMath
import TestSupport
import Testing

struct PerceptualHashTests {
  /// Blobs of random places, sizes and signs: smooth, and of no symmetry.
  private func picture(_ seed: UInt64, side: Int = 80) -> Plane {
    var random = SplitMix64(seed: seed)
    func uniform() -> Float { Float(random.unit()) }
    let blobs = (0..<12).map { _ in (row: uniform(), column: uniform(), radius: 0.05 + 0.15 * uniform(), value: 2 * uniform() - 1) }
    let values = (0..<side * side).map { index -> Float in
      let (row, column) = (Float(index / side) / Float(side), Float(index % side) / Float(side))
      return blobs.reduce(0) { sum, blob in
        let (y, x) = (row - blob.row, column - blob.column)
        return sum + (y * y + x * x < blob.radius * blob.radius ? blob.value : 0)
      }
    }
    return Plane(rows: side, columns: side, values: values)
  }

  @Test func `a picture that was scaled, brightened or made noisy keeps most bits, another does not`() throws {
    let original = picture(1)
    let hash = try #require(PerceptualHash(original))
    var random = SplitMix64(seed: 3)
    let noisy = Plane(
      rows: 80, columns: 80, values: original.values.map { $0 + 0.05 * (Float(random.unit()) - 0.5) })
    let brighter = Plane(rows: 80, columns: 80, values: original.values.map { 2 * $0 + 1 })
    let smaller = original.resampled(rows: 57, columns: 57)
    for copy in [noisy, brighter, smaller] { #expect(try #require(PerceptualHash(copy)).distance(to: hash) <= 12) }
    #expect(try #require(PerceptualHash(brighter)) == hash)
    for seed in 2..<20 as Range<UInt64> { #expect(try #require(PerceptualHash(picture(seed))).distance(to: hash) > 62) }
  }

  @Test(arguments: [0.95, 0.9, 0.85, 0.8]) func `one of the parts is what a cut leaves`(extent: Double) throws {
    let original = picture(6, side: 100)
    let parts = PerceptualHash.parts(original)
    let whole = try #require(PerceptualHash(original))
    #expect(parts.count == 21 && parts[0].distance(to: whole) <= 4)
    let side = Int(100 * extent)
    let cut = try #require(PerceptualHash(original.cropped(row: 0, column: 100 - side, rows: side, columns: side)))
    // Other pictures differ in more than 62 bits.
    #expect(parts.map { $0.distance(to: cut) }.min()! <= 20)
  }

  @Test func `a rising change of greys keeps the monotone correlation at 1, noise and a falling one do not`() {
    let a = picture(7, side: 24)
    func changed(_ change: (Float) -> Float) -> Plane { Plane(rows: 24, columns: 24, values: a.values.map(change)) }
    let greys = changed { ($0 + 20) / 40 }
    for gamma in [0.4, 0.6, 2.5] as [Float] {
      let bent = Plane(rows: 24, columns: 24, values: greys.values.map { pow($0, gamma) })
      // n · u for sums of 576 terms in Double.
      #expect(abs(monotoneCorrelation(a, bent) - 1) < 1e-12 && abs(monotoneCorrelation(bent, a) - 1) < 1e-12)
    }
    let other = picture(8, side: 24)
    #expect(monotoneCorrelation(a, other) >= max(0, correlation(a, other)) - 1e-12 && monotoneCorrelation(a, other) < 0.9)
    #expect(monotoneCorrelation(changed { -$0 }, a) < 1e-6)
    #expect(monotoneCorrelation(a, changed { _ in 3 }) == 0)
  }

  @Test func `a flat picture has no hash`() {
    #expect(PerceptualHash(Plane(rows: 9, columns: 7, values: [Float](repeating: 0.3, count: 63))) == nil)
    #expect(PerceptualHash.parts(Plane(rows: 1, columns: 1, values: [1])).isEmpty)
  }

  @Test func `correlation is 1 with itself, -1 with its negative and 0 with a flat plane`() {
    let a = picture(5, side: 16)
    let negative = Plane(rows: 16, columns: 16, values: a.values.map { 3 - 2 * $0 })
    let flat = Plane(rows: 16, columns: 16, values: [Float](repeating: 7, count: 256))
    // n · u for sums of 256 terms in Double.
    #expect(abs(correlation(a, a) - 1) < 1e-12)
    #expect(abs(correlation(a, negative) + 1) < 1e-6)
    #expect(correlation(a, flat) == 0)
  }
}
