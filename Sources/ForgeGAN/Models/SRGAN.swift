import ForgeGrad
package import ForgeNN
import ForgeTensor
import Foundation

/// Super-resolution in two phases: first the generator learns to be right on average (content), then a discriminator pushes it to be sharp
/// (adversarial), held by content and discriminator-feature losses. Source: Ledig et al. 2017.
package final class SRGAN: GenerativeModel {
  package static let entry = ModelRegistry.Entry(
    name: "srgan", summary: "super-resolution of slices by 2, 3 or 4: SRResNet, then adversarial training", data: .planes,
    check: { (options) throws(ForgeGANError) in _ = try Configuration(options) },
    make: { try SRGAN($0) })

  package let name = "srgan"
  package private(set) var options: Configuration
  package let networks: ParameterStore
  package let labelNames: [String] = []
  package let dataDescription: JSON
  private let patches: SuperResolutionPatches
  package let batches: PatchBatches
  private let featureNetwork: VGGNetwork?
  private let generator: any SuperResolutionNetwork
  private let discriminator: PatchDiscriminator?
  private let averageStore: ParameterStore
  private let averageGenerator: any SuperResolutionNetwork
  private let average: ExponentialMovingAverage
  private let lattice: LatticeFilter
  private let generatorOptimizer: Adam
  private let adversarialOptimizer: Adam
  private let discriminatorOptimizer: Adam?

  package var configuration: JSON { options.json }
  package var averages: [Parameter] { averageStore.parameters }
  package var inferenceParameters: [Parameter] { averageStore.parameters }
  package var imagesPerBatch: Int { options.batch }
  package var optimizers: [(name: String, optimizer: Adam)] {
    guard let discriminatorOptimizer else { return [("generator", generatorOptimizer)] }
    return [("generator", generatorOptimizer), ("adversarial", adversarialOptimizer), ("discriminator", discriminatorOptimizer)]
  }

  package init(_ request: ModelRequest) throws {
    guard case .planes(let planes) = request.data else {
      throw ForgeGANError.unsuitableData(model: "srgan", reason: "it needs grey planes to cut patches from")
    }
    options = try Configuration(request.options)
    featureNetwork = try options.featureNetwork.map { try VGGNetwork(contentsOf: URL(fileURLWithPath: $0)) }
    options.featureNetwork = featureNetwork?.fingerprint
    patches = SuperResolutionPatches(
      planes, factor: options.factor, patch: options.patch, degradation: options.degradation, zoom: options.zoom, zoomShare: options.zoomShare)
    guard patches.count > 0 else {
      let side = options.patch * options.factor
      throw ForgeGANError.unsuitableData(model: "srgan", reason: "none holds a patch of \(side)x\(side) pixels")
    }
    batches = PatchBatches(patches, count: options.batch)
    lattice = LatticeFilter(factor: options.factor)
    dataDescription = planes.fingerprint
    networks = ParameterStore(seed: request.seed)
    averageStore = ParameterStore(seed: request.seed)
    generator = options.makeGenerator(networks.root["generator"])
    averageGenerator = options.makeGenerator(averageStore.root["generator"])
    let isAdversarial = options.phase != .content
    discriminator = isAdversarial ? PatchDiscriminator(networks.root["discriminator"], width: options.discriminatorWidth) : nil
    if let start = request.start { try start.restore(networks.parameters(under: "generator")) }
    average = ExponentialMovingAverage(of: networks.parameters(under: "generator"), in: averageStore.parameters)
    let weights = networks.parameters(under: "generator")
    generatorOptimizer = Adam(weights, learningRate: Float(options.rate))
    adversarialOptimizer = Adam(weights, learningRate: Float(options.adversarialRate), beta1: 0.9, beta2: 0.99)
    discriminatorOptimizer =
      isAdversarial
      ? Adam(networks.parameters(under: "discriminator"), learningRate: Float(options.discriminatorRate), beta1: 0.5, beta2: 0.9) : nil
  }

  package func step(_ moment: TrainingMoment, _ parts: [SuperResolutionPatches.Batch]) -> [Measure] {
    let share = contentShare
    if moment.progress < share || share == 1 { return contentStep(parts, moment, progress: min(1, moment.progress / share)) }
    return adversarialStep(parts, moment, progress: (moment.progress - share) / (1 - share))
  }

  /// Part of the training that the content phase takes.
  private var contentShare: Double { options.phase == .content ? 1 : options.phase == .adversarial ? 0 : options.contentShare }

  private func contentStep(_ parts: [SuperResolutionPatches.Batch], _ moment: TrainingMoment, progress: Double) -> [Measure] {
    var measures = PartMeans()
    generatorOptimizer.learningRate = Float(options.rate) * options.schedule.factor(progress)
    descend(generatorOptimizer, parts.count, moment) { index in
      let content = options.contentLoss(enlarge(parts[index]), Variable(parts[index].large))
      measures.add("content", content.scalar)
      return content
    }
    return measures.all
  }

  private func adversarialStep(_ parts: [SuperResolutionPatches.Batch], _ moment: TrainingMoment, progress: Double) -> [Measure] {
    guard let discriminator, let discriminatorOptimizer else { preconditionFailure("an adversarial step without a discriminator") }
    let count = options.batch
    let rate = options.schedule.factor(progress, floor: 0.1)
    var measures = PartMeans()
    // The graph of enlarged patches serves both players; with several parts it is made again, since only one is held at a time.
    var kept: Shown?

    discriminatorOptimizer.learningRate = Float(options.discriminatorRate) * rate
    discriminatorOptimizer.descend(parts: parts.count) { index in
      let shown = show(parts[index])
      if parts.count == 1 { kept = shown }
      let seen = discriminator(concatenate([shown.truth, shown.result.detached()], axis: 0), .training)
      let logits = split(seen.logits, axis: 0, sizes: [count, count])
      let loss = options.adversarialLoss.discriminator(real: logits[0], fake: logits[1])
      measures.add("discriminator", loss.scalar)
      return loss
    }

    adversarialOptimizer.learningRate = Float(options.adversarialRate) * rate
    descend(adversarialOptimizer, parts.count, moment) { index in
      let shown = kept.take() ?? show(parts[index])
      let content = options.contentLoss(shown.made, Variable(parts[index].large))
      let truth = withoutRecording { discriminator(shown.truth, .inference) }
      let judged = discriminator(shown.result, .inference)
      let adversarial = options.adversarialLoss.generator(fake: judged.logits, real: truth.logits)
      var features = Variable(0)
      for (mine, wanted) in zip(judged.features, truth.features) { features = features + mean(abs(mine - wanted)) }
      // No other loss but the content's sees a checkerboard, and the larger ones are, the less that one keeps the network from drifting into it.
      let pattern = mean(abs((shown.made - shown.result) - (Variable(parts[index].large) - shown.truth)))
      measures.add("content", content.scalar)
      measures.add("pattern", pattern.scalar)
      measures.add("adversarial", adversarial.scalar)
      measures.add("features", features.scalar)
      var objective = content + adversarial * Float(options.adversarialWeight) + features * Float(options.featureWeight)
        + pattern * Float(options.patternWeight)
      if let featureNetwork {
        let distance = featureDistance(featureNetwork.blocks(of: shown.result), withoutRecording { featureNetwork.blocks(of: shown.truth) })
        measures.add("network", distance.scalar)
        objective = objective + distance * Float(options.networkWeight)
      }
      return objective
    }
    return measures.all
  }

  /// A result, and what the losses that reward texture see of it and of the truth: neither has what repeats with the pixel shuffle.
  private struct Shown {
    let made: Variable
    let result: Variable
    let truth: Variable
  }

  private func show(_ batch: SuperResolutionPatches.Batch) -> Shown {
    let (made, enlarged) = (enlarge(batch), Variable(batch.enlarged))
    return Shown(
      made: made, result: lattice(made, over: enlarged), truth: withoutRecording { lattice(Variable(batch.large), over: enlarged) })
  }

  private func enlarge(_ batch: SuperResolutionPatches.Batch) -> Variable {
    generator(Variable(batch.small), enlarged: Variable(batch.enlarged), .training)
  }

  /// Moves the generator and its average.
  private func descend(_ optimizer: Adam, _ parts: Int, _ moment: TrainingMoment, _ objective: (Int) -> Variable) {
    optimizer.descend(
      parts: parts, averaging: average, decay: ExponentialMovingAverage.warmUpDecay(step: moment.step, limit: Float(options.averageDecay)),
      objective)
  }

  package func makeProbe() -> (any TrainingProbe)? {
    let batch = patches.batch(count: 32, stream: RandomStream(seed: networks.seed, named: "probe"), counter: 0)
    return ReconstructionProbe(batch, contentShare: contentShare) { [averageGenerator] in
      withoutRecording { averageGenerator(Variable(batch.small), enlarged: Variable(batch.enlarged), .inference).value }
    }
  }

  /// Three columns: enlarged by bicubic, super-resolved, truth; six rows of patches.
  package func sampleSheet(step: Int) -> SampleSheet {
    let rows = 6
    let batch = patches.batch(count: rows, stream: RandomStream(seed: networks.seed, named: "sample sheet"), counter: 0)
    let made = withoutRecording { averageGenerator(Variable(batch.small), enlarged: Variable(batch.enlarged), .inference).value }
    let columns = concatenate([batch.enlarged, made, batch.large].map { $0.reshaped([rows, 1, $0.count / rows]) }, axis: 1)
    let side = batch.large.shape[1]
    let images = clamp(columns, 0, 1).reshaped([rows * 3, side, side, 1]) * 2 - 1
    return SampleSheet(images: images, columns: 3, columnTitles: ["bicubic", "super-resolved", "original"], step: step)
  }
}
