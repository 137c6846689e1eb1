package import ForgeNN
package import ForgeTensor
package import Foundation

/// A trained conditional generator: labels and values of attributes in, images out.
package final class CGANGenerator {
  package let description: ModelDescription
  /// Rows = columns of the images, in pixels.
  package let size: Int
  private let latentLength: Int
  /// Traced again for further rows; nil without attributes, so that memory holds the weights once.
  private let network: ConditionalGenerator?
  private let plan: InferencePlan
  /// The row of the plan's tables by label and values of attributes.
  private var rows: [[Int32]: Int] = [:]
  /// Rows that are traced at a time.
  private static let rowsPerTrace = 32

  package var labelNames: [String] { description.labelNames }
  /// What images are conditioned on beside their label.
  package var attributes: [ImageAttribute] { description.conditions.attributes }

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
      store.root["generator"],
      ConditionalGenerator.Architecture(options, size: size, classes: description.labelNames.count, attributes: description.conditions.attributes))
    self.network = description.conditions.attributes.isEmpty ? nil : network
    try checkpoint.restore(store.parameters)
    try checkpoint.finish()
    var first = Conditions(labels: description.labelNames.indices.map(Int32.init))
    // A model with attributes has tables also when it has one label, so that a later row rounds as an early one.
    if !description.conditions.attributes.isEmpty, first.count == 1 { first = first.twice() }
    first.attributes = description.conditions.attributes.map { _ in first.labels.map { _ in 0 } }
    plan = try InferencePlan(
      CGANGenerator.trace(network, first, latent: latentLength), precision: precision, file: planFile, isStoring: isStoring)
    for image in 0..<first.count { rows[CGANGenerator.key(first, image)] = image }
  }

  /// Image i of the trace has the conditions of image i, so what differs among them becomes a table.
  private static func trace(_ network: ConditionalGenerator, _ conditions: Conditions, latent: Int) throws -> InferenceGraph {
    try InferenceGraph(tracing: [conditions.count, latent]) { network($0, conditions, .inference) }
  }

  private static func key(_ conditions: Conditions, _ image: Int) -> [Int32] {
    [conditions.labels[image]] + conditions.attributes.map { $0[image] }
  }

  /// Adds the rows that `conditions` need and that the plan lacks.
  private func prepareRows(for conditions: Conditions) throws {
    guard let network else { return }
    var missing: [Int] = []
    var seen: Set<[Int32]> = []
    for image in 0..<conditions.count {
      let key = CGANGenerator.key(conditions, image)
      if rows[key] == nil, seen.insert(key).inserted { missing.append(image) }
    }
    for start in stride(from: 0, to: missing.count, by: CGANGenerator.rowsPerTrace) {
      var some = conditions.at(missing[start..<min(start + CGANGenerator.rowsPerTrace, missing.count)])
      if some.count == 1 { some = some.twice() }
      let before = plan.graph.tableRows
      plan.appendRows(of: try CGANGenerator.trace(network, some, latent: latentLength))
      for image in 0..<some.count { rows[CGANGenerator.key(some, image)] = before + image }
    }
  }

  /// The index of a label by its name.
  package func label(named name: String) throws(ForgeGANError) -> Int32 {
    guard let index = labelNames.firstIndex(of: name) else { throw .unknownLabel(name, known: labelNames) }
    return Int32(index)
  }

  /// The index of an attribute that the model is conditioned on, by its name.
  package func attribute(named name: String) throws(ForgeGANError) -> Int {
    guard let index = attributes.firstIndex(where: { $0.name == name }) else { throw .notConditioned(name, known: attributes.map(\.name)) }
    return index
  }

  /// Makes one image per label, all attributes unknown.
  package func generate(labels: [Int32], seed: UInt64, firstIndex: Int = 0, truncation: Float? = nil) throws -> Tensor {
    let unknown = [Int32](repeating: 0, count: labels.count)
    return try generate(
      Conditions(labels: labels, attributes: attributes.map { _ in unknown }), seed: seed, firstIndex: firstIndex, truncation: truncation)
  }

  /// Makes one image of each condition.
  ///
  /// Image i depends on the seed, `firstIndex + i` and its conditions alone: not on the batch, the threads or the other images.
  /// - Parameters:
  ///   - conditions: indexes of labels and of values of `attributes`, checked.
  ///   - truncation: redraws latent values beyond ±truncation, which trades variety for likeliness (Brock et al. 2019); nil for none.
  /// - Returns: `[conditions.count, size, size, 1]` in −1...1.
  package func generate(
    _ conditions: Conditions, seed: UInt64, firstIndex: Int = 0, truncation: Float? = nil
  ) throws -> Tensor {
    let labels = conditions.labels
    for label in labels where label < 0 || label >= labelNames.count { throw ForgeGANError.unknownLabel("\(label)", known: labelNames) }
    precondition(conditions.attributes.count == attributes.count, "\(conditions.attributes.count) attributes for a model of \(attributes.count)")
    for (attribute, values) in zip(attributes, conditions.attributes) {
      for value in values where value < 0 || value > attribute.values.count {
        throw ForgeGANError.unknownValue("\(value)", attribute: attribute.name, known: attribute.values)
      }
    }
    if let truncation, !(truncation > 0) { throw ForgeGANError.badOption("truncation", model: "cgan", reason: "must be above zero") }
    try prepareRows(for: conditions)
    let chunk = 64
    var parts: [Tensor] = []
    for first in stride(from: 0, to: labels.count, by: chunk) {
      let some = first..<min(labels.count, first + chunk)
      let latent = self.latent(count: some.count, seed: seed, firstIndex: firstIndex + first, truncation: truncation)
      let images = plan.images(latent, rows: some.compactMap { rows[CGANGenerator.key(conditions, $0)] })
      guard images.withUnsafeBufferPointer({ $0.allSatisfy(\.isFinite) }) else { throw ForgeGANError.notFinite(model: description.model) }
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
