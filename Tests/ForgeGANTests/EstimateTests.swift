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
    #expect((180...200).contains(held), "\(held) of 200")
  }

  /// Six labels far apart, so many of each, all moved by `add`.
  private func labelled(_ seed: UInt64, _ counts: [Int], add: Double = 0) -> LabelledFeatures {
    let labels = counts.enumerated().flatMap { [Int32](repeating: Int32($0.offset), count: $0.element) }
    let noise = normal(seed, labels.count)
    let middles = normal(0, counts.count)
    return LabelledFeatures(
      FeatureSet(width: 4, values: noise.values.indices.map { noise.values[$0] + 2 * middles[Int(labels[$0 / 4])].dropFirst($0 % 4).first! + add }),
      labels: labels)
  }

  /// Binkowski's estimate takes the numbers of each label for drawn ones, and is below 0 when they are equal by choice.
  @Test(arguments: [[20, 20, 20, 20, 20, 20], [40, 8, 20, 12, 6, 30]])
  func `KID by label is around zero for equal sets whatever their numbers of labels, and its intervals hold zero`(counts: [Int]) {
    let draws = (0..<100).map { draw in
      let (a, b) = (labelled(UInt64(2 * draw + 1), [20, 20, 20, 20, 20, 20]), labelled(UInt64(2 * draw + 2), counts))
      return (byLabel: kernelDistance(a, b), pooled: kernelDistance(a.features, b.features))
    }
    let values = draws.map(\.byLabel.value)
    let mean = values.reduce(0, +) / 100
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 99).squareRoot()
    // A tenth of the deviation is the error of such a mean.
    #expect(abs(mean) < 0.3 * deviation, "\(mean), \(deviation)")
    #expect((93...100).contains(draws.count { $0.byLabel.interval.contains(0) }))
    if Set(counts).count == 1 { #expect(draws.count { $0.pooled < 0 } > 90) } else { #expect(draws.count { $0.pooled > 0 } > 70) }
  }

  @Test func `intervals of KID hold the distance of sets that are apart`() {
    let many = [Int](repeating: 400, count: 6)
    let truth = kernelDistance(labelled(1001, many), labelled(1002, many, add: 0.3)).value
    let held = (0..<100).count { draw in
      let few = [Int](repeating: 25, count: 6)
      let found = kernelDistance(labelled(UInt64(2 * draw + 1), few), labelled(UInt64(2 * draw + 2), few, add: 0.3))
      return found.interval.contains(truth)
    }
    #expect((88...100).contains(held), "\(held) of 100")
  }

  /// What the by-label estimate says must not depend on the order of rows or on what labels are called; with one label it is the pooled one.
  @Test func `KID by label knows no order of rows and no names of labels`() {
    let (a, b) = (labelled(1, [9, 14, 5]), labelled(2, [4, 6, 20], add: 0.5))
    let turned = Array((0..<28).reversed())
    let renamed = LabelledFeatures(b.features, labels: b.labels.map { 7 - $0 })
    #expect(abs(kernelDistance(a.rows(turned), b).value / kernelDistance(a, b).value - 1) < 1e-9)
    #expect(abs(kernelDistance(LabelledFeatures(a.features, labels: a.labels.map { 7 - $0 }), renamed).value / kernelDistance(a, b).value - 1) < 1e-9)
    let one = kernelDistance(LabelledFeatures(a.features), LabelledFeatures(b.features))
    #expect(one.value == kernelDistance(a.features, b.features))
  }

  @Test func `KID is by label where each has enough images, else of all as one`() {
    let a = labelled(1, [20, 20, 20])
    #expect(SetFigures(real: a, generated: labelled(2, [20, 20, 2])).isByLabel)
    #expect(!SetFigures(real: a, generated: labelled(2, [20, 20, 1])).isByLabel)
    #expect(!SetFigures(real: a, generated: labelled(2, [20, 20])).isByLabel)
    #expect(!SetFigures(real: labelled(2, [20, 20]), generated: a).isByLabel)
    let rare = SetFigures(real: labelled(2, [20, 20, 3]), generated: a)
    #expect(!rare.isByLabel && rare.hasLabels && SetFigures(real: a, generated: labelled(2, [20, 20, 2])).isByLabel)
    let none = SetFigures(real: LabelledFeatures(a.features), generated: LabelledFeatures(labelled(2, [20, 20, 20]).features))
    #expect(!none.hasLabels && none.kernelDistance.value == none.pooledKernelDistance)
  }

  /// A label with one image on one side, and two single ones: no KID by label, and still none that is taken for below 0.
  @Test func `where labels lack images equal sets do not come out below zero, and a missing label counts`() {
    let draws: [SetFigures] = (0..<60 as Range<UInt64>).map { (draw: UInt64) -> SetFigures in
      let real = labelled(2 * draw + 1, [20, 20, 20, 20, 20, 1, 1])
      return SetFigures(real: real, generated: labelled(2 * draw + 2, [20, 20, 20, 20, 20, 1]))
    }
    let below = draws.count { $0.kernelDistance.interval.upperBound < 0 }
    let pooledBelow = draws.count { $0.pooledKernelDistance < 0 }
    #expect(!draws.contains { $0.isByLabel } && below < 4 && pooledBelow > 50, "\(below), \(pooledBelow)")
    let missing = SetFigures(real: labelled(1, [20, 20, 20, 20, 20, 20]), generated: labelled(2, [20, 20, 20, 20, 20]))
    #expect(missing.kernelDistance.interval.lowerBound > 0)
  }

  @Test func `means of images hold the truth as often as they say`() {
    let held = (0..<200).count { Estimate(meanOf: normal(UInt64($0), 10).values.map { exp($0 / 2) }).interval.contains(exp(0.125)) }
    #expect((180...200).contains(held), "\(held) of 200")
    #expect(Estimate(meanOf: [3]).interval == 3...3 && Estimate(meanOf: [.infinity, 1]).value == .infinity)
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
    let same = SetFigures(real: LabelledFeatures(a), generated: LabelledFeatures(b))
    let moved = SetFigures(
      real: LabelledFeatures(a), generated: LabelledFeatures(FeatureSet(width: 4, values: b.values.map { $0 + 1 })))
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
