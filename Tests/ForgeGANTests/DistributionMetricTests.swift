import ForgeGAN
import Foundation
import TestSupport
import Testing

/// The inputs of `reference/metrics.json` are formulas; they are made again here.
private struct FeatureFormula: Decodable {
  let seed: UInt64
  let N: Int
  let mul: Double?
  let add: Double?

  func features(_ width: Int) -> FeatureSet {
    var random = SplitMix64(seed: seed)
    let values = (0..<N * width).map { _ in
      (((random.unit() + random.unit()) + random.unit()) + random.unit() - 2) * (mul ?? 1) + (add ?? 0)
    }
    return FeatureSet(width: width, values: values)
  }

  func mixed(_ width: Int) -> FeatureSet {
    let plain = features(width)
    let values = plain.values.indices.map { plain.values[$0] + 0.5 * plain.values[$0 / width * width + ($0 + 1) % width] }
    return FeatureSet(width: width, values: values)
  }
}

private struct MetricsFile: Decodable {
  struct Distribution: Decodable {
    struct Inputs: Decodable {
      let real: FeatureFormula, gen: FeatureFormula, holdout: FeatureFormula
      let D: Int
    }
    struct Frechet: Decodable { let fid: Double }
    struct Kernel: Decodable { let kid_unbiased_full: Double, kid_mean_of_blocks50: Double }
    struct Coverage: Decodable { let k: Int, precision: Double, recall: Double, density: Double, coverage: Double }
    struct Memory: Decodable {
      let dcr_min: Double, dcr_median: Double, dcr_p5_linear: Double, nndr_mean: Double, share_closer_to_train_than_holdout: Double
      let authenticity: Double
      let nn_index_first10: [Int]
    }
    let inputs: Inputs
    let first_values: [Double]
    let rank_deficient: Bool
    let fid: Frechet
    let kid: Kernel
    let pr_k3: Coverage, pr_k5: Coverage
    let memorisation: Memory
  }
  struct Inception: Decodable {
    struct Inputs: Decodable { let seed: UInt64, N: Int, K: Int }
    struct Result: Decodable { let splits: Int, mean: Double, std_ddof0: Double }
    let inputs: Inputs
    let results: [Result]
  }
  struct Classification: Decodable {
    let inputs: Inception.Inputs
    let accuracy: Double, balanced_accuracy: Double, macro_f1: Double, auroc_ovr_macro: Double, cohen_kappa: Double
    let confusion: [[Int]]
    let log_loss: Double, ece_15bins: Double
  }
  let distributions: [Distribution]
  let inception_score: [Inception]
  let classification: [Classification]

  static func read() throws -> MetricsFile? {
    guard let url = TestData.shared("reference/metrics.json", for: "distribution metrics") else { return nil }
    return try JSONDecoder().decode(MetricsFile.self, from: Data(contentsOf: url))
  }
}

private func isClose(_ a: Double, _ b: Double, _ relative: Double) -> Bool { abs(a - b) <= relative * abs(b) }

/// Softmax of three times the features, as the reference makes probabilities.
private func probabilities(_ inputs: MetricsFile.Inception.Inputs) -> FeatureSet {
  let logits = FeatureFormula(seed: inputs.seed, N: inputs.N, mul: nil, add: nil).features(inputs.K)
  let values = (0..<logits.count).flatMap { row -> [Double] in
    let scaled = logits[row].map { 3 * $0 }
    let powers = scaled.map { exp($0 - scaled.max()!) }
    return powers.map { $0 / powers.reduce(0, +) }
  }
  return FeatureSet(width: inputs.K, values: values)
}

@Suite struct DistributionMetricTests {
  @Test func `distances between sets equal the reference values`() throws {
    guard let file = try MetricsFile.read() else { return }
    #expect(file.distributions.count >= 3)
    for item in file.distributions {
      let width = item.inputs.D
      let (real, generated, held) = (item.inputs.real.mixed(width), item.inputs.gen.mixed(width), item.inputs.holdout.mixed(width))
      #expect(Array(real[0].prefix(3)) == item.first_values)
      let distance = frechetDistance(real, generated)
      #expect(isClose(distance, item.fid.fid, item.rank_deficient ? 1e-6 : 1e-7), "\(distance)")
      #expect(isClose(kernelDistance(real, generated), item.kid.kid_unbiased_full, 1e-9))
      #expect(isClose(kernelDistance(real, generated, blocksOf: 50) ?? .nan, item.kid.kid_mean_of_blocks50, 1e-9))
      for expected in [item.pr_k3, item.pr_k5] {
        let found = NeighbourCoverage(real: real, generated: generated, neighbours: expected.k)
        #expect(isClose(found.precision, expected.precision, 1e-12) && isClose(found.recall, expected.recall, 1e-12), "\(found)")
        #expect(isClose(found.density, expected.density, 1e-12) && isClose(found.coverage, expected.coverage, 1e-12), "\(found)")
      }
      let memory = MemorizationStatistics(training: real, heldOut: held, generated: generated)
      let expected = item.memorisation
      #expect(memory.nearest.prefix(10).map(\.index) == expected.nn_index_first10)
      #expect(isClose(memory.distance(quantile: 0), expected.dcr_min, 1e-9))
      #expect(isClose(memory.distance(quantile: 0.5), expected.dcr_median, 1e-9))
      #expect(isClose(memory.distance(quantile: 0.05), expected.dcr_p5_linear, 1e-9))
      #expect(isClose(memory.nearestRatio, expected.nndr_mean, 1e-9))
      #expect(isClose(memory.closerToTraining, expected.share_closer_to_train_than_holdout, 1e-12))
      #expect(isClose(memory.authenticity, expected.authenticity, 1e-12))
    }
  }

