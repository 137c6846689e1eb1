/// A loss or a weight that is NaN or infinite: nothing can be learned after it.
package struct NonFiniteDetector: FailureDetector {
  package static let name = "nonFinite"

  package var memory: [Double] {
    get { [] }
    set {}
  }

  package init() {}

  package mutating func observe(_ observation: TrainingObservation) -> String? {
    if let bad = observation.measures.first(where: { !$0.value.isFinite }) { return "the measure \(bad.name) is not a finite number" }
    if let name = observation.unsoundTensor { return "the tensor \(name) holds numbers that are not finite" }
    if let probe = observation.probe, probe.figures.isEmpty { return "the generated images hold numbers that are not finite" }
    return nil
  }
}
