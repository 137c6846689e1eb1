package import ForgeGrad
import ForgeNN
package import ForgeTensor
package import Foundation

/// A network that turns an image into numbers by which sets of images are compared. Figures depend on it: every figure is printed with the
/// extractor's name and the hash of its weights.
package protocol FeatureExtractor {
  /// What stands beside a figure: `classifier`, `random-cnn`.
  var name: String { get }
  /// Numbers per image.
  var width: Int { get }
  /// Sides of images that it takes.
  var sizes: ClosedRange<Int> { get }
  /// The weights as a safetensors file, for hashing and keeping.
  var weights: Data { get }
  /// `[N, size, size, 1]` in −1...1 to `[N, width]`. An image's features do not depend on the others.
  func features(_ images: Variable) -> Variable
  /// What its layers make of images, from the first on, for comparing an image with its counterpart place by place; empty for an extractor
  /// that knows no places.
  func maps(_ images: Variable) -> [Variable]
}

extension FeatureExtractor {
  package func maps(_ images: Variable) -> [Variable] { [] }

  /// How far the maps of two images lie apart; nil for an extractor without maps.
  ///
  /// - Parameters: `[1, H, W, 1]` in −1...1, of one size.
  package func distance(of image: Tensor, to truth: Tensor) -> MapDistance? {
    withoutRecording { MapDistance(of: maps(Variable(image)), to: maps(Variable(truth))) }
  }

  /// Features of all images, in order.
  package func features(of images: any LabelledImages) throws(ForgeGANError) -> FeatureSet {
    guard sizes.contains(images.size) else {
      throw .unsuitableData(
        model: name, reason: "they have \(images.size) pixels a side, it takes \(sizes.lowerBound) to \(sizes.upperBound)")
    }
    return try rows(of: images, width: width) { features($0) }
  }
}

/// One row of numbers per image, a few images at a time.
func rows(of images: any LabelledImages, width: Int, _ network: (Variable) -> Variable) throws(ForgeGANError) -> FeatureSet {
  // As many as keep the maps of a wide network within some 100 MB.
  let chunk = max(1, min(64, (1 << 18) / (images.size * images.size)))
  var values: [Double] = []
  values.reserveCapacity(images.count * width)
  for first in stride(from: 0, to: images.count, by: chunk) {
    let some = try images.batch(Array(first..<min(images.count, first + chunk)))
    let result = withoutRecording { network(Variable(some)).value }
    values += result.values.map(Double.init)
  }
  return FeatureSet(width: width, values: values)
}
