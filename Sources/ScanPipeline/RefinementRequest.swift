import ForgeGAN

/// How super-resolved images are to be refined, where it differs from what the model asks for.
package struct RefinementRequest: Sendable, Equatable {
  package static let allowedBackProjections = 0...64

  /// nil for the model's own number.
  package var backProjections: Int?
  package var isEnsemble: Bool

  package init(backProjections: Int? = nil, isEnsemble: Bool = false) {
    self.backProjections = backProjections
    self.isEnsemble = isEnsemble
  }

  func apply(to resolver: SuperResolver) {
    if let backProjections { resolver.refinement.backProjections = backProjections }
    resolver.refinement.isEnsemble = isEnsemble
  }
}
