import ForgeGAN
import ForgeNN
import ForgeTensor
import TestSupport
import Testing

@Suite struct ExtractorTests {
  private static let plan: ImageClassifier.Training = {
    var plan = ImageClassifier.Training()
    (plan.steps, plan.batch, plan.base) = (40, 12, 4)
    return plan
  }()

  /// The images of `Tiny` with other places of their figures.
  private static let training = Tiny.images(perClass: 5)

  @Test func `a classifier learns classes and is stored whole`() throws {
    let classifier = try ImageClassifier(training: Self.training, Self.plan)
    let score = try classifier.score(Tiny.images(perClass: 8))
    #expect(score.accuracy > 0.9, "\(score.confusion)")
    let again = try ImageClassifier(CheckpointReader(SafeTensors(parsing: classifier.weights, name: "c"), fileName: "c"))
    #expect(try again.probabilities(of: Self.training) == classifier.probabilities(of: Self.training))
    #expect(again.weights == classifier.weights)
  }

  @Test func `a training is a function of its images and settings`() throws {
    let first = try ImageClassifier(training: Self.training, Self.plan).weights
    #expect(try ImageClassifier(training: Self.training, Self.plan).weights == first)
    var other = Self.plan
    other.seed = 2
    #expect(try ImageClassifier(training: Self.training, other).weights != first)
  }

  @Test func `features of an image are its own`() throws {
    let extractors: [any FeatureExtractor] = [RandomConvolutionExtractor(), try ImageClassifier(training: Self.training, Self.plan)]
    let images = Tiny.images(perClass: 30)
    let half = InMemoryImages(
      size: images.size, pixels: (0..<45).flatMap { try! images.batch([2 * $0]).values }, labels: (0..<45).map { images.labels[2 * $0] },
      labelNames: images.labelNames)
    for extractor in extractors {
      let all = try extractor.features(of: images)
      #expect(all.width == extractor.width && all.count == images.count)
      #expect(try extractor.features(of: half) == all.rows(stride(from: 0, to: 90, by: 2)), "\(extractor.name)")
    }
  }

  @Test func `a random extractor is its seed and tells images apart`() throws {
    #expect(RandomConvolutionExtractor(seed: 3).weights == RandomConvolutionExtractor(seed: 3).weights)
    #expect(RandomConvolutionExtractor(seed: 3).weights != RandomConvolutionExtractor(seed: 4).weights)
    let features = try RandomConvolutionExtractor().features(of: Tiny.images(perClass: 20))
    let (even, odd) = (features.rows(stride(from: 0, to: 60, by: 3)), features.rows(stride(from: 1, to: 60, by: 3)))
    #expect(kernelDistance(even, odd) > 0)
    #expect(frechetDistance(even, odd) > 10 * abs(frechetDistance(even, even)))
  }

  @Test func `images of another size or label are refused`() throws {
    let classifier = try ImageClassifier(training: Self.training, Self.plan)
    let small = InMemoryImages(size: 16, pixels: [Float](repeating: 0, count: 512), labels: [0, 1], labelNames: ["disc", "bar"])
    #expect(throws: ForgeGANError.self) { try classifier.features(of: small) }
    let strange = InMemoryImages(size: 32, pixels: [Float](repeating: 0, count: 1024), labels: [0], labelNames: ["cube"])
    #expect(throws: ForgeGANError.unknownLabel("cube", known: ["disc", "bar", "slope"])) { try classifier.score(strange) }
  }
}
