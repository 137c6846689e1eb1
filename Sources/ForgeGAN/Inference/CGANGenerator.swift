package import ForgeNN
package import ForgeTensor
package import Foundation

/// A trained conditional generator: labels in, images out.
package final class CGANGenerator {
  package let description: ModelDescription
  /// Rows = columns of the images, in pixels.
  package let size: Int
  private let latentLength: Int
  private let plan: InferencePlan

  package var labelNames: [String] { description.labelNames }

  /// The network's convolutions and the arithmetic that each runs in.
  package var layers: [InferencePlan.LayerReport] { plan.layers }

  /// Reads a model folder or a model.safetensors file, and prepared weights when they stand beside it.
  ///
  /// - Parameter isStoring: writes the prepared weights beside the model when they are not there.
  package convenience init(contentsOf url: URL, precision: Precision = .float32, isStoring: Bool = false) throws {
    let file = ModelFolder.modelFile(url)
    try self.init(
      CheckpointReader(contentsOf: file), precision: precision, planFile: InferencePlan.file(beside: file, precision: precision),
      isStoring: isStoring)
  }

  package init(_ checkpoint: CheckpointReader, precision: Precision = .float32, planFile: URL? = nil, isStoring: Bool = false) throws {
    description = try ModelDescription(checkpoint.description, file: checkpoint.fileName)
    guard description.model == "cgan" else {
      throw CheckpointError.wrongKind(file: checkpoint.fileName, reason: "\(description.model) is not a generator of labelled images")
    }
    let options = try ConditionalGAN.Configuration(description.configuration, isStored: true)
    guard let size = description.configuration["size"]?.integerValue, !description.labelNames.isEmpty else {
      throw CheckpointError.wrongKind(file: checkpoint.fileName, reason: "the description of the model is incomplete")
    }
    self.size = size
    latentLength = options.latent
    let store = ParameterStore(seed: 0, isBlank: true)
    let network = ConditionalGenerator(
      store.root["generator"], ConditionalGenerator.Architecture(options, size: size, classes: description.labelNames.count))
    try checkpoint.restore(store.parameters)
    try checkpoint.finish()
    let labels = description.labelNames.indices.map(Int32.init)
    // Image i of the trace has label i, so what differs among labels becomes a table.
    let graph = try InferenceGraph(tracing: [labels.count, latentLength]) { network($0, labels: labels, .inference) }
    plan = try InferencePlan(consume graph, precision: precision, file: planFile, isStoring: isStoring)
  }

  /// The index of a label by its name.
  package func label(named name: String) throws(ForgeGANError) -> Int32 {
    guard let index = labelNames.firstIndex(of: name) else { throw .unknownLabel(name, known: labelNames) }
    return Int32(index)
  }

  /// Makes one image per label.
  ///
  /// Image i depends on the seed, `firstIndex + i` and its label alone: not on the batch, the threads or the other images.
  /// - Parameters:
  ///   - labels: class indexes, checked.
  ///   - truncation: redraws latent values beyond ±truncation, which trades variety for likeliness (Brock et al. 2019); nil for none.
  /// - Returns: `[labels.count, size, size, 1]` in −1...1.
  package func generate(labels: [Int32], seed: UInt64, firstIndex: Int = 0, truncation: Float? = nil) throws(ForgeGANError) -> Tensor {
    for label in labels where label < 0 || label >= labelNames.count { throw .unknownLabel("\(label)", known: labelNames) }
    if let truncation, !(truncation > 0) { throw .badOption("truncation", model: "cgan", reason: "must be above zero") }
    let chunk = 64
    var parts: [Tensor] = []
    for first in stride(from: 0, to: labels.count, by: chunk) {
      let some = Array(labels[first..<min(labels.count, first + chunk)])
      let latent = self.latent(count: some.count, seed: seed, firstIndex: firstIndex + first, truncation: truncation)
      let images = plan.images(latent, rows: some.map(Int.init))
      guard images.withUnsafeBufferPointer({ $0.allSatisfy(\.isFinite) }) else { throw .notFinite(model: description.model) }
      parts.append(images)
    }
    return parts.isEmpty ? Tensor.zeros([0, size, size, 1]) : concatenate(parts, axis: 0)
  }

  private func latent(count: Int, seed: UInt64, firstIndex: Int, truncation: Float?) -> Tensor {
    let counter = UInt64(firstIndex) * UInt64(latentLength)
    let drawn = RandomStream(seed: seed, named: "generate").normal([count, latentLength], counter: counter)
    guard let truncation else { return drawn }
    var values = drawn.values
    // Each attempt has a stream of its own, so that a redrawn value still depends on its place alone.
    for attempt in 1...64 where values.contains(where: { abs($0) > truncation }) {
      let again = RandomStream(seed: seed, named: "generate \(attempt)").normal([count, latentLength], counter: counter).values
      for index in values.indices where abs(values[index]) > truncation { values[index] = again[index] }
    }
    return clamp(Tensor([count, latentLength], values), -truncation, truncation)
  }
}
