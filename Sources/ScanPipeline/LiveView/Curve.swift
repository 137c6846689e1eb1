/// A figure over the steps of a training, thinned so that any length fits a picture.
package struct Curve: Sendable, Equatable {
  package struct Point: Sendable, Equatable {
    package var step: Double
    package var value: Double
    /// Points that were merged into it.
    package var weight: Double
  }

  private static let limit = 800

  package private(set) var points: [Point] = []
  /// Points that a new one must be worth before the next begins.
  private var grain = 1.0

  package init() {}

  package mutating func add(_ value: Double, step: Int) {
    guard value.isFinite else { return }
    let point = Point(step: Double(step), value: value, weight: 1)
    if let last = points.last, last.weight < grain, last.step <= point.step {
      points[points.count - 1] = Curve.merged(last, point)
    } else {
      points.append(point)
    }
    if points.count > Curve.limit { thin() }
  }

  /// Stretches in which the steps go up: a return to a checkpoint begins a new one.
  package var stretches: [[Point]] {
    var found: [[Point]] = []
    for point in points {
      if let last = found.last?.last, last.step < point.step {
        found[found.count - 1].append(point)
      } else {
        found.append([point])
      }
    }
    return found
  }

  private mutating func thin() {
    grain *= 2
    points = stretches.flatMap { stretch in
      stride(from: 0, to: stretch.count, by: 2).map { $0 + 1 < stretch.count ? Curve.merged(stretch[$0], stretch[$0 + 1]) : stretch[$0] }
    }
  }

  private static func merged(_ a: Point, _ b: Point) -> Point {
    let weight = a.weight + b.weight
    return Point(
      step: (a.step * a.weight + b.step * b.weight) / weight, value: (a.value * a.weight + b.value * b.weight) / weight, weight: weight)
  }
}
