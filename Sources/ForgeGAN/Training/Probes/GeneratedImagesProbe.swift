import ForgeGrad
package import ForgeNN
package import ForgeTensor
package import Foundation
import PixelMath

/// Compares images that a generator makes of the same latent vectors each time with as many training images of the same labels and attributes.
///
/// Figures: `kid` (Binkowski et al. 2018), `precision` and `recall` (Kynkäänniemi et al. 2019) by features of a random network;
/// `similarity`, the mean MS-SSIM of pairs of one label (Odena et al. 2017), beside `realSimilarity`, both left out where no label has two
/// images; `duplicates`, the share of generated images with a neighbour at less than half of the distance that nine in ten training images
/// keep from theirs, beside `realDuplicates`.
package final class GeneratedImagesProbe: TrainingProbe {
  /// Makes `[N, size, size, 1]` in −1...1 of N conditions; `first` is the place of the first in the whole set.
  package typealias Generate = (_ conditions: Conditions, _ first: Int) -> Tensor

  private static let largestCount = 256
  private static let pairCount = 96
  private static let neighbours = 5
  /// Share of the training images that are nearer to their neighbour than the rest.
  private static let quantile = 0.1

  private let extractor = RandomConvolutionExtractor()
  private let generate: Generate
  private let conditions: Conditions
  private let side: Int
  private let pairs: [(Int, Int)]
  private let real: FeatureSet
  private let realSimilarity: Double?
  private let realDuplicates: Double
  /// Squared distance below which two images count as one.
  private let bar: Double

  /// - Parameter attributes: those of the images' attributes that `generate` takes.
  package init(real images: any LabelledImages, attributes: [AttributeColumn] = [], generate: @escaping Generate) throws(ForgeGANError) {
    let count = min(images.count, GeneratedImagesProbe.largestCount)
    let chosen = (0..<count).map { $0 * images.count / count }
    let labels = chosen.map { images.labels[$0] }
    self.generate = generate
    conditions = Conditions(labels: labels, attributes: attributes.map { column in chosen.map { column.indexes[$0] } })
    side = images.size
    // Each image with the next one of its label.
    pairs = Array(
      (0..<count).lazy.compactMap { first in
        let next = (1..<count).lazy.map { (first + $0) % count }.first { labels[$0] == labels[first] }
        return next.map { (first, $0) }
      }.prefix(GeneratedImagesProbe.pairCount))
    let pixels = try images.batch(chosen)
    real = GeneratedImagesProbe.features(pixels, by: extractor)
    realSimilarity = GeneratedImagesProbe.similarity(pixels, pairs, side: side)
    let nearest = GeneratedImagesProbe.nearest(real)
    let near = nearest.sorted()[Int(Double(count) * GeneratedImagesProbe.quantile)]
    let bar = near / 4
    self.bar = bar
    realDuplicates = share(nearest) { $0 <= bar }
  }

  package func criterion(hash: (Data) -> String) -> JSON {
    [
      "figure": "kid", "extractor": .string(extractor.name), "sha256": .string(hash(extractor.weights)), "real": .integer(conditions.count),
      "generated": .integer(conditions.count),
    ]
  }

  package func measure(progress: Double) -> ProbeResult {
    let images = GeneratedImagesProbe.chunks(conditions.count).map { generate(conditions.at($0), $0.lowerBound) }
    let pixels = concatenate(images, axis: 0)
    guard pixels.withUnsafeBufferPointer({ $0.allSatisfy(\.isFinite) }) else { return ProbeResult(score: nil, figures: [:]) }
    let made = GeneratedImagesProbe.features(pixels, by: extractor)
    let distance = kernelDistance(real, made)
    let bar = bar
    var figures = [
      "kid": distance, "duplicates": share(GeneratedImagesProbe.nearest(made)) { $0 <= bar }, "realDuplicates": realDuplicates,
    ]
    figures["similarity"] = GeneratedImagesProbe.similarity(pixels, pairs, side: side)
    figures["realSimilarity"] = realSimilarity
    if conditions.count > GeneratedImagesProbe.neighbours {
      let coverage = NeighbourCoverage(real: real, generated: made, neighbours: GeneratedImagesProbe.neighbours)
      figures["recall"] = coverage.recall
      figures["precision"] = coverage.precision
    }
    return ProbeResult(score: distance, figures: figures)
  }

  private static func chunks(_ count: Int) -> [Range<Int>] { stride(from: 0, to: count, by: 64).map { $0..<min(count, $0 + 64) } }

  private static func features(_ images: Tensor, by extractor: RandomConvolutionExtractor) -> FeatureSet {
    let values = split(Variable(images), axis: 0, sizes: chunks(images.shape[0]).map(\.count)).flatMap { chunk in
      withoutRecording { extractor.features(chunk).value }.values.map(Double.init)
    }
    return FeatureSet(width: extractor.width, values: values)
  }

  /// Squared distance of each row to its nearest neighbour.
  private static func nearest(_ set: FeatureSet) -> [Double] {
    set.mapRows(against: set, squaredDistance) { row, distances in
      distances.indices.reduce(.infinity) { $1 == row ? $0 : min($0, distances[$1]) }
    }
  }

  /// The mean MS-SSIM of the pairs; nil when there are none.
  private static func similarity(_ images: Tensor, _ pairs: [(Int, Int)], side: Int) -> Double? {
    guard !pairs.isEmpty else { return nil }
    let area = side * side
    let planes = images.values.withUnsafeBufferPointer { values in
      (0..<images.shape[0]).map { image in
        Plane(rows: side, columns: side, values: (0..<area).map { (values[image * area + $0] + 1) / 2 })
      }
    }
    let found = SimilarityList(count: pairs.count)
    parallel(pairs.count) { found[$0] = multiScaleSimilarity(planes[pairs[$0].0], planes[pairs[$0].1], range: 1) }
    return found.mean
  }
}

/// Numbers that threads write, each its own.
private final class SimilarityList: @unchecked Sendable {
  private let numbers: UnsafeMutableBufferPointer<Double>

  init(count: Int) {
    numbers = .allocate(capacity: count)
    numbers.initialize(repeating: 0)
  }

  deinit { numbers.deallocate() }

  subscript(index: Int) -> Double {
    get { numbers[index] }
    set { numbers[index] = newValue }
  }

  var mean: Double { numbers.reduce(0, +) / Double(numbers.count) }
}
