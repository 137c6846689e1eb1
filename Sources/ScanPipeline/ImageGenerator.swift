package import Diagnostics
package import Foundation
package import ForgeGAN
import ForgeNN
import ForgeTensor
package import PixelMath
import ScanCatalog
package import ScanDeid
import ScanIO
import ScanImaging
import ScanModel

/// Makes labelled synthetic slices with a trained generator.
///
/// Image i depends on model, seed, i and what it is to show alone, so any of them can be made again by itself.
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
  package func bytes(of request: GenerationPlan) throws -> Int {
    try conditions(of: request).count * generator.size * generator.size * facts.depth.rawValue / 8
  }

  /// What each image is to show.
  ///
  /// - Throws: as `GenerationPlan.conditions`.
  func conditions(of request: GenerationPlan) throws -> Conditions { try request.conditions(for: generator, seed: seed) }

  package struct Item {
    package let index: Int
    package let scan: SyntheticScan
    package let plane: Plane
  }

  /// What a stage tells of `count` images.
  func figures(count: Int) -> [String: Double] {
    InferencePrecision.figures(generator.layers).merging(["generated": Double(count)]) { first, _ in first }
  }

  /// Images made together.
  private static let batch = 32

  /// Makes images in batches, in order.
  ///
  /// - Parameter share: gets the first index of each batch with its name, and gives those that are to be made.
  /// - Returns: number of images that were made.
  package func generate(
    _ request: GenerationPlan, progress: ProgressSink, isCancelled: () -> Bool, share: ([Int], (Int) -> String) throws -> [Int] = { all, _ in all },
    each: ([Item]) throws -> Void
  ) throws -> Int {
    let conditions = try conditions(of: request)
    let batches = try share(Array(stride(from: 0, to: conditions.count, by: Self.batch))) { "\(modelDigest) \(seed) \($0)" }
    let count = batches.map { min(Self.batch, conditions.count - $0) }.reduce(0, +)
    let stage = "generate"
    progress(.began(stage: stage, total: count, unit: "images"))
    let unseen = generator.description.conditions.unseen(in: conditions)
    if unseen > 0 {
      progress(.warning(stage: stage, text: "\(unseen) images are of combinations that no training image had: what they show is a guess"))
    }
    var done = 0
    for first in batches {
      if isCancelled() { throw PipelineError.interrupted }
      let some = conditions.at(first..<min(first + Self.batch, conditions.count))
      let images = try generator.generate(some, seed: seed, firstIndex: first, truncation: truncation)
      let (side, values) = (generator.size, images.values)
      try each(
        (0..<some.count).map { offset in
          let plane = Plane(rows: side, columns: side, values: Array(values[offset * side * side..<(offset + 1) * side * side]))
          return Item(index: first + offset, scan: scan(plane, some, offset, index: first + offset), plane: plane)
        })
      done += some.count
      progress(.advanced(stage: stage, done: done))
    }
    progress(.ended(stage: stage, summary: "\(count) images"))
    return count
  }

  /// Image `index` by itself, of what its record says that it shows.
  ///
  /// - Throws: `ForgeGANError` for a label or value that the model does not know.
  func item(label: String, _ recorded: ArtifactAttributes, index: Int) throws -> Item {
    let attributes = try generator.attributes.map { attribute -> [Int32] in
      let told = ScanAttribute(rawValue: attribute.name).flatMap { recorded.conditions.contains($0) ? recorded[$0] : nil }
      guard let told else { return [0] }
      return [try attribute.index(of: told)]
    }
    let conditions = Conditions(labels: [try generator.label(named: label)], attributes: attributes)
    let image = try generator.generate(conditions, seed: seed, firstIndex: index, truncation: truncation)
    let plane = Plane(rows: generator.size, columns: generator.size, values: image.values)
    return Item(index: index, scan: scan(plane, conditions, 0, index: index), plane: plane)
  }

  private func scan(_ plane: Plane, _ conditions: Conditions, _ place: Int, index: Int) -> SyntheticScan {
    SyntheticScan(
      pixels: facts.depth.encode(plane), label: Label(generator.labelNames[Int(conditions.labels[place])]),
      attributes: generator.values(of: conditions, at: place), spacingMillimeters: facts.spacing(at: plane.rows), modality: facts.modality,
      window: facts.window,
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
      pixels: pixels, label: item.scan.label, attributes: item.scan.attributes, spacingMillimeters: item.scan.spacingMillimeters,
      modality: facts.modality, window: window, derivation: item.scan.derivation)
  }

  /// SHA-256 of what decides the images, for fresh but repeatable UIDs.
  package var identity: [UInt8] {
    ContentDigest(ofText: "generate\(precision.mark) \(modelDigest) \(seed) \(truncation.map { "\($0)" } ?? "-")").bytes
  }
}

