import Diagnostics
import Foundation
package import ForgeGAN
package import ForgeNN
import PixelMath
package import ScanCatalog
import ScanImaging
import ScanIO
package import ScanModel

/// The slices that a model learns from, loaded from the catalog's objects, with the facts that generated images must carry.
package struct TrainingSet {
  package let items: [ArtifactID]
  package let data: TrainingData
  package let facts: IntensityFacts
  /// Patients behind the items.
  package let patients: Int
  /// How many different pictures the items are, told by the digests of their stored bytes.
  package let different: Int
  /// Items per label, in label order; empty for super-resolution.
  package let labelCounts: [(label: String, count: Int)]
  /// What is known of the items beside their label; empty for super-resolution.
  package let attributes: [AttributeColumn]

  /// Loads what `model` needs.
  ///
  /// - Parameters:
  ///   - size: side to which labelled images are brought; nil when all have one size already.
  /// - Throws: `PipelineError` when there is nothing, no label, or no common size.
  package init(_ records: [ArtifactRecord], for options: TrainingOptions, context: RunContext) throws {
    guard !records.isEmpty else { throw PipelineError.nothingToLearn(model: options.model, split: options.split ?? "whole") }
    let isConditional = try ModelRegistry.entry(options.model).data == .images
    let labelled = isConditional ? records.filter { $0.label != nil } : records
    guard !labelled.isEmpty else { throw PipelineError.noLabels }
    context.progress(.began(stage: "load", total: labelled.count, unit: "slices"))
    let loaded = try TrainingSet.load(labelled, context: context)
    facts = IntensityFacts(labelled, planes: loaded)
    items = labelled.map(\.id)
    patients = Set(labelled.compactMap(\.patient)).count
    different = Set(labelled.map(\.sha256)).count
    if isConditional {
      guard let size = options.size ?? TrainingSet.commonSize(loaded.map(\.plane)) else { throw PipelineError.mixedSizes }
      let names = Set(labelled.compactMap(\.label)).sorted()
      let labels = labelled.map { record in Int32(names.firstIndex { $0 == record.label } ?? 0) }
      let pixels = loaded.flatMap { $0.plane.fitted(to: size).plane.values }
      attributes = ScanAttribute.allCases.map { attribute in AttributeColumn(attribute.rawValue, labelled.map { $0.attributes[attribute] }) }
      data = .images(
        InMemoryImages(size: size, pixels: pixels, labels: labels, labelNames: names.map(\.name), attributes: attributes))
      labelCounts = names.enumerated().map { index, name in (name.name, labels.count { $0 == Int32(index) }) }
    } else {
      data = .planes(InMemoryPlanes(loaded.map(TrainingSet.intensityPlane)))
      labelCounts = []
      attributes = []
    }
    context.progress(.ended(stage: "load", summary: "\(items.count) slices of \(patients) patients"))
  }

  /// Slices of the given records as planes for super-resolution.
  package static func planes(_ records: [ArtifactRecord], context: RunContext) throws -> InMemoryPlanes {
    InMemoryPlanes(try load(records, context: context).map(intensityPlane))
  }

  private static func load(_ records: [ArtifactRecord], context: RunContext) throws -> [StoredPlane] {
    var result: [StoredPlane] = []
    result.reserveCapacity(records.count)
    for start in stride(from: 0, to: records.count, by: 256) {
      try context.checkCancelled()
      let batch = Array(records[start..<min(start + 256, records.count)])
      let loaded = Concurrent.map(batch, threads: context.threads) { record in
        Result { try StoredPlane(record, in: context.catalog) }
      }
      for item in loaded { result.append(try item.get()) }
      context.progress(.advanced(stage: "load", done: result.count))
    }
    return result
  }

  private static func commonSize(_ planes: [Plane]) -> Int? {
    guard let first = planes.first, first.rows == first.columns, planes.allSatisfy({ $0.rows == first.rows && $0.columns == first.columns }) else {
      return nil
    }
    return first.rows
  }

  /// Words instead of -1...1, with the plane's largest word as its range.
  private static func intensityPlane(_ loaded: StoredPlane) -> IntensityPlane {
    let maximum = loaded.depth.maximum
    let words = loaded.plane.values.map { (($0 + 1) * (maximum / 2)).rounded(.toNearestOrEven) }
    return IntensityPlane(
      Plane(rows: loaded.plane.rows, columns: loaded.plane.columns, values: words), range: max(1, words.max() ?? 1), maximum: maximum)
  }
}

/// What the training images' numbers mean, so that generated ones mean the same. Kept in the model file.
package struct IntensityFacts: Sendable, Equatable {
  package var depth: SliceDepth
  /// The window that all slices share, in modality units; nil when they differ.
  package var window: WindowSetting?
  /// The modality that all slices share; `OT` when they differ.
  package var modality: String
  /// Median spacing at the stored size, millimeters; nil when unknown.
  package var spacing: SpacingMillimeters?
  /// Side that `spacing` belongs to.
  package var size: Int?

  init(_ records: [ArtifactRecord], planes: [StoredPlane]) {
    depth = planes.allSatisfy { $0.depth == .eight } ? .eight : .sixteen
    let windows = records.map(\.attributes.window)
    window = windows.allSatisfy { $0 == windows[0] } ? windows[0] : nil
    let modalities = Set(records.map { $0.attributes.modality ?? "OT" })
    modality = modalities.count == 1 ? modalities.first ?? "OT" : "OT"
    let spacings = records.compactMap(\.attributes.spacingMillimeters).sorted { ($0.row, $0.column) < ($1.row, $1.column) }
    spacing = spacings.count == records.count ? spacings[spacings.count / 2] : nil
    size = planes.first.map { max($0.plane.rows, $0.plane.columns) }
  }

  /// For models from elsewhere: 8 bits, nothing known.
  package init(_ attributes: [String: JSON]) {
    depth = attributes["depth"]?.integerValue.flatMap(SliceDepth.init(rawValue:)) ?? .eight
    modality = attributes["modality"]?.stringValue ?? "OT"
    func pair(_ key: String) -> (Double, Double)? {
      guard let values = attributes[key]?.arrayValue, values.count == 2, let a = values[0].doubleValue, let b = values[1].doubleValue else { return nil }
      return (a, b)
    }
    window = pair("window").flatMap { $0.1 > 0 ? WindowSetting(center: Float($0.0), width: Float($0.1)) : nil }
    spacing = pair("spacingMillimeters").flatMap { $0.0 > 0 && $0.1 > 0 ? SpacingMillimeters(row: $0.0, column: $0.1) : nil }
    size = attributes["size"]?.integerValue
  }

  package var attributes: [String: JSON] {
    var values: [String: JSON] = ["depth": .integer(depth.rawValue), "modality": .string(modality)]
    if let window { values["window"] = [.number(Double(window.center)), .number(Double(window.width))] }
    if let spacing { values["spacingMillimeters"] = [.number(spacing.row), .number(spacing.column)] }
    if let size { values["size"] = .integer(size) }
    return values
  }

  /// Spacing of an image of `side` pixels that shows the same field of view.
  package func spacing(at side: Int) -> SpacingMillimeters? {
    guard let spacing, let size, side > 0 else { return spacing }
    let ratio = Double(size) / Double(side)
    return SpacingMillimeters(row: spacing.row * ratio, column: spacing.column * ratio)
  }
}
