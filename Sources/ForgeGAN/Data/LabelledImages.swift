package import ForgeTensor

/// Square grey images with a class each, all of one size.
package protocol LabelledImages: Sendable {
  var count: Int { get }
  /// Rows = columns, in pixels.
  var size: Int { get }
  /// Class of each image, an index into `labelNames`.
  var labels: [Int32] { get }
  var labelNames: [String] { get }
  /// What is known of the images beside their class; empty when nothing is.
  var attributes: [AttributeColumn] { get }
  /// Writes the `size · size` pixels of an image, in −1...1, row by row.
  func copy(_ index: Int, into pixels: UnsafeMutableBufferPointer<Float>) throws(ForgeGANError)
}

extension LabelledImages {
  package var attributes: [AttributeColumn] { [] }

  /// The images at `indexes`: `[N, size, size, 1]`.
  package func batch(_ indexes: [Int]) throws(ForgeGANError) -> Tensor {
    var images = Tensor(blank: [indexes.count, size, size, 1])
    try copy(indexes, into: &images)
    return images
  }

  /// Writes the images at `indexes` over `images`, `[N, size, size, 1]`.
  func copy(_ indexes: [Int], into images: inout Tensor) throws(ForgeGANError) {
    let area = size * size
    precondition(images.count == indexes.count * area, "\(images.shape) has no room for \(indexes.count) images")
    try images.withUnsafeMutableBufferPointer { (pixels) throws(ForgeGANError) in
      for (place, index) in indexes.enumerated() {
        try copy(index, into: UnsafeMutableBufferPointer(rebasing: pixels[place * area..<(place + 1) * area]))
      }
    }
  }
}

/// Images held in memory as one array.
package struct InMemoryImages: LabelledImages {
  package let size: Int
  package let labels: [Int32]
  package let labelNames: [String]
  package let attributes: [AttributeColumn]
  private let pixels: [Float]

  package var count: Int { labels.count }

  /// `pixels` holds the images one after another, row by row, in −1...1.
  package init(size: Int, pixels: [Float], labels: [Int32], labelNames: [String], attributes: [AttributeColumn] = []) {
    precondition(pixels.count == labels.count * size * size, "\(pixels.count) pixels are not \(labels.count) images of \(size)x\(size)")
    precondition(labels.allSatisfy { 0 <= $0 && $0 < labelNames.count }, "a label has no name")
    precondition(attributes.allSatisfy { $0.indexes.count == labels.count }, "an attribute has not one value per image")
    self.size = size
    self.labels = labels
    self.labelNames = labelNames
    self.attributes = attributes
    self.pixels = pixels
  }

  package func copy(_ index: Int, into pixels: UnsafeMutableBufferPointer<Float>) {
    let area = size * size
    self.pixels.withUnsafeBufferPointer { all in _ = pixels.update(fromContentsOf: all[index * area..<(index + 1) * area]) }
  }
}
