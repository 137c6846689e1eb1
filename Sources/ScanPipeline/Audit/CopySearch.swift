import ScanCatalog
import ScanDeid

/// Looks for a picture among training pictures: first at a glance among all, then closely among the most alike, in all turns and cuts.
struct CopySearch: Sendable {
  /// A training picture.
  struct Original: Sendable {
    /// Whom it shows; nil when that is not known.
    var patient: Pseudonym?
    let likeness: Likeness
  }

  struct Found: Sendable {
    /// The place of the nearest training picture.
    let nearest: Int
    /// 1 less the highest correlation with a part of it: 0 for a copy.
    let distance: Double
    /// `distance` over that to the nearest picture of another patient than the nearest one's: far below 1 where one training picture alone is
    /// near, as it is for a copy also where all pictures are alike. 1 when there is nobody else.
    let ratio: Double
  }

  /// What stands in the parameters of a run, so that figures of another measure are not mixed with these.
  static let measure = "1 - correlation with a part, whole or middle, 32 x 32, 8 turns, both polarities"
  private static let closely = 20

  private let originals: [Original]

  init(_ originals: [Original]) { self.originals = originals }

  /// - Parameter leavingOut: what is compared with itself says nothing.
  /// - Returns: nil when there is nothing to compare with.
  func nearest(to turns: [Likeness], leavingOut: (Original) -> Bool = { _ in false }) -> Found? {
    var glances: [(index: Int, turn: Int, value: Float)] = []
    for (index, original) in originals.enumerated() where !leavingOut(original) {
      var best = (turn: 0, value: -Float.infinity)
      for (turn, likeness) in turns.enumerated() {
        let value = likeness.glance(original.likeness)
        if value > best.value { best = (turn, value) }
      }
      if glances.count < Self.closely || best.value > glances[glances.count - 1].value {
        glances.insert((index, best.turn, best.value), at: glances.firstIndex { $0.value < best.value } ?? glances.count)
        if glances.count > Self.closely { glances.removeLast() }
      }
    }
    let close = glances.map { glance in
      (index: glance.index, distance: max(0, 1 - turns[glance.turn].overlap(with: originals[glance.index].likeness)))
    }.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
    guard let first = close.first else { return nil }
    let patient = originals[first.index].patient
    let other = close.dropFirst().first { patient == nil || originals[$0.index].patient != patient }
    return Found(nearest: first.index, distance: first.distance, ratio: other.map { $0.distance > 0 ? first.distance / $0.distance : 1 } ?? 1)
  }
}

/// How near honest pictures come to training pictures, and so from where on a picture is a copy.
struct CopyBounds: Sendable {
  /// At least so many honest pictures, else nothing can be said.
  static let least = 10
  /// A ratio below this share of what 1 % of honest pictures reach is a copy's. Measured in docs/decisions/0019-evidence.md.
  private static let ratioShare = 0.7

  /// Distances of honest pictures, in order.
  private let distances: [Double]
  private let lowRatio: Double

  /// - Returns: nil for fewer than `least`.
  init?(honest: [CopySearch.Found]) {
    guard honest.count >= Self.least else { return nil }
    distances = honest.map(\.distance).sorted()
    lowRatio = honest.map(\.ratio).sorted()[honest.count / 100] * Self.ratioShare
  }

  var count: Int { distances.count }
  var smallest: Double { distances[0] }
  /// The 1 % quantile.
  var low: Double { distances[count / 100] }
  var median: Double { distances[count / 2] }
  /// Half as far as any but the most alike honest pictures: what lies nearer, honest pictures do not reach.
  var threshold: Double { low / 2 }

  /// The share of honest pictures that are as near.
  func share(asNearAs distance: Double) -> Double { Double(distances.count { $0 <= distance }) / Double(count) }

  func isCopy(_ found: CopySearch.Found) -> Bool {
    // Where honest pictures are nearly as near as copies, a noisy copy is told by its being near to one patient alone.
    found.distance <= threshold || (found.ratio <= lowRatio && found.distance <= median)
  }
}
