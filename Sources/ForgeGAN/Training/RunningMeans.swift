/// Means of each measure since they were last taken.
struct RunningMeans {
  private var sums: [String: (sum: Double, count: Int)] = [:]

  mutating func add(_ measures: [Measure]) {
    for measure in measures {
      let old = sums[measure.name] ?? (0, 0)
      sums[measure.name] = (old.sum + Double(measure.value), old.count + 1)
    }
  }

  mutating func take() -> [String: Double] {
    defer { sums = [:] }
    return sums.mapValues { $0.sum / Double($0.count) }
  }
}
