import Foundation

/// How well class probabilities tell the labels.
package struct ClassificationScore: Sendable, Equatable {
  package let classes: Int
  /// `[label][prediction]`; the prediction is the most probable class, the lowest of equals.
  package let confusion: [[Int]]
  /// Mean of `-log p(label)`.
  package let logLoss: Double
  /// Mean over classes of the area under the curve of one class against the rest; NaN where a class has no row or all rows.
  package let areaUnderCurve: Double
  /// Expected calibration error over 15 equal bins of the largest probability.
  package let calibrationError: Double

  /// - Parameters:
  ///   - probabilities: one row per image, one column per class.
  ///   - labels: class indexes.
  package init(probabilities: FeatureSet, labels: [Int]) {
    let classes = probabilities.width
    precondition(probabilities.count == labels.count && labels.allSatisfy { (0..<classes).contains($0) }, "one label per row, below \(classes)")
    self.classes = classes
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    var loss = 0.0
    var bins = [(count: Int, right: Int, sum: Double)](repeating: (0, 0, 0), count: 15)
    for (row, label) in labels.enumerated() {
      let p = Array(probabilities[row])
      let guess = p.indices.reduce(0) { p[$1] > p[$0] ? $1 : $0 }
      confusion[label][guess] += 1
      loss -= log(max(p[label], .leastNormalMagnitude))
      // Bin i holds i/15 < p <= (i + 1)/15.
      let bin = (0..<15).last { p[guess] > Double($0) / 15 } ?? 0
      bins[bin].count += 1
      bins[bin].right += guess == label ? 1 : 0
      bins[bin].sum += p[guess]
    }
    self.confusion = confusion
    let count = Double(labels.count)
    logLoss = loss / count
    calibrationError = bins.reduce(0) { $0 + abs(Double($1.right) - $1.sum) / count }
    areaUnderCurve =
      (0..<classes).reduce(0) { sum, one in
        sum + ClassificationScore.area(labels.indices.map { (probabilities[$0][probabilities[$0].startIndex + one], labels[$0] == one) })
      } / Double(classes)
  }

  package var count: Int { confusion.joined().reduce(0, +) }
  package var accuracy: Double { Double((0..<classes).reduce(0) { $0 + confusion[$1][$1] }) / Double(count) }

  /// Share of each label's rows that were told right; nil where it has none.
  package var recalls: [Double?] {
    (0..<classes).map { label in
      let all = confusion[label].reduce(0, +)
      return all == 0 ? nil : Double(confusion[label][label]) / Double(all)
    }
  }

  /// Mean of the recalls of the labels that have rows.
  package var balancedAccuracy: Double {
    let known = recalls.compactMap { $0 }
    return known.reduce(0, +) / Double(known.count)
  }

  /// Mean over the classes that occur as label or prediction of the harmonic mean of precision and recall.
  package var macroF1: Double {
    let scores = (0..<classes).compactMap { one -> Double? in
      let (labelled, told) = (confusion[one].reduce(0, +), confusion.reduce(0) { $0 + $1[one] })
      return labelled + told == 0 ? nil : 2 * Double(confusion[one][one]) / Double(labelled + told)
    }
    return scores.reduce(0, +) / Double(scores.count)
  }

  /// Cohen's kappa: agreement above that of chance with the same margins.
  package var kappa: Double {
    let total = Double(count)
    let expected =
      (0..<classes).reduce(0.0) { sum, one in
        sum + Double(confusion[one].reduce(0, +)) * Double(confusion.reduce(0) { $0 + $1[one] })
      } / (total * total)
    return (accuracy - expected) / (1 - expected)
  }

  /// The area under the receiver operating characteristic: the chance that a positive row scores above a negative one, ties counting half.
  package static func area(_ rows: [(score: Double, isPositive: Bool)]) -> Double {
    let sorted = rows.sorted { $0.score < $1.score }
    var (rankSum, positives, at) = (0.0, 0, 0)
    while at < sorted.count {
      var end = at
      while end < sorted.count, sorted[end].score == sorted[at].score { end += 1 }
      let tied = sorted[at..<end].count { $0.isPositive }
      rankSum += Double(tied) * Double(at + 1 + end) / 2
      positives += tied
      at = end
    }
    let negatives = rows.count - positives
    guard positives > 0, negatives > 0 else { return .nan }
    return (rankSum - Double(positives * (positives + 1)) / 2) / (Double(positives) * Double(negatives))
  }
}
