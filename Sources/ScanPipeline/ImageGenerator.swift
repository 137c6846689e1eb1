package import Diagnostics
package import Foundation
package import ForgeGAN
import ForgeTensor
package import PixelMath
import ScanCatalog
package import ScanDeid
import ScanIO
import ScanImaging
import ScanModel

/// How many images of which labels to make.
package enum GenerationAmount: Sendable, Equatable, CustomStringConvertible {
  case perLabel(Int)
  /// Spread over the labels, the first ones getting one more.
  case count(Int)
  case label(String, count: Int)

  package var description: String {
    switch self {
    case .perLabel(let count): "\(count) images per label"
    case .count(let count): "\(count) images"
    case .label(let label, let count): "\(count) images of \(label)"
    }
  }

  /// The label index of each image, in order.
  func labels(of generator: CGANGenerator) throws -> [Int32] {
    let names = generator.labelNames
    switch self {
    case .perLabel(let count): return names.indices.flatMap { [Int32](repeating: Int32($0), count: count) }
    case .count(let count):
      return names.indices.flatMap { index in
        [Int32](repeating: Int32(index), count: count / names.count + (index < count % names.count ? 1 : 0))
      }
    case .label(let name, let count): return [Int32](repeating: try generator.label(named: name), count: count)
    }
  }
}

