import PixelMath
import ScanCatalog
import ScanDeid

/// Finds pictures of two parts that show the same: by perceptual hash in all eight turns, then by correlation of the pictures themselves.
struct LookAlikes: Sendable {
  struct Picture: Sendable {
    let record: ArtifactRecord
    /// Its own first; those of the other turns only where the picture is searched for.
    let hashes: [PerceptualHash]
  }

  struct Pair: Sendable, Equatable {
    let held: ArtifactID
    let other: ArtifactID
    /// Differing bits of 256, in the best of the turns.
    let distance: Int
    /// Of both at 32 x 32 pixels.
    let correlation: Double
  }

  /// What PDQ's authors take for one picture; here it only chooses what is looked at.
  static let candidateBits = 31
  /// Below it a second look finds other content. A copy with noise of 5 % of the range, of 16 greys, of half the size or with gamma 0.8 has
  /// 0.996 to 1.000 (medians, MedNIST and phantoms); the most alike slices of two phantom patients have 0.992.
  static let leastCorrelation = 0.995
  private static let candidates = 8
  private static let sample = 1000

  let catalog: Catalog
  let threads: Int
  /// Pictures count as one from here on.
  let threshold: Double
  /// Correlation of training pictures with the most alike one of another patient, 99 % quantile; nil with fewer than 20 pictures.
  let honest: Double?

  /// Where honest patients are more alike than 0.99, half of what is left to 1 separates a copy.
  init(calibratedOn training: [Picture], in catalog: Catalog, threads: Int) throws {
    (self.catalog, self.threads) = (catalog, threads)
    let step = max(1, training.count / Self.sample)
    let chosen = stride(from: 0, to: training.count, by: step).map { training[$0] }
    let found = Concurrent.map(chosen, threads: threads) { one in
      Result { try Self.nearest(1, to: one, among: training, within: 256).map { try Self.correlation(one, $0.picture, $0.turn, catalog) }.first }
    }
    let correlations = try found.compactMap { try $0.get() }.sorted()
    honest = correlations.count < 20 ? nil : correlations[correlations.count * 99 / 100]
    threshold = max(Self.leastCorrelation, (1 + (honest ?? 0)) / 2)
  }

  /// For each of `held` the most alike of `others`, where both show the same.
  func pairs(of held: [Picture], among others: [Picture]) throws -> [Pair] {
    let found = Concurrent.map(held, threads: threads) { one in
      Result {
        try Self.nearest(Self.candidates, to: one, among: others, within: Self.candidateBits).map { near in
          Pair(
            held: one.record.id, other: near.picture.record.id, distance: near.distance,
            correlation: try Self.correlation(one, near.picture, near.turn, catalog))
        }.filter { $0.correlation >= threshold }.max { $0.correlation < $1.correlation }
      }
    }
    return try found.compactMap { try $0.get() }
  }

  private typealias Near = (picture: Picture, distance: Int, turn: Int)

  /// The `count` nearest of other patients, nearest first.
  private static func nearest(_ count: Int, to one: Picture, among others: [Picture], within limit: Int) -> [Near] {
    var best: [Near] = []
    for other in others where other.record.id != one.record.id && (other.record.patient == nil || other.record.patient != one.record.patient) {
      let bound = best.count == count ? best[count - 1].distance - 1 : limit
      for (turn, hash) in one.hashes.enumerated() {
        let distance = hash.distance(to: other.hashes[0])
        guard distance <= bound, distance < best.first(where: { $0.picture.record.id == other.record.id })?.distance ?? .max else { continue }
        best.removeAll { $0.picture.record.id == other.record.id }
        best.insert((other, distance, turn), at: best.firstIndex { $0.distance > distance } ?? best.count)
        if best.count > count { best.removeLast() }
      }
    }
    return best
  }

  private static func correlation(_ one: Picture, _ other: Picture, _ turn: Int, _ catalog: Catalog) throws -> Double {
    func small(_ record: ArtifactRecord) throws -> Plane {
      try StoredPlane(record, in: catalog).plane.resampled(rows: 32, columns: 32, kernel: .linear)
    }
    return PixelMath.correlation(try small(one.record).turned(by: Turn.all[turn]), try small(other.record))
  }
}
