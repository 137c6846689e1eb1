/// Licence or consent terms of images: words joined by `+`, such as `research-only+no-redistribution`. Any word is allowed; those of `Rule`
/// are obeyed, the others are carried along and shown.
package struct Terms: Sendable, Equatable {
  /// Lower case, sorted, each once.
  package let words: [String]

  package init(_ text: String) {
    let parts = text.lowercased().split { $0 == "+" || $0 == "," || $0.isWhitespace }
    words = Set(parts.map(String.init)).sorted()
  }

  /// What a word forbids. Terms flow down the edges: to slices and super-resolved images, to models, and to what models make.
  package enum Rule: String, Sendable, CaseIterable {
    /// Neither the images nor anything made from them is exported.
    case noExport = "no-export"
    /// The patient's images are not exported, also not super-resolved; generated images may be.
    case noRedistribution = "no-redistribution"
    /// Generated images of models that learned from them are not exported.
    case noSyntheticRelease = "no-synthetic-release"
    /// No model learns from them.
    case noTraining = "no-training"

    package var meaning: String {
      switch self {
      case .noExport: "neither these images nor anything made from them is exported"
      case .noRedistribution: "these images are not exported, also not super-resolved; generated images may be"
      case .noSyntheticRelease: "generated images of models that learned from these are not exported"
      case .noTraining: "no model learns from these images"
      }
    }
  }

  package var rules: [Rule] { words.compactMap(Rule.init(rawValue:)) }

  /// The rule that keeps an artifact of this origin in the workspace; nil when it may leave.
  ///
  /// - Parameter isOwn: the terms are those of its patient's own images, not of a model behind it.
  func ruleAgainstExport(of origin: ArtifactOrigin, isOwn: Bool) -> Rule? {
    rules.first { rule in
      switch rule {
      case .noExport: true
      case .noRedistribution: isOwn && origin != .generated
      case .noSyntheticRelease: !isOwn && origin == .generated
      case .noTraining: false
      }
    }
  }

  /// - Parameter terms: with the number of items that each governs.
  /// - Throws: `CatalogError.termsForbidTraining`, with the first of them.
  static func refuseTraining(on terms: [String: Int]) throws {
    let forbidden = terms.filter { Terms($0.key).rules.contains(.noTraining) }
    guard let first = forbidden.keys.min() else { return }
    throw CatalogError.termsForbidTraining(terms: first, items: forbidden.values.reduce(0, +))
  }
}