  @Test func `inception scores equal the reference values`() throws {
    guard let file = try MetricsFile.read() else { return }
    for item in file.inception_score {
      for expected in item.results {
        let score = inceptionScore(probabilities(item.inputs), splits: expected.splits)
        #expect(isClose(score.mean, expected.mean, 1e-9) && abs(score.deviation - expected.std_ddof0) <= 1e-9)
      }
    }
  }

  @Test func `classification scores equal the reference values`() throws {
    guard let file = try MetricsFile.read() else { return }
    for item in file.classification {
      // The labels' stream starts 50 after the features'.
      var random = SplitMix64(seed: item.inputs.seed + 50)
      let labels = (0..<item.inputs.N).map { _ in Int(random.next() % UInt64(item.inputs.K)) }
      let score = ClassificationScore(probabilities: probabilities(item.inputs), labels: labels)
      #expect(score.confusion == item.confusion)
      #expect(isClose(score.accuracy, item.accuracy, 1e-12) && isClose(score.balancedAccuracy, item.balanced_accuracy, 1e-12))
      #expect(isClose(score.macroF1, item.macro_f1, 1e-12) && isClose(score.kappa, item.cohen_kappa, 1e-9))
      #expect(isClose(score.areaUnderCurve, item.auroc_ovr_macro, 1e-12))
      #expect(isClose(score.logLoss, item.log_loss, 1e-9) && isClose(score.calibrationError, item.ece_15bins, 1e-9))
    }
  }

  private func normal(_ seed: UInt64, _ count: Int, _ width: Int, add: Double = 0) -> FeatureSet {
    FeatureFormula(seed: seed, N: count, mul: 1, add: add).features(width)
  }

  @Test func `a set is at no distance from itself`() {
    let set = normal(1, 60, 100)
    // The root of a rounding of the largest eigenvalue.
    #expect(abs(frechetDistance(set, set)) < 1e-5)
    let tall = normal(1, 60, 10)
    #expect(abs(frechetDistance(tall, tall)) < 1e-9)
    let own = NeighbourCoverage(real: set, generated: set, neighbours: 3)
    #expect(own.precision == 1 && own.recall == 1 && own.coverage == 1)
  }

  /// Far fewer images than features, most of which are the same everywhere, as features behind a ReLU are.
  @Test func `a distance of few rows is found`() {
    let set = normal(6, 12, 400)
    let flat = FeatureSet(width: 400, values: set.values.indices.map { $0 % 400 < 150 ? set.values[$0] * 1e-4 : 7 })
    let moved = FeatureSet(width: 400, values: flat.values.map { $0 + 0.1 })
    #expect(isClose(frechetDistance(flat, moved), 400 * 0.01, 1e-6))
  }

  /// More rows than columns, some of which are equal or constant: the covariance has no full rank.
  @Test func `a distance of tied features is found`() {
    let (a, b) = (normal(7, 60, 6), normal(8, 60, 6, add: 0.3))
    func tied(_ set: FeatureSet) -> FeatureSet {
      FeatureSet(width: 20, values: (0..<60).flatMap { row in (0..<20).map { $0 < 18 ? Array(set[row])[$0 % 6] : 3 } })
    }
    // Each of the six columns is there three times, which triples every square.
    #expect(isClose(frechetDistance(tied(a), tied(b)), 3 * frechetDistance(a, b), 1e-7))
  }

  /// Two sets whose columns only move apart: the squared shift is all there is.
  @Test func `a moved set is as far as it was moved`() {
    let set = normal(2, 80, 6)
    let moved = FeatureSet(width: 6, values: set.values.map { $0 + 0.25 })
    #expect(isClose(frechetDistance(set, moved), 6 * 0.0625, 1e-9))
    #expect(isClose(frechetDistance(moved, set), 6 * 0.0625, 1e-9))
  }

  /// Of one distribution: zero within the spread of draws, on both sides of it.
  @Test func `the kernel distance of equal distributions is around zero`() {
    let distances = (0..<20).map { kernelDistance(normal(100 + $0, 50, 8), normal(200 + $0, 50, 8)) }
    #expect(distances.contains { $0 < 0 } && distances.contains { $0 > 0 })
    #expect(abs(distances.reduce(0, +) / 20) < 0.02)
    #expect(kernelDistance(normal(1, 50, 8), normal(2, 50, 8, add: 0.5)) > 0.3)
  }

  @Test func `copies are told from honest draws`() {
    let (training, held) = (normal(3, 200, 10), normal(4, 200, 10))
    let honest = MemorizationStatistics(training: training, heldOut: held, generated: normal(5, 200, 10))
    let copied = MemorizationStatistics(
      training: training, heldOut: held, generated: FeatureSet(width: 10, values: training.values.map { $0 + 1e-3 }))
    #expect(abs(honest.closerToTraining - 0.5) < 0.12 && honest.nearestRatio > 0.8)
    #expect(copied.closerToTraining == 1 && copied.authenticity == 0 && copied.nearestRatio < 0.1)
  }
}
