package import ForgeNN

/// What a model learns from.
package enum TrainingData: Sendable {
  /// Square images of one size with a class each.
  case images(any LabelledImages)
  /// Images of any size, for super-resolution.
  case planes(any PatchSource)

  package enum Kind: Sendable, Equatable { case images, planes }

  package var kind: Kind {
    switch self {
    case .images: .images
    case .planes: .planes
    }
  }
}

/// What a maker of models gets.
package struct ModelRequest {
  package var options: JSON
  package var data: TrainingData
  package var seed: UInt64
  /// A model file of the same kind and shape whose weights the generator begins with: an adversarial phase after a content phase that
  /// was trained before, or more images for a known model.
  package var start: CheckpointReader?

  package init(options: JSON = [:], data: TrainingData, seed: UInt64, start: CheckpointReader? = nil) {
    self.options = options
    self.data = data
    self.seed = seed
    self.start = start
  }
}

/// The models by name: one line each.
package struct ModelRegistry: Sendable {
  package struct Entry: Sendable {
    package let name: String
    /// One line for `train --list`.
    package let summary: String
    package let data: TrainingData.Kind
    /// Checks options without data, before anything is opened.
    package let check: @Sendable (JSON) throws(ForgeGANError) -> Void
    package let make: @Sendable (ModelRequest) throws -> any GenerativeModel
  }

  package static let entries: [Entry] = [
    ConditionalGAN.entry,
    SRGAN.entry,
  ]

  package static var names: [String] { entries.map(\.name) }

  package static func entry(_ name: String) throws(ForgeGANError) -> Entry {
    guard let entry = entries.first(where: { $0.name == name }) else { throw .unknownModel(name, known: names) }
    return entry
  }
}
