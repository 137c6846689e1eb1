import ForgeGrad

/// How far a network's maps of two images lie apart, relative to the true image's, so that no network's scale shows.
package struct MapDistance: Sendable {
  /// Mean absolute difference, mean over all maps (`featureDistance`): how much lies elsewhere or is missing.
  package private(set) var all: Double
  /// Mean squared difference of the deepest map: whether what is there is the same kind of thing. Source: Ledig et al. 2017 (VGG loss).
  package private(set) var deepest: Double

  package static let zero = MapDistance(all: 0, deepest: 0)

  private init(all: Double, deepest: Double) {
    self.all = all
    self.deepest = deepest
  }

  /// nil where there are no maps.
  init?(of made: [Variable], to truth: [Variable]) {
    guard let (mine, wanted) = zip(made, truth).reversed().first else { return nil }
    all = Double(featureDistance(made, truth).scalar)
    let difference = mine - wanted
    deepest = Double(mean(difference * difference).scalar) / max(Double(mean(wanted * wanted).scalar), 1e-12)
  }

  package static func + (a: MapDistance, b: MapDistance) -> MapDistance { MapDistance(all: a.all + b.all, deepest: a.deepest + b.deepest) }

  package static func / (sum: MapDistance, count: Int) -> MapDistance {
    MapDistance(all: sum.all / Double(count), deepest: sum.deepest / Double(count))
  }
}
