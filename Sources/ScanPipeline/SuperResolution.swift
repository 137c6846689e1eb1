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

  /// - Parameter model: a model folder or a model.safetensors file.
  package init(model: URL) throws {
    resolver = try SuperResolver(contentsOf: model)
    modelDigest = try ObjectStore.digest(of: ModelFolder.modelFile(model)).0.hex
  }

  package var derivation: String { "ScanForge \(ToolIdentity.version) srgan x\(resolver.factor) \(modelDigest)" }

  /// - Throws: `ImagingError` when the image has no pixels or its samples are indexes (palette, 1 bit).
  package func upscale(_ scan: CleanScan) throws -> EnhancedScan {
    guard let pixels = scan.pixels else { throw ImagingError.noPixels }
    if scan.photometric == .palette { throw ImagingError.notGrey(photometric: "PALETTE COLOR") }
    guard pixels.bitsStored > 1 else { throw ImagingError.unsupportedDepth(bits: pixels.bitsStored) }
    let samples = StoredSamples(pixels)
    let (rows, columns) = (pixels.rows * resolver.factor, pixels.columns * resolver.factor)
    var writer = StoredSampleWriter(like: pixels, rows: rows, columns: columns)
    for frame in 0..<pixels.frames {
      for sample in 0..<pixels.samplesPerPixel {
        let values = samples.values(frame: frame, sample: sample)
        let padding = PixelPadding(scan.dataset, signed: pixels.isSigned)
        let plane = Plane(rows: pixels.rows, columns: pixels.columns, values: values)
        writer.write(try upscale(plane, padding: padding, isInverted: scan.photometric == .monochrome1), frame: frame, sample: sample)
      }
    }
    return scan.enhanced(pixels: writer.buffer, scale: Double(resolver.factor), derivation: derivation)
  }

  /// The network sees 0 for the darkest value and 1 for the brightest. Padding is left out of the range and comes back by repetition.
  private func upscale(_ plane: Plane, padding: PixelPadding, isInverted: Bool) throws -> Plane {
    let isPadding = plane.values.map(padding.contains)
    let real = zip(plane.values, isPadding).lazy.filter { !$1 }.map(\.0)
    guard let smallest = real.min(), let largest = real.max() else {
      return plane.resampled(rows: plane.rows * resolver.factor, columns: plane.columns * resolver.factor, kernel: .box)
    }
    // Zero stays zero for unsigned images, as in training.
    let low = smallest >= 0 ? 0 : smallest
    let range = largest - low
    let shifted = plane.values.indices.map { index in
      isPadding[index] ? (isInverted ? range : 0) : plane.values[index] - low
    }
    let seen = isInverted ? shifted.map { range - $0 } : shifted
    var result = try resolver.upscale(Plane(rows: plane.rows, columns: plane.columns, values: seen), range: range)
    for index in result.values.indices { result.values[index] = (isInverted ? range - result.values[index] : result.values[index]) + low }
    if padding.isPresent {
      let factor = resolver.factor
      for row in 0..<result.rows {
        for column in 0..<result.columns {
          let source = row / factor * plane.columns + column / factor
          if isPadding[source] { result.values[row * result.columns + column] = plane.values[source] }
        }
      }
    }
    return result
  }
}

extension RunContext {
  /// Super-resolves acquired images of the workspace; each result is an `enhanced` artifact of the same patient.
  package func superResolveWorkspace(model name: String, split: String?) throws -> StageOutcome {
    KernelTable.threads = threads
    let published = try catalog.verifiedModel(named: name)
    let upscaler = try ImageUpscaler(model: published.folder)
    let splits = split.flatMap(Split.init(rawValue:)).map { [$0] } ?? []
    let images = try catalog.artifacts(ArtifactQuery(splits: splits, origins: [.acquired], kinds: [.image]))
    guard !images.isEmpty else { throw PipelineError.nothingToSuperResolve }
    let run = try catalog.beginRun(
      op: "superResolve",
      parameters: .object([
        "model": .string(name), "modelSha256": .string(upscaler.modelDigest), "split": .string(split ?? "all"),
        "isa": .string(KernelTable.current.name),
      ]), determinism: .device)
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
    return StageOutcome(summary: summary, figures: ["enhanced": Double(done)], failedItems: failures)
  }

  private func enhanced(_ image: ArtifactRecord, _ upscaler: ImageUpscaler, model: ArtifactID) throws -> ArtifactDraft? {
    guard let digest = image.sha256, let patient = image.patient else { return nil }
    let raw = try ScanReader().read(catalog.objects.read(digest), source: Redacted("object"))
    guard raw.pixels != nil else { return nil }
    let record = image.attributes.deidentification ?? DeidentificationRecord(edition: "", options: [], counts: [:], risks: [])
    let scan = try upscaler.upscale(CleanScan.readmitting(raw, patient: patient, record: record))
    let (bytes, media) = try ScanFileEncoder.encode(scan, identity: ContentDigest(ofText: digest.hex + upscaler.derivation).bytes)
    var attributes = image.attributes
    attributes.deidentification = nil
    attributes.rows = scan.pixels.rows
    attributes.columns = scan.pixels.columns
    attributes.scale = scan.scale
    attributes.spacingMillimeters = attributes.spacingMillimeters.map {
      SpacingMillimeters(row: $0.row / scan.scale, column: $0.column / scan.scale)
    }
    return .enhanced(
      try catalog.objects.store(bytes, of: scan), media: media, from: [(.recorded(image.id), "source"), (.recorded(model), "model")],
      label: image.label, attributes: attributes)
  }
}
