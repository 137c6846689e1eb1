import ForgeGAN
import Foundation
import ScanModel

extension Evaluation {
  /// A figure is at home in brackets: `KID[extractor hash, real, synthetic]`.
  package var lines: [String] {
    var lines: [String] = []
    for view in views {
      let figures = view.figures
      let bracket = "[\(view.extractor) \(view.digest.prefix(12)), \(figures.realCount) real, \(figures.generatedCount) synthetic]"
      let floor = "real against real, \(figures.floor.count) each:"
      lines.append(
        "KID\(bracket) = \(Evaluation.text(figures.kernelDistance, digits: 5))"
          + (figures.hasLabels ? "\(figures.isByLabel ? " by label" : ""), \(Evaluation.text(figures.pooledKernelDistance, digits: 5)) of all as one" : "")
          + "; \(floor) \(Evaluation.text(figures.floor.kernelDistance, digits: 5))")
      lines.append(
        "FID\(bracket) = \(Evaluation.text(figures.frechetDistance, digits: 3)); \(floor) \(Evaluation.text(figures.floor.frechetDistance, digits: 3))")
      let (coverage, intervals) = (figures.coverage, figures.coverage.intervals)
      lines.append(
        "precision, recall, density, coverage\(bracket), k = \(coverage.neighbours): "
          + [
            (coverage.precision, intervals.precision), (coverage.recall, intervals.recall), (coverage.density, intervals.density),
            (coverage.coverage, intervals.coverage),
          ].map { Evaluation.text($0, in: $1, digits: 3) }.joined(separator: ", ")
          + "; \(floor) recall \(Evaluation.text(figures.floor.recall, digits: 3))")
      if let score = view.scoreOfClasses {
        lines.append("IS\(bracket) = \(Evaluation.text(score, digits: 3))" + (consistency.map { " of at most \($0.labelNames.count)" } ?? ""))
      }
    }
    for (name, consistency) in consistencies {
      lines.append(
        "\(name) consistency: \(Evaluation.percent(consistency.accuracy.synthetic)) of \(consistency.synthetic.count) synthetic images, by a classifier that is right on "
          + "\(Evaluation.percent(consistency.accuracy.real)) of \(consistency.real.count) real images")
      for (name, recall) in zip(consistency.labelNames, consistency.recalls) {
        lines.append("  \(name): \(recall.map(Evaluation.percent) ?? "no synthetic image")")
      }
    }
    if let utility {
      lines.append(
        "trained on synthetic, tested on real: \(Evaluation.percent(utility.synthetic)) of \(utility.judgedOn); trained on real: "
          + "\(Evaluation.percent(utility.real)); ratio \(Evaluation.text(utility.ratio, digits: 3))")
    }
    if let memory {
      lines.append(
        "memorization[\(memory.extractor), \(memory.setSize) training and as many held-out images]: \(Evaluation.percent(memory.closer)) of the synthetic images "
          + "are nearer to training images, honest images \(Evaluation.percent(memory.honest)); \(memory.suspects) are nearer by a hundredfold; "
          + (memory.isFlagged ? "FLAGGED" : "not flagged"))
    }
    if let copies {
      lines.append(
        "copies[\(copies.training) training images]: " + (copies.identical > 0 ? "\(copies.identical) are training images; " : "")
          + "\(copies.found.count) of \(copies.synthetic) synthetic images show what a training image shows, flipped, "
          + "turned, cut or changed though it may be; so do \(copies.honest.found) of \(copies.honest.count) held-out images"
          + (copies.honest.found > 0 ? " (flagged: \(copies.bar))" : "") + (copies.found.isEmpty ? "" : ", nearest: \(copies.nearest(5))") + "; "
          + (copies.isFlagged ? "FLAGGED" : "not flagged"))
    }
    if realAmongSynthetic > 0 { lines.append("\(realAmongSynthetic) of \(syntheticCount) synthetic images are among the real images, pixel by pixel") }
    if let checkerboard {
      lines.append(
        "checkerboard: synthetic \(Evaluation.text(checkerboard.synthetic, digits: 2)), real \(Evaluation.text(checkerboard.real, digits: 2))")
    }
    if let pairs {
      lines.append(
        "\(pairs.count) pairs: PSNR in dB \(Evaluation.text(pairs.psnr, digits: 2)), SSIM \(Evaluation.text(pairs.ssim, digits: 4))"
          + (pairs.multiScaleSSIM.map { ", MS-SSIM \(Evaluation.text($0, digits: 4))" } ?? "")
          + pairs.featureDistances.map { ", feature distance[\($0.extractor) \($0.digest.prefix(12))] \(Evaluation.text($0.value.all, digits: 4)) (deepest map, squared: \(Evaluation.text($0.value.deepest, digits: 4)))" }.joined())
    }
    return lines + notMeasured.map { "not measured: \($0)" }
  }

  /// By label and by attribute, with what each goes by.
  var consistencies: [(name: String, consistency: Consistency)] {
    (consistency.map { [("class", $0)] } ?? []) + attributeConsistency.map { ($0.attribute.rawValue, $0.consistency) }
  }

  static func text(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }

  static func text(_ estimate: Estimate, digits: Int) -> String {
    text(estimate.value, in: estimate.interval, digits: digits)
  }

  /// Without an interval where none could be found.
  static func text(_ value: Double, in interval: ClosedRange<Double>, digits: Int) -> String {
    let range = "(95 %: \(text(interval.lowerBound, digits: digits)) to \(text(interval.upperBound, digits: digits)))"
    return text(value, digits: digits) + (interval.lowerBound < interval.upperBound ? " " + range : "")
  }

  static func percent(_ estimate: Estimate) -> String {
    func part(_ value: Double) -> String { String(format: "%.1f", 100 * value) }
    return "\(part(estimate.value)) % (95 %: \(part(estimate.interval.lowerBound)) to \(part(estimate.interval.upperBound)))"
  }
}

extension Evaluation.Copies {
  /// What is flagged where honest images are found too.
  var bar: String {
    let count = flaggedFrom.map { "\($0) of them or more, or " } ?? ""
    return count + "one at less than a quarter of their least distance"
  }

  /// The nearest, by what they may be called.
  package func nearest(_ count: Int) -> String {
    found.prefix(count).map { "\($0.places.synthetic) (training \($0.places.training))" }.joined(separator: ", ")
      + (found.count > count ? " and \(found.count - count) more" : "")
  }
}
