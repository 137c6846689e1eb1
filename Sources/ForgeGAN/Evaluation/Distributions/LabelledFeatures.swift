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

  /// The share of each label.
  var shares: [Int32: Double] { counts.mapValues { Double($0) / Double(labels.count) } }

  /// Labels of fewer than `least` rows become one; where that is still too small, with the smallest other one.
  func joiningLabels(below least: Int) -> LabelledFeatures {
    let order = counts.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    var rare = order.prefix { $0.value < least }
    if rare.reduce(0, { $0 + $1.value }) < least, !rare.isEmpty { rare = order.prefix(rare.count + 1) }
    let joined = Set(rare.map(\.key))
    return LabelledFeatures(features, labels: labels.map { joined.contains($0) ? Int32.min : $0 })
  }

  package func rows(_ indexes: [Int]) -> LabelledFeatures { LabelledFeatures(features.rows(indexes), labels: indexes.map { labels[$0] }) }
}
