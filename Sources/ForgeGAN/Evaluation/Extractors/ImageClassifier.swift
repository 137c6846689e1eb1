package import ForgeGrad
package import ForgeNN
import ForgeTensor
package import Foundation

/// A classifier of labelled images, trained here: it tells whether generated images show their labels, serves as feature extractor, and
/// measures what synthetic images are worth as training data.
package final class ImageClassifier: FeatureExtractor {
  /// What a training is given; all that its result depends on besides the images.
  package struct Training: Sendable, Equatable {
    package var steps = 600
    package var batch = 64
    package var rate: Float = 2e-3
    /// Channels at full size.
    package var base = 16
    package var seed: UInt64 = 1

    package init() {}
  }

  package let name = "classifier"
  package let labelNames: [String]
  package let size: Int
  private let store: ParameterStore
  private let network: ClassifierNetwork
  private let base: Int

  package var width: Int { network.width }
  package var sizes: ClosedRange<Int> { size...size }

  private init(size: Int, labelNames: [String], base: Int, seed: UInt64, isBlank: Bool) {
    self.size = size
    self.labelNames = labelNames
    self.base = base
    store = ParameterStore(seed: seed, isBlank: isBlank)
    network = ClassifierNetwork(store.root, size: size, classes: labelNames.count, base: base)
  }

  /// Trains from the start: cross entropy, Adam, a cosine schedule; images are moved, dimmed and holed at random, which classic
  /// augmentation does too. Equal images and settings give equal weights.
  ///
  /// - Parameter watch: called after each step with the number of steps done; false ends the training with an error of cancellation.
  package convenience init(
    training images: any LabelledImages, _ plan: Training = Training(), watch: (Int) throws -> Void = { _ in }
  ) throws {
    guard images.count > 1, images.labelNames.count > 1, images.size >= 16 else {
      throw ForgeGANError.unsuitableData(
        model: "classifier", reason: "it needs two images, two labels and 16 pixels a side; there are \(images.count) images with \(images.labelNames.count) labels and \(images.size) pixels")
    }
    self.init(size: images.size, labelNames: images.labelNames, base: plan.base, seed: plan.seed, isBlank: false)
    let optimizer = Adam(store.parameters, learningRate: plan.rate)
    // Few images fill a smaller batch: the same image twice in one batch tells a batch norm nothing new.
    var source = LabelledBatches(images, count: min(plan.batch, images.count), seed: plan.seed)
    var batch = source.makeRoom()
    for step in 0..<plan.steps {
      try source.fill(&batch, seed: plan.seed, step: step)
      let moment = TrainingMoment(seed: plan.seed, step: step, progress: Double(step) / Double(plan.steps))
      let draw = DiffAugment.random(
        count: batch.labels.count, rows: size, columns: size, strength: ImageClassifier.strength, stream: moment.stream("augment classifier"),
        counter: moment.counter)
      let loss = crossEntropy(network.logits(network.features(draw(Variable(batch.images)), .training), .training), labels: batch.labels)
      guard loss.scalar.isFinite else { throw ForgeGANError.diverged(model: "classifier", step: step, measure: "loss") }
      optimizer.learningRate = plan.rate * LearningRateSchedule.cosine.factor(moment.progress)
      optimizer.update(gradient(of: loss, withRespectTo: optimizer.variables).map(\.value))
      try watch(step + 1)
    }
  }

  private static let strength: DiffAugment.Strength = {
    var strength = DiffAugment.Strength()
    strength.cutout = 0.15
    return strength
  }()

  package func features(_ images: Variable) -> Variable { network.features(images, .inference) }

  /// Class probabilities, one row per image.
  package func probabilities(of images: any LabelledImages) throws(ForgeGANError) -> FeatureSet {
    guard images.size == size else {
      throw .unsuitableData(model: name, reason: "they have \(images.size) pixels a side, it takes \(size)")
    }
    return try rows(of: images, width: labelNames.count) {
      softmax(network.logits(network.features($0, .inference), .inference))
    }
  }

  /// How well it tells the labels of `images`.
  ///
  /// - Parameter images: their label names must be the classifier's, in any order.
  package func score(_ images: any LabelledImages) throws(ForgeGANError) -> ClassificationScore {
    var classes: [Int] = []
    for name in images.labelNames {
      guard let index = labelNames.firstIndex(of: name) else { throw .unknownLabel(name, known: labelNames) }
      classes.append(index)
    }
    return ClassificationScore(probabilities: try probabilities(of: images), labels: images.labels.map { classes[Int($0)] })
  }

  package var weights: Data {
    var writer = CheckpointWriter(description: [
      "extractor": .string(name), "size": .number(Double(size)), "base": .number(Double(base)), "labels": .array(labelNames.map(JSON.string)),
    ])
    writer.add(store.parameters)
    return writer.serialized()
  }

  /// Reads what `weights` wrote.
  package convenience init(_ checkpoint: CheckpointReader) throws(CheckpointError) {
    let description = checkpoint.description
    guard description["extractor"]?.stringValue == "classifier", let size = description["size"]?.integerValue, (16...4096).contains(size),
      let base = description["base"]?.integerValue, (1...1024).contains(base),
      let labels = description["labels"]?.arrayValue?.compactMap(\.stringValue), labels.count > 1
    else { throw .wrongKind(file: checkpoint.fileName, reason: "the file does not describe a classifier") }
    self.init(size: size, labelNames: labels, base: base, seed: 0, isBlank: true)
    try checkpoint.restore(store.parameters)
    try checkpoint.finish()
  }
}
