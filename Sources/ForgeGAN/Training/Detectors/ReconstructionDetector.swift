import Foundation

/// Super-resolution that is far worse than bicubic enlargement: twice its error at two looks in a row after a
/// quarter of the training, or at the last one when one before it was better.
package struct ReconstructionDetector: FailureDetector {
  package static let name = "reconstruction"

  private static let excess = 2.0
  private static let patience = 0.25

  /// 1 once a look was good; bad looks in a row.
  private var (armed, bad) = (0.0, 0.0)

  package init() {}

  package var memory: [Double] {
    get { [armed, bad] }
    set { (armed, bad) = (newValue[0], newValue[1]) }
  }

  package mutating func observe(_ observation: TrainingObservation) -> String? {
    guard let look = observation.probe, look.figures["validation"] != nil else { return nil }
    guard let reason = Self.suspicion(look) else {
      (armed, bad) = (1, 0)
      return nil
    }
    guard observation.progress >= Self.patience else { return nil }
    bad += 1
    return bad >= 2 || (armed == 1 && observation.progress >= 1) ? reason : nil
  }

  package static func suspicion(_ look: ProbeResult) -> String? {
    guard let content = look.figures["validation"], let bicubic = look.figures["bicubic"], content > excess * bicubic else { return nil }
    guard bicubic > 0 else { return "super-resolved patches differ from the truth, which bicubic enlargement meets exactly: they are flat" }
    return String(format: "super-resolved patches are %.3g times as far from the truth as bicubic enlargement", content / bicubic)
  }
}
