import ForgeTensor

/// A slow copy of a network: weights and running statistics averaged over the steps. Source: Karras et al. 2018, appendix.
package struct ExponentialMovingAverage {
  private let pairs: [(source: Parameter, average: Parameter)]
  private let places: [ObjectIdentifier: Int]

  /// Pairs the parameters of two networks of the same making by name below their roots, and copies the start.
  package init(of source: [Parameter], in averages: [Parameter]) {
    precondition(source.map(\.shape) == averages.map(\.shape), "ExponentialMovingAverage: the two networks differ")
    pairs = Array(zip(source, averages)).map { (source: $0, average: $1) }
    places = Dictionary(uniqueKeysWithValues: source.indices.map { (ObjectIdentifier(source[$0]), $0) })
    for pair in pairs { pair.average.value = pair.source.value.copied() }
  }

  /// `average = decay · average + (1 − decay) · value`.
  ///
  /// - Parameter done: sources to leave alone.
  package func update(decay: Float, except done: [Parameter] = []) {
    var isDone = [Bool](repeating: false, count: pairs.count)
    for source in done { if let place = places[ObjectIdentifier(source)] { isDone[place] = true } }
    var pass = AveragePass(capacity: pairs.count)
    for (index, pair) in pairs.enumerated() where !isDone[index] {
      pair.average.update { pass.add(&$0, value: pair.source.value) }
    }
    pass.run(decay: decay)
  }

  /// The slow copy of `source`; nil when it has none.
  func average(of source: Parameter) -> Parameter? { places[ObjectIdentifier(source)].map { pairs[$0].average } }

  /// A decay that begins low, so that the start is forgotten soon: `min(limit, (1 + step) / (10 + step))`.
  package static func warmUpDecay(step: Int, limit: Float) -> Float { min(limit, Float(1 + step) / Float(10 + step)) }

  /// A decay by half-life in images, which grows with the images seen: `min(halfLife, rampUp · seen)`. Source: Karras et al. 2020 (ADA).
  package static func halfLifeDecay(batch: Int, imagesSeen: Int, halfLife: Double = 10_000, rampUp: Double = 0.05) -> Float {
    let reach = min(halfLife, rampUp * Double(imagesSeen))
    guard reach > 0 else { return 0 }
    // 0.5^(batch / reach) by the kernels' exponential, which has the same bits on every CPU.
    return exp(Tensor(Float(-0.693147180559945309417 * Double(batch) / reach))).scalar
  }
}