extension RunContext {
  /// Generates into the workspace: one TIFF object and one `generated` artifact per image, and a picture of the first of each label.
  package func generateIntoWorkspace(
    model name: String, _ request: GenerationPlan, seed: UInt64?, truncation: Float? = nil, precision: InferencePrecision = .fp32
  ) throws -> StageOutcome {
    KernelTable.threads = threads
    let published = try catalog.verifiedModel(named: name)
    let generator = try ImageGenerator(
      model: published.folder, name: name, seed: seed ?? self.seed, truncation: truncation, precision: precision)
    // Before a run is recorded for nothing.
    _ = try generator.conditions(of: request)
    let run = try ledger.openRun(
      op: "generate",
      parameters: .object([
        "model": .string(name), "modelSha256": .string(generator.modelDigest), "amount": .string(request.description),
        "isa": .string(KernelTable.current.name), "precision": .string(precision.rawValue), "truncation": truncation.map { .number(Double($0)) } ?? .null,
      ]), seed: Int64(truncatingIfNeeded: generator.seed), determinism: .device)
    var shown: [Label?: [Plane]] = [:]
    let count = try generator.generate(
      request, progress: progress, isCancelled: isCancelled, share: { try ledger.share(of: $0, named: $1) }
    ) { items in
      try run.record(
        items.map { item in
          if shown[item.scan.label, default: []].count < 8 { shown[item.scan.label, default: []].append(item.plane) }
          let object = try ledger.objects.store(TIFFWriter.encode(item.scan), of: item.scan)
          var draft = ArtifactDraft.generated(
            object, media: "image/tiff", from: [(.recorded(published.weights), "generator")], label: item.scan.label,
            attributes: attributes(of: item, generator))
          draft.place = item.index
          return draft
        })
    }
    let places = try (run as? RunHandle).map { try picture(shown, size: generator.generator.size, in: $0.folder()) } ?? []
    try run.finish(exit: 0)
    return StageOutcome(
      summary: "\(count) labelled synthetic slices with \(name)", figures: generator.figures(count: count), places: places)
  }

  /// Draws the first images of each label.
  ///
  /// - Returns: the picture's path; none when the labels have different numbers of images.
  private func picture(_ shown: [Label?: [Plane]], size: Int, in folder: URL) throws -> [String] {
    let rows = shown.sorted { ($0.key?.name ?? "") < ($1.key?.name ?? "") }.map(\.value)
    guard let columns = rows.map(\.count).max(), rows.allSatisfy({ $0.count == columns }) else { return [] }
    let grid = folder.appendingPathComponent("generated.png")
    let picture = SampleGrid.compose(rows.flatMap { $0 }, columns: columns, scale: max(1, 128 / size))
    try AtomicFile.write(
      PNGWriter.encode(picture, photometric: .monochrome2, spacing: nil, texts: ["Comment": PNGWriter.syntheticNotice]), to: grid.path)
    return [grid.path]
  }

  private func attributes(of item: ImageGenerator.Item, _ generator: ImageGenerator) -> ArtifactAttributes {
    var attributes = ArtifactAttributes()
    attributes.rows = item.plane.rows
    attributes.columns = item.plane.columns
    attributes.bitsStored = generator.facts.depth.rawValue
    attributes.modality = generator.facts.modality
    for (attribute, value) in item.scan.attributes { attributes[attribute] = value }
    attributes.conditions = ScanAttribute.allCases.filter { item.scan.attributes[$0] != nil }
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
