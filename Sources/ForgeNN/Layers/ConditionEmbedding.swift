package import ForgeGrad

/// A learned row per class plus one per value of each attribute, added up: N conditions to `[N, width]`.
///
/// A sum needs no example of every combination: what a value changes is learned from all images that have it. Without attributes this is an
/// `Embedding` of the same name.
package struct ConditionEmbedding {
  package let label: Embedding
  package let attributes: [Embedding]

  package init(
    _ scope: ParameterScope, _ kinds: ConditionKinds, width: Int, start: Initializer = .normal(deviation: 1), spectralNorm: Bool = false
  ) {
    func table(_ scope: ParameterScope, rows: Int) -> Embedding {
      Embedding(scope, rows: rows, width: width, start: start, spectralNorm: spectralNorm)
    }
    label = table(scope, rows: kinds.classes)
    attributes = kinds.attributes.map { table(scope[$0.name], rows: $0.values) }
  }

  package func callAsFunction(_ conditions: Conditions, _ mode: Mode) -> Variable {
    precondition(conditions.attributes.count == attributes.count, "conditions of \(conditions.attributes.count) attributes for \(attributes.count)")
    return zip(attributes, conditions.attributes).reduce(label(conditions.labels, mode)) { sum, next in sum + next.0(next.1, mode) }
  }
}
