import Diagnostics
import PixelMath
import ScanCatalog
import ScanDeid

/// Finds pictures of two parts that show the same: by perceptual hashes of the pictures and of parts of them, in all eight turns, then by laying the
/// pictures over each other.
struct LookAlikes: Sendable {
  struct Picture: Sendable {
    let record: ArtifactRecord
    /// Of the picture and of its parts (`PerceptualHash.parts`), for each turn in which it is searched for; its own orientation first.
    let hashes: [[PerceptualHash]]

    /// - Parameter inAllTurns: for pictures that are searched for among others.
    init?(_ plane: Plane, record: ArtifactRecord, inAllTurns: Bool) {
      self.record = record
      let own = PerceptualHash.parts(plane)
      // A flat picture looks like every other flat one.
      guard !own.isEmpty else { return nil }
      hashes = [own] + (inAllTurns ? Turn.all.dropFirst().map { PerceptualHash.parts(plane.turned(by: $0)) } : [])
    }
  }

  struct Pair: Sendable, Equatable {
    let held: ArtifactID
    let other: ArtifactID
    /// `Likeness.alike` of both, the higher of the two directions.
    let correlation: Double
  }

  /// Below it a second look finds other content, however different the patients are. Measured in docs/decisions/0019-evidence.md.
  static let leastCorrelation = 0.98
  /// The same where fewer than `calibration` training pictures say how alike two patients are.
  private static let leastUncalibrated = 0.995
  /// So many make a 99 % quantile.
  private static let calibration = 100
  private static let candidates = 8
  private static let sample = 200

  let catalog: Catalog
  let threads: Int
  /// Pictures count as one from here on.
  let threshold: Double
  /// How alike training pictures and the most alike one of another patient are, 99 % quantile; nil with fewer than 20 pictures.
  let honest: Double?

  /// Half of what honest patients leave to 1 separates a copy.
  init(calibratedOn training: [Picture], in catalog: Catalog, threads: Int) throws {
    (self.catalog, self.threads) = (catalog, threads)
    let step = max(1, training.count / Self.sample)
    let chosen = stride(from: 0, to: training.count, by: step).map { training[$0] }
    let best = try Self.best(chosen, among: training, catalog, threads).map { $0?.correlation }.compactMap(\.self).sorted()
    honest = best.count < 20 ? nil : best[best.count * 99 / 100]
    threshold = max(best.count < Self.calibration ? Self.leastUncalibrated : Self.leastCorrelation, (1 + (honest ?? 0)) / 2)
  }

  /// For each of `held` the most alike of `others`, where both show the same.
  func pairs(of held: [Picture], among others: [Picture]) throws -> [Pair] {
    try Self.best(held, among: others, catalog, threads).compactMap(\.self).filter { $0.correlation >= threshold }
  }

  private static func best(_ pictures: [Picture], among others: [Picture], _ catalog: Catalog, _ threads: Int) throws -> [Pair?] {
    let found = Concurrent.map(pictures, threads: threads) { one in
      Result {
        if Interruption.isRequested { throw PipelineError.interrupted }
        let near = nearest(to: one, among: others)
        guard !near.isEmpty else { return nil as Pair? }
        let plane = try StoredPlane(one.record, in: catalog).plane
        return try near.map { near in
          let (a, b) = (Likeness(plane.turned(by: Turn.all[near.turn])), Likeness(try StoredPlane(near.picture.record, in: catalog).plane))
          return Pair(held: one.record.id, other: near.picture.record.id, correlation: max(a.alike(b), b.alike(a)))
        }.max { $0.correlation < $1.correlation }
      }
    }
    return try found.map { try $0.get() }
  }

  private typealias Near = (picture: Picture, distance: Int, turn: Int)

  /// The nearest of other patients, nearest first.
  private static func nearest(to one: Picture, among others: [Picture]) -> [Near] {
    var best: [Near] = []
    for other in others where other.record.id != one.record.id && (other.record.patient == nil || other.record.patient != one.record.patient) {
      guard let near = one.hashes.enumerated().map({ (distance: distance($1, other.hashes[0]), turn: $0) }).min(by: { $0.distance < $1.distance }),
        best.count < candidates || near.distance < best[best.count - 1].distance
      else { continue }
      best.insert((other, near.distance, near.turn), at: best.firstIndex { $0.distance > near.distance } ?? best.count)
      if best.count > candidates { best.removeLast() }
    }
    return best
  }

  /// Differing bits of two pictures, of which either may be a part of the other.
  private static func distance(_ one: [PerceptualHash], _ other: [PerceptualHash]) -> Int {
    min(other.reduce(256) { min($0, one[0].distance(to: $1)) }, one.reduce(256) { min($0, other[0].distance(to: $1)) })
  }
}
