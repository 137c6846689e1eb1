import Diagnostics
package import Foundation
package import ForgeGAN
import ForgeTensor
import PixelMath
import ScanCatalog
package import ScanDeid
import ScanImaging
import ScanIO
import ScanModel

/// Super-resolves whole images in their stored words: depth, sign, windows and rescale stay true.
package struct ImageUpscaler {
  package let resolver: SuperResolver
  /// SHA-256 of model.safetensors, hexadecimal.
  package let modelDigest: String
  private let precision: InferencePrecision

  /// - Parameters:
  ///   - model: a model folder or a model.safetensors file.
  ///   - storesPlan: keeps the prepared weights beside the model for the next time.
  package init(
    model: URL, precision: InferencePrecision = .fp32, refinement: RefinementRequest = RefinementRequest(), storesPlan: Bool = false
  ) throws {
    resolver = try SuperResolver(contentsOf: model, precision: precision.precision, isStoring: storesPlan)
    refinement.apply(to: resolver)
    self.precision = precision
    modelDigest = try ObjectStore.digest(of: ModelFolder.modelFile(model)).0.hex
  }

  /// Rounds after the network.
  package var backProjections: Int { resolver.refinement.backProjections }

  package var derivation: String { "ScanForge \(ToolIdentity.version) srgan x\(resolver.factor)\(precision.mark)\(resolver.refinement.mark) \(modelDigest)" }

  /// What a stage tells of `count` images.
  func figures(count: Int) throws -> [String: Double] {
    try InferencePrecision.figures(resolver.layers).merging(["enhanced": Double(count)]) { first, _ in first }
  }

  /// - Throws: `ImagingError` when the image has no pixels or its samples are indexes (palette, 1 bit).
  package func upscale(_ scan: CleanScan) throws -> EnhancedScan {
    let pixels = try upscalablePixels(of: scan)
    try checkMemory(for: pixels)
    var writer = StoredSampleWriter(like: pixels, rows: pixels.rows * resolver.factor, columns: pixels.columns * resolver.factor)
    for frame in 0..<pixels.frames {
      for sample in 0..<pixels.samplesPerPixel {
        try upscale(scan, pixels, frame: frame, sample: sample) { row, column, piece in
          writer.write(UnsafeBufferPointer(piece), row: row, column: column, frame: frame, sample: sample)
        }
      }
    }
    return scan.enhanced(pixels: writer.buffer, scale: Double(resolver.factor), derivation: derivation)
  }

  /// Super-resolves a grey image of one frame piece by piece, for images too large to hold enlarged.
  ///
  /// - Parameter sink: gets every pixel once, as stored words: row and first column of the piece in the enlarged image, and its bytes.
  package func upscale(_ scan: CleanScan, into sink: (_ row: Int, _ column: Int, UnsafeRawBufferPointer) throws -> Void) throws {
    let pixels = try upscalablePixels(of: scan)
    precondition(pixels.frames == 1 && pixels.samplesPerPixel == 1, "ImageUpscaler: pieces of an image with several planes")
    let words = StoredWords(like: pixels)
    let width = pixels.bytesPerSample
    try upscale(scan, pixels, frame: 0, sample: 0) { row, column, piece in
      try withUnsafeTemporaryAllocation(byteCount: piece.count * width, alignment: 8) { bytes in
        words.encode(UnsafeBufferPointer(piece), to: bytes, step: width)
        try sink(row, column, UnsafeRawBufferPointer(bytes))
      }
    }
  }

  /// The words, their interleaved copy and the file. Small results are not worth a look at what is there.
  private func checkMemory(for pixels: PixelBuffer) throws(MemoryShortage) {
    let needed = 3 * pixels.words.count * resolver.factor * resolver.factor
    guard needed > 1 << 28 else { return }
    try MemoryShortage.check(
      "the enlarged image", needs: needed,
      remedy: "Enlarge a smaller image, or a TIFF of one grey page, which is written piece by piece; end other programs, or allow it more memory.")
  }

  private func upscalablePixels(of scan: CleanScan) throws(ImagingError) -> PixelBuffer {
    guard let pixels = scan.pixels else { throw .noPixels }
    if scan.photometric == .palette { throw .notGrey(photometric: "PALETTE COLOR") }
    guard pixels.bitsStored > 1 else { throw .unsupportedDepth(bits: pixels.bitsStored) }
    return pixels
  }

  /// The network sees 0 for the darkest value and 1 for the brightest. Padding is left out of the range and comes back by repetition.
  private func upscale(
    _ scan: CleanScan, _ pixels: PixelBuffer, frame: Int, sample: Int,
    into sink: (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let seen = try SeenPlane(scan, pixels, frame: frame, sample: sample)
    try resolver.upscale(seen.rows, range: seen.range) { row, column, piece in
      seen.restore(piece, row: row, column: column, factor: resolver.factor)
      try sink(row, column, piece)
    }
  }
}

extension ImageUpscaler {
  /// A recorded image as it was after de-identification; nil when it has no pixels or is no patient's.
  func readmitted(_ image: ArtifactRecord, in catalog: Catalog) throws -> CleanScan? {
    guard let digest = image.sha256, let patient = image.patient else { return nil }
    let raw = try ScanReader().read(catalog.objects.read(digest), source: Redacted("object"))
    guard raw.pixels != nil else { return nil }
    let record = image.attributes.deidentification ?? DeidentificationRecord(edition: "", options: [], counts: [:], risks: [])
    return try CleanScan.readmitting(raw, patient: patient, record: record)
  }

  /// The super-resolved image and its file; UIDs follow from the image's content and the model.
  func encoded(_ scan: CleanScan, of image: ArtifactRecord) throws -> (scan: EnhancedScan, bytes: [UInt8]) {
    let enhanced = try upscale(scan)
    let identity = ContentDigest(ofText: (image.sha256?.hex ?? "") + derivation).bytes
    return (enhanced, try ScanFileEncoder.encode(enhanced, identity: identity).bytes)
  }
}

extension RunContext {
  /// Super-resolves acquired images of the workspace; each result is an `enhanced` artifact of the same patient.
  package func superResolveWorkspace(
    model name: String, split: String?, precision: InferencePrecision = .fp32, refinement: RefinementRequest = RefinementRequest()
  ) throws -> StageOutcome {
    KernelTable.threads = threads
    let published = try catalog.verifiedModel(named: name)
    let upscaler = try ImageUpscaler(model: published.folder, precision: precision, refinement: refinement)
    let splits = split.flatMap(Split.init(rawValue:)).map { [$0] } ?? []
    let all = try catalog.artifacts(ArtifactQuery(splits: splits, origins: [.acquired], kinds: [.image]))
    guard !all.isEmpty else { throw PipelineError.nothingToSuperResolve }
    let images = try ledger.share(of: all) { $0.sha256?.hex ?? "" }
    let run = try ledger.openRun(
      op: "superResolve",
      parameters: .object([
        "model": .string(name), "modelSha256": .string(upscaler.modelDigest), "split": .string(split ?? "all"),
        "isa": .string(KernelTable.current.name), "precision": .string(precision.rawValue),
        "backProjections": .integer(Int64(upscaler.backProjections)),
        "ensemble": .bool(upscaler.resolver.refinement.isEnsemble),
      ]), seed: nil, determinism: .device)
    let stage = "superResolve"
    progress(.began(stage: stage, total: images.count, unit: "images"))
    var (done, imageless, failures) = (0, 0, 0)
    var waiting: [ArtifactDraft] = []
    for (number, image) in images.enumerated() {
      try checkCancelled()
      do {
        if let draft = try enhanced(image, upscaler, model: published.weights) {
          waiting.append(draft)
          done += 1
          if waiting.count >= 32 {
            try run.record(waiting)
            waiting = []
          }
        } else {
          imageless += 1
        }
      } catch let error as any ExplainedError where error.kind == .item {
        failures += 1
        progress(.warning(stage: stage, text: "image \(number + 1): \(error)"))
      }
      progress(.advanced(stage: stage, done: number + 1))
    }
    try run.record(waiting)
    try run.finish(exit: failures == 0 ? 0 : 1)
    var summary = "\(done) images enlarged x\(upscaler.resolver.factor)"
    if imageless > 0 { summary += ", \(imageless) objects without an image" }
    if failures > 0 { summary += ", \(failures) failed" }
    progress(.ended(stage: stage, summary: summary))
    return StageOutcome(summary: summary, figures: try upscaler.figures(count: done), failedItems: failures)
  }

  private func enhanced(_ image: ArtifactRecord, _ upscaler: ImageUpscaler, model: ArtifactID) throws -> ArtifactDraft? {
    guard let clean = try upscaler.readmitted(image, in: catalog), let pixels = clean.pixels else { return nil }
    let object: StoredObject
    if let stream = try upscaler.stream(clean, over: ImageUpscaler.largestInMemory, spoolingIn: ledger.objects.workspace.staging) {
      object = try ledger.objects.store(stream) { try TIFFWriter.write(stream, descriptor: $0) }
    } else {
      let (scan, bytes) = try upscaler.encoded(clean, of: image)
      object = try ledger.objects.store(bytes, of: scan)
    }
    let factor = upscaler.resolver.factor
    var attributes = image.attributes
    attributes.deidentification = nil
    attributes.rows = pixels.rows * factor
    attributes.columns = pixels.columns * factor
    attributes.scale = Double(factor)
    attributes.spacingMillimeters = attributes.spacingMillimeters.map {
      SpacingMillimeters(row: $0.row / Double(factor), column: $0.column / Double(factor))
    }
    return .enhanced(
      object, media: ScanFileEncoder.media(of: clean.format), from: [(.recorded(image.id), "source"), (.recorded(model), "model")],
      label: image.label, attributes: attributes)
  }
}
