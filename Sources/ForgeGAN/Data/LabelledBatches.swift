package import ForgeNN
package import ForgeTensor

/// Labelled images in the order of a training, a batch per step.
package struct LabelledBatches: BatchSource {
  package struct Batch: Sendable {
    /// `[N, size, size, 1]` in −1...1.
    package var images: Tensor
    /// Class of each image, and its value of each attribute that was asked for.
    package var conditions: Conditions
    package var labels: [Int32] { conditions.labels }
  }

  private let source: any LabelledImages
  private let attributes: [AttributeColumn]
  private let count: Int
  private var order: DataOrder

  /// - Parameters:
  ///   - attributes: those of the images' attributes that batches carry.
  ///   - count: images per batch.
  ///   - seed: of the order.
  package init(_ source: any LabelledImages, attributes: [AttributeColumn] = [], count: Int, seed: UInt64) {
    self.source = source
    self.attributes = attributes
    self.count = count
    order = DataOrder(count: source.count, seed: seed)
  }

  package func makeRoom() -> Batch {
    let zeros = [Int32](repeating: 0, count: count)
    return Batch(images: Tensor(blank: [count, source.size, source.size, 1]), conditions: Conditions(labels: zeros, attributes: attributes.map { _ in zeros }))
  }

  package mutating func fill(_ room: inout Batch, seed: UInt64, step: Int) throws(ForgeGANError) {
    let chosen = order.batch(step, size: count)
    for (place, index) in chosen.enumerated() {
      room.conditions.labels[place] = source.labels[index]
      for number in attributes.indices { room.conditions.attributes[number][place] = attributes[number].indexes[index] }
    }
    try source.copy(chosen, into: &room.images)
  }
}
