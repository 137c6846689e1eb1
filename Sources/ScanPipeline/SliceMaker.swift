import Diagnostics
import Foundation
import PixelMath
import ScanCatalog
import ScanDeid
package import ScanImaging
import ScanIO
import ScanModel
import Synchronization

/// Derives normalized slices from the acquired images: one per image, one per frame of a multi-frame object.
package struct SliceMaker {
  package let normalizer: Normalizer
  package let context: RunContext

  package init(normalizer: Normalizer, context: RunContext) {
    self.normalizer = normalizer
    self.context = context
  }

  /// Images decoded and recorded at a time.
  private static let batch = 64

  package func run() throws -> StageOutcome {
    try make(from: context.ledger.artifacts(ArtifactQuery(origins: [.acquired], kinds: [.image]))).outcome
  }

  /// - Returns: what was done, and the slices of `images`, new or known from before.
  func make(from images: [ArtifactRecord]) throws -> (outcome: StageOutcome, slices: [ArtifactID]) {
    let run = try context.ledger.openRun(op: "normalize", parameters: normalizer.parameters, seed: nil, determinism: .bitwise)
    let stage = "normalize"
    context.progress(.began(stage: stage, total: images.count, unit: "images"))
    var slices: [ArtifactID] = []
    var (imageless, failures) = (0, 0)
    for start in stride(from: 0, to: images.count, by: SliceMaker.batch) {
      try context.checkCancelled()
      let batch = Array(images[start..<min(start + SliceMaker.batch, images.count)])
      let results = Concurrent.map(batch, threads: context.threads) { image in Result { try drafts(of: image) } }
      var waiting: [ArtifactDraft] = []
      for (offset, result) in results.enumerated() {
        switch result {
        case .success(let some):
          if some.isEmpty { imageless += 1 }
          waiting += some
        case .failure(let error):
          if Self.concernsAll(error) { throw error }
          failures += 1
          context.progress(.warning(stage: stage, text: "image \(start + offset + 1): \(ItemMessage.text(error))"))
        }
      }
      slices += try run.record(waiting)
      context.progress(.advanced(stage: stage, done: min(start + SliceMaker.batch, images.count)))
    }
    try run.finish(exit: failures == 0 ? 0 : 1)
    var summary = "\(slices.count) slices of \(images.count) images"
    if imageless > 0 { summary += ", \(imageless) objects without an image" }
    if failures > 0 { summary += ", \(failures) failed" }
    context.progress(.ended(stage: stage, summary: summary))
    let figures = ["slices": Double(slices.count), "images": Double(images.count)]
    return (StageOutcome(summary: summary, figures: figures, failedItems: failures), slices)
  }

  /// A full disk is every image's trouble; an object that is missing or changed is one image's.
  private static func concernsAll(_ error: any Error) -> Bool {
    guard let error = error as? CatalogError, error.kind == .surroundings else { return false }
    if case .objectMissing = error { return false }
    return true
  }

  /// The slices of one acquired image; empty when it has none (plans, reports).
  private func drafts(of image: ArtifactRecord) throws -> [ArtifactDraft] {
    guard let digest = image.sha256, let patient = image.patient else { return [] }
    let scan = try ScanReader().read(context.ledger.read(digest), source: Redacted("object"))
    guard let pixels = scan.pixels else { return [] }
    return try (0..<pixels.frames).map { frame in
      let slice = try Slice(
        pixels: pixels, photometric: scan.photometric, dataset: scan.dataset, frame: frame, spacingMillimeters: scan.spacingMillimeters)
      let (plane, window, spacing) = try normalizer.normalize(slice)
      let depth = SliceDepth(for: pixels, window: window)
      let bytes = try TIFFWriter.encode(depth.encode(plane), photometric: .monochrome2, spacing: spacing)
      let object = try context.ledger.objects.store(bytes, of: patient)
      var attributes = image.attributes
      attributes.deidentification = nil
      attributes.rows = plane.rows
      attributes.columns = plane.columns
      attributes.frames = nil
      attributes.frame = pixels.frames > 1 ? frame : nil
      attributes.bitsStored = depth.rawValue
      attributes.spacingMillimeters = spacing
      attributes.window = window
      attributes.intensity = Double(window.bounds.lowerBound)...Double(window.bounds.upperBound)
      attributes.normalization = normalizer.parameters
      return .derived(object, media: "image/tiff", from: [(.recorded(image.id), "normalized")], label: image.label, attributes: attributes)
    }
  }
}

extension SliceDepth {
  /// Eight bits for 8-bit sources shown over their whole range, else sixteen.
  init(for pixels: PixelBuffer, window: WindowSetting) {
    self = !pixels.isFloat && pixels.bitsAllocated == 8 && window.bounds == 0...255 ? .eight : .sixteen
  }
}

extension Normalizer {
  /// The options as the catalog keeps them.
  var parameters: CanonicalJSON {
    var values: [String: CanonicalJSON] = [:]
    switch intensity {
    case .window(let window): values["window"] = .array([.number(Double(window.center)), .number(Double(window.width))])
    case .file: values["intensity"] = .string("file")
    case .percentiles: values["intensity"] = .string("percentiles")
    case .stored: values["intensity"] = .string("stored")
    case .auto: values["intensity"] = .string("auto")
    }
    if let size { values["size"] = .integer(Int64(size)) }
    return .object(values)
  }
}
