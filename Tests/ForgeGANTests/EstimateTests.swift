import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import PixelMath
import Testing

@Suite struct EstimateTests {
  private func normal(_ seed: UInt64, _ count: Int) -> FeatureSet {
    FeatureSet(width: 4, values: RandomStream(seed: seed, named: "estimate").normal([count, 4], counter: 0).values.map(Double.init))
  }

  /// A mean's standard error is known: the interval of a difference of means must hold zero about 95 times in 100.
  @Test func `jackknife intervals hold the truth as often as they say`() {
    let held = (0..<200).count { draw in
      let estimate = Estimate(of: normal(UInt64(2 * draw), 40), normal(UInt64(2 * draw + 1), 40)) { a, b in
        a.values.reduce(0, +) / Double(a.values.count) - b.values.reduce(0, +) / Double(b.values.count)
      }
      return estimate.interval.contains(0)
    }
    #expect((170...200).contains(held), "\(held) of 200")
  }

  /// Wilson 1927 as tabulated: 0 of 20 is up to 16 %, 19 of 20 from 76 % on.
  @Test func `shares have intervals that stay between 0 and 1`() {
    let none = Estimate(successes: 0, of: 20)
    #expect(none.interval.lowerBound == 0 && abs(none.interval.upperBound - 0.1611) < 1e-3)
    let most = Estimate(successes: 19, of: 20)
    #expect(abs(most.interval.lowerBound - 0.7639) < 1e-3 && most.interval.upperBound < 1)
    #expect(Estimate(successes: 7, of: 7).interval.upperBound == 1)
  }

  @Test func `real against real is a floor, and a moved set lies above it`() {
    let (a, b) = (normal(7, 200), normal(8, 200))
    let same = SetFigures(real: a, generated: b)
    let moved = SetFigures(real: a, generated: FeatureSet(width: 4, values: b.values.map { $0 + 1 }))
    #expect(same.kernelDistance.interval.contains(0) && moved.kernelDistance.interval.lowerBound > 0.1)
    #expect(same.frechetDistance.interval.lowerBound >= 0)
    #expect(Estimate(0.1, standardError: 1, lowest: 0).interval.lowerBound == 0)
    #expect(Estimate(-1e-9, standardError: 0, lowest: 0).interval == -1e-9...(-1e-9))
    #expect(abs(same.floor.kernelDistance) < 0.1 && same.floor.count == 100)
    #expect(moved.frechetDistance.value > 3 && moved.coverage.recall < same.coverage.recall)
  }

  @Test func `a checkerboard is told from noise, edges and slopes`() {
    let noise = RandomStream(seed: 3, named: "noise").normal([64 * 64], counter: 0).values
    func plane(_ value: (Int, Int) -> Float) -> Plane {
      Plane(rows: 64, columns: 64, values: (0..<64 * 64).map { value($0 / 64, $0 % 64) })
    }
    let smooth = plane { y, x in 0.5 * sin(Float(y) / 5) + (x > 30 ? 0.4 : 0) + 0.02 * noise[64 * y + x] }
    #expect(abs(checkerboardScore(plane { noise[64 * $0 + $1] }) - 1) < 0.3)
    #expect(checkerboardScore(smooth) < 1.5)
    let pattern = plane { y, x in smooth[y, x] + ((x + y) % 2 == 0 ? 0.05 : -0.05) }
    let stripes = plane { y, x in smooth[y, x] + (y % 2 == 0 ? 0.05 : -0.05) }
    #expect(checkerboardScore(pattern) > 5 && checkerboardScore(stripes) > 5)
  }
}
