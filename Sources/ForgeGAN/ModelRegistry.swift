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
package struct ModelRequest: Sendable {
  package var options: JSON
  package var data: TrainingData
  package var seed: UInt64

  package init(options: JSON = [:], data: TrainingData, seed: UInt64) {
    self.options = options
    self.data = data
    self.seed = seed
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
    package let make: @Sendable (ModelRequest) throws(ForgeGANError) -> any GenerativeModel
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
