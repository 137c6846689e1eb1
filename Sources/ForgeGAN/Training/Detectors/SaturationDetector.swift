import Foundation

/// A discriminator that has won: it tells real from generated images without fail for a long time, and the generator falls further behind.
///
/// Watches `rightOnReal` and `rightOnFake` (shares of the batch that the discriminator tells right, `AdversarialLoss.verdicts`) and the
/// loss `generator`; a model that does not report them is not watched. With hysteresis: saturation begins when both running means pass
/// 99.5 % and ends when one falls below 97 %; it is a finding when it has lasted 400 steps in which the generator's mean loss grew by half,
/// and by 1 at least. A strong discriminator alone is no failure: healthy trainings have long stretches of it.
package struct SaturationDetector: FailureDetector {
  package static let name = "saturation"
  package static let rightOnReal = "rightOnReal"
  package static let rightOnFake = "rightOnFake"
  package static let generatorLoss = "generator"

  private static let (begin, end) = (0.995, 0.97)
  private static let lasting = 400.0
  /// Weight of the newest step in running means.
  private static let newest = 0.02

  /// Running means, the loss where saturation began, steps since, and steps seen.
  private var (real, fake, loss, lossAtBegin, saturated, seen) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

  package init() {}

  package var memory: [Double] {
    get { [real, fake, loss, lossAtBegin, saturated, seen] }
    set {
      (real, fake, loss, lossAtBegin, saturated, seen) = (newValue[0], newValue[1], newValue[2], newValue[3], newValue[4], newValue[5])
    }
  }

  package mutating func observe(_ observation: TrainingObservation) -> String? {
    guard let onReal = observation.measure(Self.rightOnReal), let onFake = observation.measure(Self.rightOnFake),
      let generator = observation.measure(Self.generatorLoss), generator.isFinite
    else { return nil }
    // A plain mean until there are steps enough for a running one.
    seen += 1
    let weight = max(Self.newest, 1 / seen)
    real += (onReal - real) * weight
    fake += (onFake - fake) * weight
    loss += (generator - loss) * weight
    if saturated == 0 {
      guard seen * Self.newest >= 1, min(real, fake) >= Self.begin else { return nil }
      lossAtBegin = loss
    } else if min(real, fake) < Self.end {
      saturated = 0
      return nil
    }
    saturated += 1
    guard saturated >= Self.lasting, loss - lossAtBegin >= max(1, abs(lossAtBegin) / 2) else { return nil }
    return String(
      format: "the discriminator has told %.1f %% of the images right for %.0f steps, while the generator's loss grew from %.2f to %.2f",
      100 * min(real, fake), saturated, lossAtBegin, loss)
  }
}
