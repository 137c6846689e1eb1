/// Collects the measures of a step over the parts of its batch: their means, in the order in which they first came.
struct PartMeans {
  private var names: [String] = []
  private var sums: [String: (sum: Float, count: Int)] = [:]

  mutating func add(_ name: String, _ value: Float) {
    guard let old = sums[name] else {
      names.append(name)
      sums[name] = (value, 1)
      return
    }
    sums[name] = (old.sum + value, old.count + 1)
  }

  /// What `SaturationDetector` watches: the shares of images that the discriminator tells right.
  mutating func add(_ verdicts: (real: Float, fake: Float)?) {
    guard let verdicts else { return }
    add(SaturationDetector.rightOnReal, verdicts.real)
    add(SaturationDetector.rightOnFake, verdicts.fake)
  }

  var all: [Measure] {
    names.map { name in
      let (sum, count) = sums[name] ?? (0, 1)
      return Measure(name, sum / Float(count))
    }
  }
}
