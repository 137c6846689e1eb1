package import ForgeTensor

/// Square grey images with a class each, all of one size.
package protocol LabelledImages: Sendable {
  var count: Int { get }
  /// Rows = columns, in pixels.
  var size: Int { get }
  /// Class of each image, an index into `labelNames`.
  var labels: [Int32] { get }
  var labelNames: [String] { get }
  /// The images at `indexes`: `[N, size, size, 1]` in −1...1.
  func batch(_ indexes: [Int]) -> Tensor
}

/// Images held in memory as one array.
package struct InMemoryImages: LabelledImages {
  package let size: Int
  package let labels: [Int32]
  package let labelNames: [String]
  private let pixels: [Float]

  package var count: Int { labels.count }

  /// `pixels` holds the images one after another, row by row, in −1...1.
  package init(size: Int, pixels: [Float], labels: [Int32], labelNames: [String]) {
    precondition(pixels.count == labels.count * size * size, "\(pixels.count) pixels are not \(labels.count) images of \(size)x\(size)")
    precondition(labels.allSatisfy { 0 <= $0 && $0 < labelNames.count }, "a label has no name")
    self.size = size
    self.labels = labels
    self.labelNames = labelNames
    self.pixels = pixels
  }

  package func batch(_ indexes: [Int]) -> Tensor {
    let area = size * size
    var values: [Float] = []
    values.reserveCapacity(indexes.count * area)
    for index in indexes { values += pixels[index * area..<(index + 1) * area] }
    return Tensor([indexes.count, size, size, 1], values)
  }
}