/// Makes labelled synthetic slices with a trained generator.
///
/// Image i depends on model, seed and i alone, so any of them can be made again by itself.
package struct ImageGenerator {
  package let generator: CGANGenerator
  package let facts: IntensityFacts
  /// SHA-256 of model.safetensors, hexadecimal.
  package let modelDigest: String
  package let modelName: String
  package let seed: UInt64
  package var truncation: Float?
  private let precision: InferencePrecision

  /// - Parameters:
  ///   - model: a model folder or a model.safetensors file.
  ///   - storesPlan: keeps the prepared weights beside the model for the next time.
  package init(
    model: URL, name: String, seed: UInt64, truncation: Float? = nil, precision: InferencePrecision = .fp32, storesPlan: Bool = false
  ) throws {
    generator = try CGANGenerator(contentsOf: model, precision: precision.precision, isStoring: storesPlan)
    self.precision = precision
    facts = IntensityFacts(generator.description.attributes)
    modelDigest = try ObjectStore.digest(of: ModelFolder.modelFile(model)).0.hex
    modelName = name
    self.seed = seed
    self.truncation = truncation
  }

  /// Bytes of all images' words.
  package func bytes(of amount: GenerationAmount) throws -> Int {
    try amount.labels(of: generator).count * generator.size * generator.size * facts.depth.rawValue / 8
  }

  package struct Item {
    package let index: Int
    package let scan: SyntheticScan
    package let plane: Plane
  }

  /// What a stage tells of `count` images.
  func figures(count: Int) -> [String: Double] {
    InferencePrecision.figures(generator.layers).merging(["generated": Double(count)]) { first, _ in first }
  }

  /// Makes images in batches of 32, in order.
  package func generate(
    _ amount: GenerationAmount, progress: ProgressSink, isCancelled: () -> Bool, each: ([Item]) throws -> Void
  ) throws -> Int {
    let labels = try amount.labels(of: generator)
    let stage = "generate"
    progress(.began(stage: stage, total: labels.count, unit: "images"))
    for first in stride(from: 0, to: labels.count, by: 32) {
      if isCancelled() { throw PipelineError.interrupted }
      let some = Array(labels[first..<min(first + 32, labels.count)])
      let images = try generator.generate(labels: some, seed: seed, firstIndex: first, truncation: truncation)
      let (side, values) = (generator.size, images.values)
      try each(
        some.indices.map { offset in
          let plane = Plane(rows: side, columns: side, values: Array(values[offset * side * side..<(offset + 1) * side * side]))
          return Item(index: first + offset, scan: scan(plane, label: some[offset], index: first + offset), plane: plane)
        })
      progress(.advanced(stage: stage, done: first + some.count))
    }
    progress(.ended(stage: stage, summary: "\(labels.count) images"))
    return labels.count
  }

  /// Image `index` by itself.
  func item(label: String, index: Int) throws -> Item {
    let number = try generator.label(named: label)
    let side = generator.size
    let image = try generator.generate(labels: [number], seed: seed, firstIndex: index, truncation: truncation)
    let plane = Plane(rows: side, columns: side, values: image.values)
    return Item(index: index, scan: scan(plane, label: number, index: index), plane: plane)
  }

  private func scan(_ plane: Plane, label: Int32, index: Int) -> SyntheticScan {
    SyntheticScan(
      pixels: facts.depth.encode(plane), label: Label(generator.labelNames[Int(label)]), spacingMillimeters: facts.spacing(at: plane.rows),
      modality: facts.modality, window: facts.window,
      derivation: "ScanForge \(ToolIdentity.version) cgan\(precision.mark) \(modelDigest) seed \(seed) index \(index)")
  }

  /// The same image in modality units, as DICOM wants it: signed 16-bit numbers when the training slices shared a window that fits.
  package func dicomScan(_ item: Item) -> SyntheticScan {
    guard facts.depth == .sixteen, let window = facts.window, window.bounds.lowerBound >= -32768, window.bounds.upperBound <= 32767 else {
      return item.scan
    }
    let bounds = window.bounds
    let gain = (bounds.upperBound - bounds.lowerBound) / 2
    let words = item.plane.values.flatMap { value -> [UInt8] in
      let number = Int16(((min(max(value, -1), 1) + 1) * gain + bounds.lowerBound).rounded(.toNearestOrEven))
      return [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
    }
    let pixels = PixelBuffer(rows: item.plane.rows, columns: item.plane.columns, bitsAllocated: 16, isSigned: true, words: words)
    return SyntheticScan(
      pixels: pixels, label: item.scan.label, spacingMillimeters: item.scan.spacingMillimeters, modality: facts.modality, window: window,
      derivation: item.scan.derivation)
  }

  /// SHA-256 of what decides the images, for fresh but repeatable UIDs.
  package var identity: [UInt8] {
    ContentDigest(ofText: "generate\(precision.mark) \(modelDigest) \(seed) \(truncation.map { "\($0)" } ?? "-")").bytes
  }
}

extension RunContext {
  /// Generates into the workspace: one TIFF object and one `generated` artifact per image, and a picture of the first of each label.
  package func generateIntoWorkspace(
    model name: String, amount: GenerationAmount, seed: UInt64?, truncation: Float? = nil, precision: InferencePrecision = .fp32
  ) throws -> StageOutcome {
    KernelTable.threads = threads
    let published = try catalog.verifiedModel(named: name)
    let generator = try ImageGenerator(
      model: published.folder, name: name, seed: seed ?? self.seed, truncation: truncation, precision: precision)
    let run = try catalog.beginRun(
      op: "generate",
      parameters: .object([
        "model": .string(name), "modelSha256": .string(generator.modelDigest), "amount": .string(amount.description),
        "isa": .string(KernelTable.current.name), "precision": .string(precision.rawValue), "truncation": truncation.map { .number(Double($0)) } ?? .null,
      ]), seed: Int64(truncatingIfNeeded: generator.seed), determinism: .device)
    var shown: [Label?: [Plane]] = [:]
    let count = try generator.generate(amount, progress: progress, isCancelled: isCancelled) { items in
      try run.record(
        items.map { item in
          shown[item.scan.label, default: []].append(item.plane)
          let object = try catalog.objects.store(TIFFWriter.encode(item.scan), of: item.scan)
          return .generated(
            object, media: "image/tiff", from: [(.recorded(published.weights), "generator")], label: item.scan.label,
            attributes: attributes(of: item, generator))
        })
    }
    let folder = try run.folder()
    let rows = shown.sorted { ($0.key?.name ?? "") < ($1.key?.name ?? "") }.map { Array($0.value.prefix(8)) }
    let grid = folder.appendingPathComponent("generated.png")
    if let columns = rows.map(\.count).max(), rows.allSatisfy({ $0.count == columns }) {
      let picture = SampleGrid.compose(rows.flatMap { $0 }, columns: columns, scale: max(1, 128 / generator.generator.size))
      try AtomicFile.write(
        PNGWriter.encode(picture, photometric: .monochrome2, spacing: nil, texts: ["Comment": PNGWriter.syntheticNotice]), to: grid.path)
    }
    try run.finish()
    return StageOutcome(
      summary: "\(count) labelled synthetic slices with \(name)", figures: generator.figures(count: count),
      places: FileManager.default.fileExists(atPath: grid.path) ? [grid.path] : [])
  }

  private func attributes(of item: ImageGenerator.Item, _ generator: ImageGenerator) -> ArtifactAttributes {
    var attributes = ArtifactAttributes()
    attributes.rows = item.plane.rows
    attributes.columns = item.plane.columns
    attributes.bitsStored = generator.facts.depth.rawValue
    attributes.modality = generator.facts.modality
    attributes.window = generator.facts.window
    attributes.spacingMillimeters = item.scan.spacingMillimeters
    attributes.seed = Int64(truncatingIfNeeded: generator.seed)
    attributes.sampleIndex = item.index
    if let window = generator.facts.window {
      attributes.intensity = Double(window.bounds.lowerBound)...Double(window.bounds.upperBound)
    }
    return attributes
  }
}
