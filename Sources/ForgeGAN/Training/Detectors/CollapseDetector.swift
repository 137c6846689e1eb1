import Foundation

/// A generator that makes the same few images again and again.
///
/// Watches the looks of `GeneratedImagesProbe`. One is suspicious when more than three quarters of the images are duplicates of another
/// (training images aside), when pairs of one label have less than 15 % of the variety, 1 − MS-SSIM, that pairs of training images have (the
/// noise of real images counts as variety, so a healthy generator has 30 % and more of it), or when recall falls under a tenth of what it
/// was. A look without suspicion arms the detector; then two suspicious ones in a row are a finding, or the last one. A generator that was
/// suspicious at every look is one at its second look after 40 % of the training: it never began to vary.
package struct CollapseDetector: FailureDetector {
  package static let name = "collapse"

  private static let duplicates = 0.75
  private static let variety = 0.15
  private static let recall = (kept: 0.1, from: 0.2)
  private static let patience = 0.4

  /// 1 once a look was good; suspicious looks in a row; the highest recall.
  private var (armed, suspicious, highestRecall) = (0.0, 0.0, 0.0)

  package init() {}

  package var memory: [Double] {
    get { [armed, suspicious, highestRecall] }
    set { (armed, suspicious, highestRecall) = (newValue[0], newValue[1], newValue[2]) }
  }

  package mutating func observe(_ observation: TrainingObservation) -> String? {
    guard let figures = observation.probe?.figures, let reason = suspicion(figures) else {
      if let figures = observation.probe?.figures, figures["duplicates"] != nil {
        (armed, suspicious) = (1, 0)
        highestRecall = max(highestRecall, figures["recall"] ?? 0)
      }
      return nil
    }
    suspicious += 1
    let isLast = observation.progress >= 1
    let isFound = armed == 1 ? suspicious >= 2 || isLast : suspicious >= 2 && observation.progress >= Self.patience
    return isFound ? reason : nil
  }

  package static func suspicion(_ look: ProbeResult) -> String? { CollapseDetector().suspicion(look.figures) }

  private func suspicion(_ figures: [String: Double]) -> String? {
    if let found = figures["duplicates"], let real = figures["realDuplicates"], found - real > Self.duplicates {
      return String(format: "%.0f %% of the generated images are duplicates of another", 100 * found)
    }
    if let found = figures["similarity"], let real = figures["realSimilarity"], real < 1, 1 - found < Self.variety * (1 - real) {
      return String(format: "generated images of one label are alike: MS-SSIM %.2f, between training images %.2f", found, real)
    }
    if let found = figures["recall"], highestRecall >= Self.recall.from, found < Self.recall.kept * highestRecall {
      return String(format: "recall fell from %.2f to %.2f", highestRecall, found)
    }
    return nil
  }
}
