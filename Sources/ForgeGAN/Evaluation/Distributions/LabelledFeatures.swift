/// Features of images with a label each.
package struct LabelledFeatures: Sendable {
  package let features: FeatureSet
  /// The label of each row.
  package let labels: [Int32]
  /// Rows of each label.
  let counts: [Int32: Int]

  package init(_ features: FeatureSet, labels: [Int32]) {
    precondition(labels.count == features.count, "\(labels.count) labels of \(features.count) rows")
    self.features = features
    self.labels = labels
    counts = labels.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  /// One label for all.
  package init(_ features: FeatureSet) { self.init(features, labels: [Int32](repeating: 0, count: features.count)) }

  /// Whether both have the same labels, at least `least` rows of each.
  package func isComparable(to other: LabelledFeatures, least: Int) -> Bool {
    counts.allSatisfy { label, count in count >= least && other.counts[label, default: 0] >= least } && counts.count == other.counts.count
  }

  package func rows(_ indexes: [Int]) -> LabelledFeatures { LabelledFeatures(features.rows(indexes), labels: indexes.map { labels[$0] }) }
}
