package import Diagnostics
import Foundation
import ForgeGAN
import ForgeTensor
import PixelMath
import ScanCatalog
import ScanModel

/// Compares synthetic with real images.
///
/// With a training set (what the generator learned from) the real set is what it never saw: classifiers learn from the training set and are
/// judged on the real one. Without, half of the real set, label by label, takes the place of a training set for classifiers, and
/// memorization cannot be measured.
package struct Evaluator {
  package let plan: EvaluationPlan
  package let threads: Int
  package let progress: ProgressSink

  package init(_ plan: EvaluationPlan, threads: Int, progress: @escaping ProgressSink) {
    KernelTable.threads = threads
    self.plan = plan
    self.threads = threads
    self.progress = progress
  }

  package func evaluate(real: EvaluationImages, synthetic: EvaluationImages, training: EvaluationImages?) throws -> Evaluation {
    // Before anything takes long.
    let given = try plan.extractors.map(FeatureExtractors.read)
    var result = Evaluation()
    (result.realCount, result.syntheticCount) = (real.count, synthetic.count)
    let untrained: [any FeatureExtractor] = [RandomConvolutionExtractor()] + given
    let found = try Evaluator.pairs(real, synthetic, untrained)
    (result.pairs, result.notMeasured) = (found.pairs, found.notMeasured)
    guard let side = plan.side ?? synthetic.side else {
      let error = synthetic.commonSize.map(EvaluationError.notSquare) ?? .mixedSizes
      guard result.pairs != nil else { throw error }
      result.notMeasured.append("Figures of sets: \(error.what). \(error.remedy)")
      return result
    }
    result.side = side
    result.checkerboard = Evaluator.checkerboards(real, synthetic, side: side)
    for (role, set) in [("real", real), ("synthetic", synthetic)] where set.count < SetFigures.least {
      guard result.pairs != nil else { throw EvaluationError.tooFew(role: role, count: set.count, least: SetFigures.least) }
      result.notMeasured.append("Figures of sets: the \(role) set has \(set.count) images, \(SetFigures.least) are needed.")
      return result
    }

    let known = training.map { Set($0.planes) } ?? []
    let real = try unseen(real, known, into: &result)
    let same = Set(real.planes)
    result.realAmongSynthetic = synthetic.planes.count { same.contains($0) }
    if result.realAmongSynthetic > 0 {
      progress(.warning(stage: "synthetic", text: "\(result.realAmongSynthetic) of \(synthetic.count) synthetic images are among the real images, pixel by pixel"))
    }
    let names = real.labelNames
    var (taught, judge): (EvaluationImages?, EvaluationImages) = training.map { ($0, real) } ?? Evaluator.halves(real)
    var judged = judge.networkImages(side: side, names: names.count > 1 ? names : nil)
    if judged.count < SetFigures.least {
      // Half of the real images, or those with a label, are too few: no classifier, and all of them for the figures.
      let isLabelled = names.count > 1 && real.labels.allSatisfy { $0 != nil }
      (taught, judge, judged) = (nil, real, real.networkImages(side: side, names: isLabelled ? names : nil))
      result.notMeasured.append(
        "Classes: \(SetFigures.least) labelled real images are needed beside those that teach a classifier, which --training can name.")
    }
    let made = synthetic.networkImages(side: side)
    let classifier = try taught.flatMap { try self.classifier($0, names: names, side: side, stage: "classifier", into: &result) }
    var extractors = untrained
    if let classifier { extractors.append(classifier) }
    result.classifierWeights = classifier?.weights
    let labels = synthetic.labels.map { label in Int32(names.firstIndex { $0 == label?.name } ?? -1) }
    for extractor in extractors {
      try result.views.append(view(extractor, judged, made, labels: judged.labelNames.count > 1 ? labels : made.labels, classifier: classifier))
    }
    if names.count > 1, result.views.contains(where: { !$0.figures.isByLabel }) {
      result.notMeasured.append("KID by label: \(Evaluator.lacking(judged, synthetic, names)). KID has the labels in their own shares on either side.")
    }
    if let classifier, let taught {
      let labelled = synthetic.networkImages(side: side, names: names)
      let unknown = Set(synthetic.labelNames).subtracting(names).sorted()
      if labelled.count > 0, labelled.count < synthetic.count {
        let reason = unknown.isEmpty ? "" : ": no real image has the label \(unknown.prefix(5).joined(separator: ", "))"
        result.notMeasured.append("Class consistency and usefulness of \(synthetic.count - labelled.count) synthetic images\(reason).")
      }
      if labelled.count > 0 {
        result.consistency = try consistency(classifier, judged: judged, labelled: labelled, trainedOn: taught.count)
        if plan.measuresUtility { result.utility = try utility(classifier, judged: judged, labelled: labelled, trainedOn: taught.count, synthetic, names, side, &result) }
      } else {
        result.notMeasured.append("Class consistency and usefulness: no synthetic image has a label that the real images know.")
      }
    }
    for attribute in ScanAttribute.allCases {
      if let taught, let found = try consistency(of: attribute, taught: taught, judge: judge, synthetic, side: side, into: &result) {
        result.attributeConsistency.append((attribute, found))
      }
    }
    if let training {
      // The one whose weights are always the same: by a classifier the answer would depend on how its training went.
      result.memory = try memory(extractors[0], training: training.networkImages(side: side), held: judged, synthetic: made)
      if result.memory == nil { result.notMeasured.append("Memorization: it needs \(2 * SetFigures.least) real images and as many training images.") }
      result.copies = try copies(training: training, known, held: judge, synthetic: synthetic)
      if result.copies == nil { result.notMeasured.append("Copies: \(CopyBounds.least) real images are needed beside the training images.") }
    } else {
      result.notMeasured.append("Memorization: name what the model was trained on with --training.")
    }
    return result
  }

  /// The real images without those that are `known` training images, pixel by pixel: by these nothing held out could be told.
  ///
  /// - Throws: `EvaluationError.notHeldOut` when too few are left.
  private func unseen(_ real: EvaluationImages, _ known: Set<Plane>, into result: inout Evaluation) throws -> EvaluationImages {
    let left = real.planes.indices.filter { !known.contains(real.planes[$0]) }
    let count = real.count - left.count
    guard count > 0 else { return real }
    guard left.count >= SetFigures.least else { throw EvaluationError.notHeldOut(count, of: real.count) }
    progress(.warning(stage: "real", text: "\(count) of \(real.count) real images are training images; they are left out"))
    result.notMeasured.append("\(count) of \(real.count) real images: they are training images.")
    result.realCount = left.count
    return real.subset(left)
  }

  /// Which labels have too few images for KID by label.
  private static func lacking(_ real: InMemoryImages, _ synthetic: EvaluationImages, _ names: [String]) -> String {
    guard real.labelNames == names else { return "some real images have no label" }
    let unlabelled = synthetic.labels.count { $0 == nil }
    let lacks = Set(names + synthetic.labelNames).sorted().compactMap { name -> String? in
      let counts = (real: real.labels.count { names[Int($0)] == name }, made: synthetic.labels.count { $0?.name == name })
      return counts.real < 2 * SetFigures.leastOfLabel || counts.made < SetFigures.leastOfLabel ? "\(name) has \(counts.real) real and \(counts.made) synthetic" : nil
    } + (unlabelled > 0 ? ["\(unlabelled) synthetic have no label"] : [])
    return "it needs \(2 * SetFigures.leastOfLabel) real and \(SetFigures.leastOfLabel) synthetic images of each label; " + lacks.prefix(5).joined(separator: ", ")
  }

  /// Every other image of each label.
  static func halves(_ images: EvaluationImages) -> (EvaluationImages, EvaluationImages) {
    var seen: [Label?: Int] = [:]
    var halves: [[Int]] = [[], []]
    for (index, label) in images.labels.enumerated() {
      let place = seen[label, default: 0]
      seen[label] = place + 1
      halves[place % 2].append(index)
    }
    return (images.subset(halves[0]), images.subset(halves[1]))
  }

  /// A classifier of `images`; nil when they cannot teach one, which is noted.
  private func classifier(
    _ images: EvaluationImages, names: [String], side: Int, stage: String, into result: inout Evaluation
  ) throws -> ImageClassifier? {
    let set = names.count > 1 ? images.networkImages(side: side, names: names) : nil
    guard let set, side >= 16, Set(set.labels).count == names.count else {
      result.notMeasured.append(
        names.count > 1
          ? "The \(stage): its images lack one of the labels, or are smaller than 16 pixels."
          : "Class consistency and usefulness: the real images have fewer than two labels.")
      return nil
    }
    var training = ImageClassifier.Training()
    (training.steps, training.seed) = (plan.classifierSteps, plan.seed)
    progress(.began(stage: stage, total: training.steps, unit: "steps"))
    let classifier = try ImageClassifier(training: set, training) { step in
      if Interruption.isRequested { throw PipelineError.interrupted }
      progress(.advanced(stage: stage, done: step))
    }
    progress(.ended(stage: stage, summary: "\(training.steps) steps on \(set.count) images"))
    return classifier
  }

  private func view(
    _ extractor: any FeatureExtractor, _ real: InMemoryImages, _ synthetic: InMemoryImages, labels: [Int32], classifier: ImageClassifier?
  ) throws -> Evaluation.View {
    let stage = "figures by \(extractor.name)"
    progress(.began(stage: stage, total: nil, unit: "images"))
    let figures = SetFigures(
      real: LabelledFeatures(try extractor.features(of: real), labels: real.labels),
      generated: LabelledFeatures(try extractor.features(of: synthetic), labels: labels),
      neighbours: min(plan.neighbours, min(real.count, synthetic.count) / 2 - 1))
    progress(.ended(stage: stage, summary: "\(real.count) real, \(synthetic.count) synthetic"))
    return Evaluation.View(
      extractor: extractor.name, digest: ContentDigest(of: Array(extractor.weights)).hex, figures: figures,
      scoreOfClasses: classifier.map { $0 === (extractor as? ImageClassifier) } == true ? try classifier.map { try Evaluator.scoreOfClasses($0.probabilities(of: synthetic)) } : nil)
  }

  private static func scoreOfClasses(_ probabilities: FeatureSet) -> Estimate {
    Estimate(of: probabilities, probabilities, lowest: 1) { set, _ in inceptionScore(set).mean }
  }

  private func consistency(
    _ classifier: ImageClassifier, judged: InMemoryImages, labelled: InMemoryImages, trainedOn: Int
  ) throws -> Evaluation.Consistency {
    let (real, synthetic) = (try classifier.score(judged), try classifier.score(labelled))
    return Evaluation.Consistency(
      digest: ContentDigest(of: Array(classifier.weights)).hex, labelNames: classifier.labelNames, trainedOn: trainedOn, real: real,
      synthetic: synthetic, accuracy: (Evaluator.accuracy(real), Evaluator.accuracy(synthetic)),
      recalls: synthetic.confusion.enumerated().map { label, row in
        let count = row.reduce(0, +)
        return count > 0 ? Estimate(successes: row[label], of: count) : nil
      })
  }

  /// Nil when no synthetic image has a value that the real images know, or these know one alone.
  private func consistency(
    of attribute: ScanAttribute, taught: EvaluationImages, judge: EvaluationImages, _ synthetic: EvaluationImages, side: Int,
    into result: inout Evaluation
  ) throws -> Evaluation.Consistency? {
    let (taught, judge) = (taught.labelled(by: attribute), judge.labelled(by: attribute))
    let names = judge.labelNames
    guard names.count > 1 else { return nil }
    let labelled = synthetic.labelled(by: attribute).networkImages(side: side, names: names)
    guard labelled.count > 0,
      let classifier = try classifier(taught, names: names, side: side, stage: "classifier of \(attribute.rawValue)", into: &result)
    else { return nil }
    let judged = judge.networkImages(side: side, names: names)
    return try consistency(classifier, judged: judged, labelled: labelled, trainedOn: taught.count)
  }

  private func utility(
    _ classifier: ImageClassifier, judged: InMemoryImages, labelled: InMemoryImages, trainedOn: Int, _ synthetic: EvaluationImages,
    _ names: [String], _ side: Int, _ result: inout Evaluation
  ) throws -> Evaluation.Utility? {
    guard let other = try self.classifier(synthetic, names: names, side: side, stage: "classifier of synthetic images", into: &result) else { return nil }
    return Evaluation.Utility(
      trainedOn: (trainedOn, labelled.count), judgedOn: judged.count, real: Evaluator.accuracy(try classifier.score(judged)),
      synthetic: Evaluator.accuracy(try other.score(judged)))
  }

  private static func accuracy(_ score: ClassificationScore) -> Estimate {
    Estimate(successes: score.confusion.indices.reduce(0) { $0 + score.confusion[$1][$1] }, of: score.count)
  }

  /// `count` indexes below `total`, evenly spread.
  static func spread(_ total: Int, _ count: Int) -> [Int] { (0..<count).map { $0 * total / count } }

  private static func checkerboards(_ real: EvaluationImages, _ synthetic: EvaluationImages, side: Int) -> (real: Estimate, synthetic: Estimate)? {
    func mean(_ images: EvaluationImages) -> Estimate? {
      let chosen = spread(images.count, min(images.count, 256)).map { images.planes[$0] }.filter { min($0.rows, $0.columns) >= 16 }
      return chosen.isEmpty ? nil : Estimate(meanOf: chosen.map(checkerboardScore))
    }
    guard side >= 16, let real = mean(real), let synthetic = mean(synthetic) else { return nil }
    return (real, synthetic)
  }
}
