package import ForgeNN

extension ConditionalGAN {
  /// The options of `cgan`, with their defaults.
  package struct Configuration: Sendable, Equatable {
    package static let sizes = [32, 64, 128]

    /// Images per step.
    package var batch: Int
    /// Channels of the generator's last and the discriminator's first layer.
    package var width: Int
    /// Length of the latent vector.
    package var latent: Int
    /// Length of the label's part of the generator's input.
    package var labelWidth: Int
    package var loss: AdversarialLoss
    package var generatorRate: Double
    package var discriminatorRate: Double
    package var beta1: Double
    package var schedule: LearningRateSchedule
    /// What is left of the learning rates at the end.
    package var rateFloor: Double
    package var averageDecay: Double
    /// Whether images are shifted, brightened and cut before the discriminator sees them.
    package var augments: Bool
    /// The chance of each kind of change to be made at an image, unless it is adapted.
    package var augmentChance: Double
    /// The share of surely recognized real images at which augmentation is kept (see `AdaptiveProbability`); 0 leaves it at `augmentChance`.
    package var augmentTarget: Double
    /// Images that take the chance of augmentation from none to sure.
    package var augmentSpan: Int
    /// Weight of the R1 penalty; 0 for none.
    package var r1: Double
    /// Steps between two R1 penalties, each then weighted by this number (lazy regularization, Karras et al. 2020).
    package var r1Every: Int
    /// Whether the discriminator's weights have spectral norm 1.
    package var spectralNorm: Bool
    /// What the discriminator is told of variety; needs a batch of several images per label.
    package var comparison: ProjectionDiscriminator.Comparison
    /// Names of the attributes that images are conditioned on beside their label.
    package var condition: [String]
    /// The share of training images whose attributes are made unknown (see `Conditions.forgetting`).
    package var unknownShare: Double

    /// - Parameter isStored: `json` stems from a model file. One that is older than an option lacks it, and was made as the option's
    ///   absence was then understood; a new training takes what is best now.
    package init(_ json: JSON, isStored: Bool = false) throws(ForgeGANError) {
      var options = try ModelOptions(json, model: "cgan")
      batch = options.integer("batch", default: 32, in: 2...1024)
      width = options.integer("width", default: 32, in: 4...256)
      latent = options.integer("latent", default: 64, in: 1...1024)
      labelWidth = options.integer("labelWidth", default: 16, in: 1...256)
      loss = options.choice("loss", default: .nonSaturating)
      generatorRate = options.number("generatorRate", default: 2e-4, in: 1e-7...0.1)
      discriminatorRate = options.number("discriminatorRate", default: 4e-4, in: 1e-7...0.1)
      beta1 = options.number("beta1", default: 0, in: 0...0.99)
      schedule = options.choice("schedule", default: .constant)
      rateFloor = options.number("rateFloor", default: 0.1, in: 0...1)
      averageDecay = options.number("averageDecay", default: 0.999, in: 0...0.99999)
      augments = options.flag("augment", default: true)
      r1 = options.number("r1", default: 0.3, in: 0...1000)
      r1Every = options.integer("r1Every", default: 16, in: 1...1000)
      augmentChance = options.number("augmentChance", default: isStored ? 1 : 0.8, in: 0...1)
      augmentTarget = options.number("augmentTarget", default: 0, in: 0...1)
      augmentSpan = options.integer("augmentSpan", default: 100_000, in: 1_000...100_000_000)
      spectralNorm = options.flag("spectralNorm", default: isStored)
      comparison = options.choice("comparison", default: isStored ? .none : .channel)
      condition = options.texts("condition")
      unknownShare = options.number("unknownShare", default: 0.1, in: 0...0.9)
      // Written by `json` so that a stored configuration can be read back; the data decide.
      _ = options.integer("size", default: 64, among: Configuration.sizes)
      try options.finish()
    }

    package func json(size: Int) -> JSON {
      var members: [String: JSON] = [
        "batch": .integer(batch), "width": .integer(width), "latent": .integer(latent), "labelWidth": .integer(labelWidth),
        "loss": .string(loss.rawValue), "generatorRate": .number(generatorRate),
        "discriminatorRate": .number(discriminatorRate), "beta1": .number(beta1), "schedule": .string(schedule.rawValue),
        "rateFloor": .number(rateFloor), "averageDecay": .number(averageDecay), "augment": .bool(augments),
        "augmentTarget": .number(augmentTarget), "augmentSpan": .integer(augmentSpan), "r1": .number(r1), "r1Every": .integer(r1Every),
        "spectralNorm": .bool(spectralNorm), "comparison": .string(comparison.rawValue), "size": .integer(size),
      ]
      // What is unsaid means every image, as in models from before the chance.
      if augmentChance != 1 { members["augmentChance"] = .number(augmentChance) }
      // A model of labels alone says nothing of attributes.
      if !condition.isEmpty {
        members["condition"] = .array(condition.map(JSON.string))
        members["unknownShare"] = .number(unknownShare)
      }
      return .object(members)
    }
  }
}
