import ScanCatalog
import ScanDeid

/// Looks for a picture among training pictures: first at a glance among all, then closely among the most alike, in all turns and cuts.
struct CopySearch: Sendable {
  struct Found: Sendable {
    /// The training picture that is nearest.
    let nearest: ArtifactID
    /// 1 less the highest correlation with a part of it: 0 for a copy.
    let distance: Double
    /// `distance` over that to the nearest picture of another patient than the nearest one's: far below 1 where one training picture alone is
    /// near, as it is for a copy also where all pictures are alike. 1 when there is nobody else.
    let ratio: Double
  }

  /// What stands in the parameters of a run, so that figures of another measure are not mixed with these.
  static let measure = "1 - correlation with a part, 32 x 32, 8 turns"
  private static let closely = 20

  private let training: [(record: ArtifactRecord, likeness: Likeness)]

  init(_ training: [(record: ArtifactRecord, likeness: Likeness)]) { self.training = training }

  /// - Parameter patient: pictures of this patient are left out: what is compared with itself says nothing.
  /// - Returns: nil when there is nothing to compare with.
  func nearest(to turns: [Likeness], leavingOut patient: ArtifactRecord? = nil) -> Found? {
    var glances: [(index: Int, turn: Int, value: Float)] = []
    for (index, one) in training.enumerated() where patient == nil || one.record.patient != patient?.patient {
      var best = (turn: 0, value: -Float.infinity)
      for (turn, likeness) in turns.enumerated() {
        let value = likeness.glance(one.likeness)
        if value > best.value { best = (turn, value) }
      }
      if glances.count < Self.closely || best.value > glances[glances.count - 1].value {
        glances.insert((index, best.turn, best.value), at: glances.firstIndex { $0.value < best.value } ?? glances.count)
        if glances.count > Self.closely { glances.removeLast() }
      }
    }
    let close = glances.map { glance in
      (record: training[glance.index].record, distance: max(0, 1 - turns[glance.turn].overlap(with: training[glance.index].likeness)))
    }.sorted { ($0.distance, $0.record.id) < ($1.distance, $1.record.id) }
    guard let first = close.first else { return nil }
    let other = close.dropFirst().first { $0.record.patient == nil || $0.record.patient != first.record.patient }
    return Found(nearest: first.record.id, distance: first.distance, ratio: other.map { $0.distance > 0 ? first.distance / $0.distance : 1 } ?? 1)
  }
}
