package import ForgeGAN
package import Foundation
package import ScanModel

/// What an evaluation found. Every figure of a set stands with its extractor, the hash of the extractor's weights and the numbers of images.
package struct Evaluation: Sendable {
  /// One extractor's view.
  package struct View: Sendable {
    package let extractor: String
    /// SHA-256 of the extractor's weights, hexadecimal.
    package let digest: String
    package let figures: SetFigures
    package let scoreOfClasses: Estimate?
  }

  /// What a classifier trained on real images says.
  package struct Consistency: Sendable {
    package let digest: String
    package let labelNames: [String]
    package let trainedOn: Int
    package let real: ClassificationScore
    package let synthetic: ClassificationScore
    package let accuracy: (real: Estimate, synthetic: Estimate)
    /// By label: share of the synthetic images that the classifier takes for what they are labelled.
    package let recalls: [Estimate?]
  }

  /// A classifier trained on synthetic images, judged on real ones, beside the one trained on real images.
  package struct Utility: Sendable {
    package let trainedOn: (real: Int, synthetic: Int)
    package let judgedOn: Int
    package let real: Estimate
    package let synthetic: Estimate
    package var ratio: Double { real.value > 0 ? synthetic.value / real.value : .nan }
  }

  /// Whether synthetic images lie nearer to training images than other real images do.
  package struct Memory: Sendable {
    package let extractor: String
    package let statistics: MemorizationStatistics
    /// The same of held-out images that stand in for synthetic ones.
    package let honestStatistics: MemorizationStatistics
    /// Share of synthetic images nearer to a training image than to any held-out image; sets of equal size. Images farther from both than any
    /// honest image count half: noise lies nearer to one of the sets too, and shows nobody.
    package let closer: Estimate
    /// The same of held-out images that stand in for synthetic ones: what honest images reach.
    package let honest: Estimate
    package let setSize: Int
    /// Synthetic images that are the same as a training image: a hundred times nearer than the nearest honest one. Images that are merely alike are
    /// for `Copies` to judge.
    package let suspects: Int
    package var isFlagged: Bool { closer.interval.lowerBound > max(honest.interval.upperBound, 0.5) || suspects > 0 }
  }

  /// Synthetic images that show what a training image shows, found by laying pictures over each other (`CopySearch`).
  package struct Copies: Sendable {
    package struct Copy: Sendable {
      /// Places in the two sets.
      package let synthetic: Int
      package let training: Int
      /// What the two images are called in reports.
      package let places: (synthetic: String, training: String)
      /// 1 less the correlation.
      package let distance: Double

      package init(synthetic: Int, training: Int, places: (synthetic: String, training: String), distance: Double) {
        (self.synthetic, self.training, self.places, self.distance) = (synthetic, training, places, distance)
      }
    }

    /// The nearest first.
    package let found: [Copy]
    /// Synthetic images that are a training image, pixel by pixel.
    package let identical: Int
    package let training: Int
    package let synthetic: Int
    /// Held-out images that tell how near honest ones come, and how many of them show what a training image shows nevertheless, as neighbouring
    /// slices of one patient do.
    package let honest: (count: Int, found: Int)
    /// The distance of the nearest honest image.
    package let nearestHonest: Double
    /// What is as near counts as a copy.
    package let threshold: Double

    package init(
      found: [Copy], identical: Int, training: Int, synthetic: Int, honest: (count: Int, found: Int), nearestHonest: Double, threshold: Double
    ) {
      (self.found, self.identical, self.training, self.synthetic) = (found, identical, training, synthetic)
      (self.honest, self.nearestHonest, self.threshold) = (honest, nearestHonest, threshold)
    }

    /// Found ones at less than a quarter of the distance of any honest image.
    package var nearer: Int { found.count { $0.distance < nearestHonest / 4 } }

    /// So many found ones are more than honest images explain, beyond chance: their share's interval is above that of honest images. nil when no
    /// number of them is.
    package var flaggedFrom: Int? {
      guard honest.found > 0 else { return 1 }
      let highest = Estimate(successes: honest.found, of: honest.count).interval.upperBound
      return (1...synthetic).first { Estimate(successes: $0, of: synthetic).interval.lowerBound > highest }
    }

    /// One is too many, unless honest images do it too: then it must be nearer than they come, or more often than they do. A training image is never
    /// honest.
    package var isFlagged: Bool { identical > 0 || nearer > 0 || flaggedFrom.map { found.count >= $0 } == true }
  }

  /// Images that have a counterpart of the same name.
  package struct Pairs: Sendable {
    package let count: Int
    package let psnr: Estimate
    package let ssim: Estimate
    /// nil where images are smaller than 176 pixels.
    package let multiScaleSSIM: Estimate?
    /// Means of how far an extractor's maps of the two images lie apart.
    package let featureDistances: [(extractor: String, digest: String, value: MapDistance)]
  }

  package var realCount = 0
  package var syntheticCount = 0
  /// Synthetic images that are real images, pixel by pixel.
  package var realAmongSynthetic = 0
  package var side = 0
  package var views: [View] = []
  /// The weights of the classifier that was trained on real images, as a file for `EvaluationPlan.extractors`.
  package var classifierWeights: Data?
  package var consistency: Consistency?
  /// The same by values of attributes in place of labels, where synthetic images have them.
  package var attributeConsistency: [(attribute: ScanAttribute, consistency: Consistency)] = []
  package var utility: Utility?
  package var memory: Memory?
  package var copies: Copies?
  /// Whether synthetic images are copies, or lie nearer to training images than honest ones do.
  package var isSuspect: Bool { memory?.isFlagged == true || copies?.isFlagged == true }
  package var pairs: Pairs?
  /// Mean checkerboard score of real and synthetic images.
  package var checkerboard: (real: Estimate, synthetic: Estimate)?
  /// What was not measured and why, in sentences.
  package var notMeasured: [String] = []

  package init() {}
}

/// What to evaluate and how.
package struct EvaluationPlan: Sendable {
  /// Side to which images are brought; nil for that of the synthetic images.
  package var side: Int?
  /// Steps of each classifier's training.
  package var classifierSteps = 600
  package var neighbours = 5
  package var seed: UInt64 = 1
  /// Train a second classifier on the synthetic images.
  package var measuresUtility = true
  /// Files with weights of further extractors: a VGG network's, or a classifier that was trained here.
  package var extractors: [URL] = []

  package init() {}
}
