/// Watches a training for one way of going wrong. What it remembers is stored with the state, so that a resumed training sees the same.
package protocol FailureDetector: Sendable {
  /// Stable: names its memory in the state and stands in records.
  static var name: String { get }
  init()
  /// Everything that decides its later answers; finite numbers.
  var memory: [Double] { get set }
  /// - Returns: what is wrong, a sentence for people without a full stop; nil when nothing is.
  mutating func observe(_ observation: TrainingObservation) -> String?
  /// Why what a look shows is no state to return to, finding or not.
  static func suspicion(_ look: ProbeResult) -> String?
}

extension FailureDetector {
  package static func suspicion(_ look: ProbeResult) -> String? { nil }
}

/// What detectors get to see: after a step its measures, at a look the probe's result.
package struct TrainingObservation: Sendable {
  /// Steps done.
  package var step: Int
  /// How far along the training is, 0 to 1.
  package var progress: Double
  package var measures: [Measure]
  package var probe: ProbeResult?
  /// A weight or moment that holds NaN or infinity, where they were looked at.
  package var unsoundTensor: String?

  package init(step: Int, progress: Double, measures: [Measure] = [], probe: ProbeResult? = nil, unsoundTensor: String? = nil) {
    self.step = step
    self.progress = progress
    self.measures = measures
    self.probe = probe
    self.unsoundTensor = unsoundTensor
  }

  func measure(_ name: String) -> Double? { measures.first { $0.name == name }.map { Double($0.value) } }
}

/// What a detector found.
package struct TrainingFinding: Sendable, Equatable {
  package var detector: String
  package var text: String

  package init(detector: String, text: String) {
    self.detector = detector
    self.text = text
  }
}

/// The detectors, one line each; a training asks them in this order.
package struct TrainingWatch {
  package static let detectors: [any FailureDetector.Type] = [
    NonFiniteDetector.self,
    SaturationDetector.self,
    CollapseDetector.self,
    ReconstructionDetector.self,
  ]

  private var watching = TrainingWatch.detectors.map { $0.init() }

  package init() {}

  /// What each detector remembers, by name.
  package var memory: [String: [Double]] {
    get { Dictionary(uniqueKeysWithValues: watching.map { (type(of: $0).name, $0.memory) }) }
    set {
      for index in watching.indices {
        guard let stored = newValue[type(of: watching[index]).name], stored.count == watching[index].memory.count else { continue }
        watching[index].memory = stored
      }
    }
  }

  /// The first detector's suspicion.
  package static func suspicion(_ look: ProbeResult) -> TrainingFinding? {
    detectors.lazy.compactMap { detector in detector.suspicion(look).map { TrainingFinding(detector: detector.name, text: $0) } }.first
  }

  /// All detectors see the observation; the first finding counts.
  package mutating func observe(_ observation: TrainingObservation) -> TrainingFinding? {
    var found: TrainingFinding?
    for index in watching.indices {
      guard let text = watching[index].observe(observation), found == nil else { continue }
      found = TrainingFinding(detector: type(of: watching[index]).name, text: text)
    }
    return found
  }
}
