package import ForgeNN
package import Foundation

/// A look at the model now and then while it trains, always at the same images, so that looks can be compared.
package protocol TrainingProbe {
  /// What the score is and what it rests on: figure, extractor with the hash of its weights, numbers of images.
  ///
  /// - Parameter hash: hexadecimal digest of an extractor's weights.
  func criterion(hash: (Data) -> String) -> JSON
  /// - Parameter progress: how far along the training is, 0 to 1.
  func measure(progress: Double) throws(ForgeGANError) -> ProbeResult
}

/// What one look gave.
package struct ProbeResult: Sendable, Equatable {
  /// The lower the better; nil when the newest sound state is the best.
  package var score: Double?
  /// Scores are compared within a phase of the training alone: a later phase's state is better than any of an earlier one.
  package var phase: Int
  /// For people and detectors, by name; all finite.
  package var figures: [String: Double]

  package init(score: Double?, phase: Int = 0, figures: [String: Double]) {
    self.score = score
    self.phase = phase
    self.figures = figures.filter { $0.value.isFinite }
  }

  var json: JSON {
    var members: [String: JSON] = ["figures": .object(figures.mapValues(JSON.number)), "phase": .integer(phase)]
    if let score { members["score"] = .number(score) }
    return .object(members)
  }

  init?(_ json: JSON) {
    guard let phase = json["phase"]?.integerValue, let figures = json["figures"]?.objectValue else { return nil }
    self.init(score: json["score"]?.doubleValue, phase: phase, figures: figures.compactMapValues(\.doubleValue))
  }
}
