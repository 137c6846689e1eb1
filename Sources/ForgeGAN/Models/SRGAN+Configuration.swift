package import ForgeNN

extension SRGAN {
  /// Which of the two phases a training has.
  package enum Phase: String, Sendable, CaseIterable { case content, adversarial, both }

  /// The options of `srgan`, with their defaults.
  package struct Configuration: Sendable, Equatable {
    /// Enlargement of rows and columns.
    package var factor: Int
    package var network: Network
    package var phase: Phase
    /// Part of the training that the content phase takes when there are both.
    package var contentShare: Double
    /// Patches per step.
    package var batch: Int
    /// Side of a small patch in pixels.
    package var patch: Int
    package var width: Int
    package var blocks: Int
    package var residualScale: Double
    package var hasBatchNorm: Bool
    /// `SRResNet.Architecture.smoothing`.
    package var smoothing: Int
    package var contentLoss: ReconstructionLoss
    package var rate: Double
    package var schedule: LearningRateSchedule
    package var averageDecay: Double
    package var discriminatorWidth: Int
    package var adversarialLoss: AdversarialLoss
    package var adversarialRate: Double
    package var discriminatorRate: Double
    package var adversarialWeight: Double
    package var featureWeight: Double
    /// Weights of a VGG network for a feature loss in the adversarial phase: a file when training; in a stored configuration, its fingerprint.
    package var featureNetwork: String?
    package var networkWeight: Double
    /// Weight of what of a checkerboard the result has and the truth has not, in the adversarial phase.
    package var patternWeight: Double
    /// How small images are made of large ones for training.
    package var degradation: Degradation
    /// How many times smaller and larger than they are images are shown in training; 1 for their own size alone.
    package var zoom: Double
    /// The share of patches that are shown at another size.
    package var zoomShare: Double
    /// Back-projections of each result in use; they do not take part in training.
    package var backProjections: Int

    /// Sides that a small patch may have.
    package static let patchSides = 8...256

    /// - Parameter isStored: the options of a model that exists, in which an option from later is off.
    package init(_ json: JSON, isStored: Bool = false) throws(ForgeGANError) {
      var options = try ModelOptions(json, model: "srgan")
      factor = options.integer("factor", default: 2, among: [2, 3, 4])
      network = options.choice("network", default: .compact)
      phase = options.choice("phase", default: .both)
      contentShare = options.number("contentShare", default: 0.7, in: 0.05...0.95)
      batch = options.integer("batch", default: 8, in: 1...1024)
      patch = options.integer("patch", default: 24, in: Self.patchSides)
      width = options.integer("width", default: network == .published ? 64 : 32, in: 4...256)
      // What is not in the small image takes more blocks to guess than what is sharpened at x2.
      blocks = options.integer("blocks", default: network == .published ? 16 : factor > 2 && !isStored ? 12 : 6, in: 1...64)
      residualScale = options.number("residualScale", default: 1, in: 0.01...1)
      hasBatchNorm = options.flag("batchNorm", default: network == .published)
      // At x2 it costs sharpness; nine or sixteen sub-pixels of few images, left free, learn those images. Models of before it had a side
      // smoothed the whole pixel shuffle or nothing.
      let smoothed = isStored && options.flag("smoothShuffle", default: false) ? factor : 1
      smoothing = options.integer("smoothing", default: network == .compact && factor > 2 && !isStored ? 2 : smoothed, in: 1...factor)
      contentLoss = options.choice("contentLoss", default: .l1)
      rate = options.number("rate", default: 1e-3, in: 1e-7...0.1)
      schedule = options.choice("schedule", default: .cosine)
      averageDecay = options.number("averageDecay", default: 0.999, in: 0...0.99999)
      discriminatorWidth = options.integer("discriminatorWidth", default: 32, in: 4...256)
      adversarialLoss = options.choice("adversarialLoss", default: .hinge)
      featureNetwork = options.text("featureNetwork")
      // A network of its own tells the generator more, and safely, than a discriminator that learns beside it.
      adversarialRate = options.number("adversarialRate", default: featureNetwork == nil ? 1e-4 : 4e-4, in: 1e-7...0.1)
      discriminatorRate = options.number("discriminatorRate", default: 2e-4, in: 1e-7...0.1)
      adversarialWeight = options.number("adversarialWeight", default: 1e-3, in: 0...10)
      featureWeight = options.number("featureWeight", default: 0.02, in: 0...10)
      networkWeight = options.number("networkWeight", default: featureNetwork == nil ? 0.02 : 5, in: 0...100)
      patternWeight = options.number("patternWeight", default: isStored ? 0 : 30, in: 0...1000)
      // A stored model repeats all of its options, also those that did nothing.
      if !isStored {
        options.require(
          featureNetwork != nil || !options.isGiven("networkWeight"), "networkWeight",
          "does nothing without a network: name its weights with featureNetwork, or leave networkWeight out")
        options.require(
          featureNetwork == nil || phase != .content, "featureNetwork",
          "takes no part in the content phase: use phase: both or adversarial, or leave featureNetwork out")
      }
      degradation = Degradation(
        sampling: options.choice("sampling", default: .bicubic), blur: options.number("blur", default: 0, in: 0...16),
        noise: options.number("noise", default: 0, in: 0...1))
      zoom = options.number("zoom", default: network == .compact && degradation.sampling == .bicubic && !isStored ? 1.6 : 1, in: 1...4)
      zoomShare = options.number("zoomShare", default: isStored ? 0.75 : factor > 2 ? 0.25 : 0.5, in: 0...1)
      options.require(zoom == 1 || degradation.sampling == .bicubic, "zoom", "must be 1 with sampling: kspace, which needs whole images")
      // Noise, blur and k-space are no bicubic reduction, so there is nothing that the result should be made to agree with.
      let isPlain = degradation == Degradation()
      backProjections = options.integer("backProjections", default: network == .compact && isPlain && !isStored ? 4 : 0, in: 0...64)
      if network == .published {
        options.require(residualScale == 1, "residualScale", "must be 1 for the published network")
        options.require(smoothing == 1, "smoothing", "must be 1 for the published network")
        options.require(hasBatchNorm, "batchNorm", "must be true for the published network")
      }
      try options.finish()
    }

    package var json: JSON {
      var members: [String: JSON] = [
        "factor": .integer(factor), "network": .string(network.rawValue), "phase": .string(phase.rawValue),
        "contentShare": .number(contentShare), "batch": .integer(batch),
        "patch": .integer(patch), "width": .integer(width), "blocks": .integer(blocks), "residualScale": .number(residualScale),
        "batchNorm": .bool(hasBatchNorm), "smoothing": .integer(smoothing), "contentLoss": .string(contentLoss.rawValue), "rate": .number(rate),
        "schedule": .string(schedule.rawValue), "averageDecay": .number(averageDecay),
        "discriminatorWidth": .integer(discriminatorWidth), "adversarialLoss": .string(adversarialLoss.rawValue),
        "adversarialRate": .number(adversarialRate), "discriminatorRate": .number(discriminatorRate),
        "adversarialWeight": .number(adversarialWeight), "featureWeight": .number(featureWeight), "sampling": .string(degradation.sampling.rawValue), "blur": .number(degradation.blur),
        "noise": .number(degradation.noise), "backProjections": .integer(backProjections), "networkWeight": .number(networkWeight),
        "patternWeight": .number(patternWeight),
        "zoom": .number(zoom), "zoomShare": .number(zoomShare),
      ]
      if let featureNetwork { members["featureNetwork"] = .string(featureNetwork) }
      return .object(members)
    }
  }
}
