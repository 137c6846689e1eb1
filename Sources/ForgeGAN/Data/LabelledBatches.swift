package import ForgeTensor

/// Labelled images in the order of a training, a batch per step.
package struct LabelledBatches: BatchSource {
  package struct Batch: Sendable {
    /// `[N, size, size, 1]` in −1...1.
    package var images: Tensor
    /// Class of each image.
    package var labels: [Int32]
  }

  private let source: any LabelledImages
  private let count: Int
  private var order: DataOrder

  /// - Parameters:
  ///   - count: images per batch.
  ///   - seed: of the order.
  package init(_ source: any LabelledImages, count: Int, seed: UInt64) {
    self.source = source
    self.count = count
    order = DataOrder(count: source.count, seed: seed)
  }

  package func makeRoom() -> Batch {
    Batch(images: Tensor(blank: [count, source.size, source.size, 1]), labels: [Int32](repeating: 0, count: count))
  }

  package mutating func fill(_ room: inout Batch, seed: UInt64, step: Int) throws(ForgeGANError) {
    let chosen = order.batch(step, size: count)
    for (place, index) in chosen.enumerated() { room.labels[place] = source.labels[index] }
    try source.copy(chosen, into: &room.images)
  }
}
