import ForgeGrad
package import ForgeNN
import ForgeTensor

/// A class-conditional GAN for grey images of 32, 64 or 128 pixels: a convolutional generator with conditional batch norms, a projection
/// discriminator with spectral norms, hinge loss, DiffAugment, two learning rates and an averaged generator.
///
/// Sources: Radford et al. 2016 (DCGAN); Miyato and Koyama 2018 (projection); Lim and Ye 2017 (hinge); Zhao et al. 2020 (DiffAugment);
/// Heusel et al. 2017 (two learning rates).
package final class ConditionalGAN: GenerativeModel {
  package static let entry = ModelRegistry.Entry(
    name: "cgan", summary: "class-conditional GAN for labelled slices of 32, 64 or 128 pixels", data: .images,
    check: { (options) throws(ForgeGANError) in _ = try Configuration(options) },
    make: { try ConditionalGAN($0) })

  package let name = "cgan"
  package let options: Configuration
  package let networks: ParameterStore
  package let labelNames: [String]
  package let conditions: ConditionTable
  package let dataDescription: JSON
  private let images: any LabelledImages
  /// The attributes that are conditioned on, in the order of the option.
  private let attributes: [AttributeColumn]
  package let batches: LabelledBatches
  private let generator: ConditionalGenerator
  private let discriminator: ProjectionDiscriminator
  private let averageStore: ParameterStore
  private let averageGenerator: ConditionalGenerator
  private let average: ExponentialMovingAverage
  /// How often images are augmented when that is adapted; nil for always.
  private let adaptive: AdaptiveProbability?
  private let generatorOptimizer: Adam
  private let discriminatorOptimizer: Adam

  package var configuration: JSON { options.json(size: images.size) }
  package var averages: [Parameter] { averageStore.parameters }
  package var optimizers: [(name: String, optimizer: Adam)] {
    [("generator", generatorOptimizer), ("discriminator", discriminatorOptimizer)]
  }
  package var inferenceParameters: [Parameter] { averageStore.parameters }
  package var imagesPerBatch: Int { options.batch }

  package init(_ request: ModelRequest) throws {
    guard case .images(let images) = request.data else {
      throw ForgeGANError.unsuitableData(model: "cgan", reason: "it needs labelled square images of one size")
    }
    options = try Configuration(request.options)
    guard Configuration.sizes.contains(images.size) else {
      throw ForgeGANError.unsuitableData(
        model: "cgan",
        reason: "they have \(images.size) pixels a side, it learns \(Configuration.sizes.map(String.init).joined(separator: ", "))")
    }
    guard images.count > 1, !images.labelNames.isEmpty else {
      throw ForgeGANError.unsuitableData(model: "cgan", reason: "there are too few")
    }
    self.images = images
    let attributes = try ConditionalGAN.attributes(options.condition, of: images)
    self.attributes = attributes
    conditions = ConditionTable(labels: images.labels, attributes)
    labelNames = images.labelNames
    batches = LabelledBatches(images, attributes: attributes, count: options.batch, seed: request.seed)
    dataDescription = try ConditionalGAN.description(of: images, attributes)
    networks = ParameterStore(seed: request.seed)
    averageStore = ParameterStore(seed: request.seed)
    let shape = ConditionalGenerator.Architecture(options, size: images.size, classes: images.labelNames.count, attributes: attributes.map(\.attribute))
    generator = ConditionalGenerator(networks.root["generator"], shape)
    averageGenerator = ConditionalGenerator(averageStore.root["generator"], shape)
    discriminator = ProjectionDiscriminator(networks.root["discriminator"], shape)
    adaptive =
      options.augments && options.augmentTarget > 0
      ? AdaptiveProbability(networks.root["augmentation"], target: Float(options.augmentTarget), span: options.augmentSpan) : nil
    if let start = request.start { try start.restore(networks.parameters(under: "generator")) }
    average = ExponentialMovingAverage(of: networks.parameters(under: "generator"), in: averageStore.parameters)
    generatorOptimizer = Adam(
      networks.parameters(under: "generator"), learningRate: Float(options.generatorRate), beta1: Float(options.beta1), beta2: 0.9)
    discriminatorOptimizer = Adam(
      networks.parameters(under: "discriminator"), learningRate: Float(options.discriminatorRate), beta1: Float(options.beta1), beta2: 0.9)
  }

  package func step(_ moment: TrainingMoment, _ parts: [LabelledBatches.Batch]) -> [Measure] {
    let batch = options.batch
    let rate = options.schedule.factor(moment.progress, floor: Float(options.rateFloor))
    var measures = PartMeans()
    // The graph of generated images serves both players; with several parts it is made again, since only one is held at a time.
    var made: Variable?
    var realLogits: [Variable] = []

    discriminatorOptimizer.learningRate = Float(options.discriminatorRate) * rate
    discriminatorOptimizer.descend(parts: parts.count) { index in
      let (moment, real) = (moment.part(index, of: parts.count), parts[index].images)
      let conditions = forgetting(parts[index].conditions, moment)
      let fake = generate(conditions, moment)
      if parts.count == 1 { made = fake }

      // One pass of the discriminator over real and generated images together: its weights are normalized once per part.
      let augmented = augment(concatenate([Variable(real), fake.detached()], axis: 0), moment, "augment discriminator")
      let logits = split(discriminator(augmented, conditions.twice(), sets: 2, .training), axis: 0, sizes: [batch, batch])
      let loss = options.loss.discriminator(real: logits[0], fake: logits[1])
      var objective = loss
      if options.r1 > 0, moment.step % options.r1Every == 0 {
        let leaf = Variable.parameter(real)
        let penalty = r1Penalty(logits: discriminator(leaf, conditions, .training), real: leaf)
        objective = objective + penalty * Float(options.r1 * Double(options.r1Every))
        measures.add("r1", penalty.scalar)
      }
      measures.add("discriminator", loss.scalar)
      measures.add(options.loss.verdicts(real: logits[0].value, fake: logits[1].value))
      realLogits.append(logits[0].detached())
      return objective
    }
    if let adaptive {
      adaptive.record(real: concatenate(realLogits.map(\.value), axis: 0), step: moment.step)
      measures.add("augmentation", adaptive.probability)
    }

    generatorOptimizer.learningRate = Float(options.generatorRate) * rate
    generatorOptimizer.descend(
      parts: parts.count, averaging: average,
      decay: ExponentialMovingAverage.warmUpDecay(step: moment.step, limit: Float(options.averageDecay))
    ) { index in
      let moment = moment.part(index, of: parts.count)
      let conditions = forgetting(parts[index].conditions, moment)
      let fake = made.take() ?? generate(conditions, moment)
      let judged = discriminator(augment(fake, moment, "augment generator"), conditions, .inference)
      let loss = options.loss.generator(fake: judged, real: realLogits[index])
      measures.add("generator", loss.scalar)
      return loss
    }
    return measures.all
  }

  private func generate(_ conditions: Conditions, _ moment: TrainingMoment) -> Variable {
    generator(Variable(moment.normal([conditions.count, options.latent], for: "latent")), conditions, .training)
  }

  /// What both players are told of a part's images, the same both times.
  private func forgetting(_ conditions: Conditions, _ moment: TrainingMoment) -> Conditions {
    guard !attributes.isEmpty else { return conditions }
    let draws = moment.uniform([conditions.count * (1 + attributes.count)], for: "unknown attributes")
    return conditions.forgetting(options.unknownShare, draws: draws.values)
  }

  /// - Throws: `ForgeGANError.noValues` for an attribute that is known of no image.
  private static func attributes(_ names: [String], of images: any LabelledImages) throws(ForgeGANError) -> [AttributeColumn] {
    let known = images.attributes.filter { !$0.attribute.values.isEmpty }
    var chosen: [AttributeColumn] = []
    for name in names {
      guard let column = known.first(where: { $0.attribute.name == name }) else { throw .noValues(name, known: known.map(\.attribute.name)) }
      chosen.append(column)
    }
    return chosen
  }

  private static func description(of images: any LabelledImages, _ attributes: [AttributeColumn]) throws(ForgeGANError) -> JSON {
    let description = try images.fingerprint
    guard !attributes.isEmpty, case .object(var members) = description else { return description }
    members["attributes"] = attributes.fingerprint
    return .object(members)
  }

  package func makeProbe() throws(ForgeGANError) -> (any TrainingProbe)? {
    let stream = RandomStream(seed: networks.seed, named: "probe")
    return try GeneratedImagesProbe(real: images, attributes: attributes) { [options, averageGenerator] conditions, first in
      let latent = stream.normal([conditions.count, options.latent], counter: UInt64(first * options.latent))
      return withoutRecording { averageGenerator(Variable(latent), conditions, .inference).value }
    }
  }

  private func augment(_ x: Variable, _ moment: TrainingMoment, _ purpose: String) -> Variable {
    guard options.augments else { return x }
    let draw = DiffAugment.random(
      count: x.shape[0], rows: x.shape[1], columns: x.shape[2], probability: adaptive?.probability ?? Float(options.augmentChance), stream: moment.stream(purpose),
      counter: moment.counter)
    return draw(x)
  }

  /// One column per label, eight rows; attributes as in the training set.
  package func sampleSheet(step: Int) -> SampleSheet {
    let rows = 8
    let labels = (0..<rows).flatMap { _ in labelNames.indices.map(Int32.init) }
    let open = Conditions(labels: labels, attributes: attributes.map { _ in labels.map { _ in 0 } })
    let conditions = conditions.completed(open, seed: networks.seed)
    let latent = RandomStream(seed: networks.seed, named: "sample sheet").normal([labels.count, options.latent], counter: 0)
    let images = withoutRecording { averageGenerator(Variable(latent), conditions, .inference).value }
    return SampleSheet(images: images, columns: labelNames.count, columnTitles: labelNames, step: step)
  }
}
