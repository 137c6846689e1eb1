package import ScanImaging
import ScanModel

/// Makes one grey slice per image (per frame of a multi-frame object): window, size, 8 or 16 bits.
///
/// YAML: `normalize: { window: { center: 40, width: 80 } | intensity: auto | file | percentiles | stored, size: 64 }`
package struct NormalizeStage: Stage {
  package static let name = "normalize"
  package static let isDivisible = true

  package var normalizer: Normalizer

  package init(normalizer: Normalizer) { self.normalizer = normalizer }

  /// The named grey scales of the command line and of pipelines.
  package static var intensityNames: [String] { Normalizer.Intensity.names }

  /// - Parameter intensity: a name, or `CENTER,WIDTH` in modality units.
  /// - Returns: nil when `intensity` is neither.
  package init?(intensity text: String, size: Int?) {
    if let named = Normalizer.Intensity(named: text) {
      self.init(normalizer: Normalizer(intensity: named, size: size))
      return
    }
    let numbers = text.split(separator: ",").compactMap { Float($0) }
    guard numbers.count == 2, numbers[1] > 0, numbers.allSatisfy(\.isFinite) else { return nil }
    self.init(normalizer: Normalizer(intensity: .window(WindowSetting(center: numbers[0], width: numbers[1])), size: size))
  }

  package init(_ options: inout OptionReader) throws(PlanError) {
    var intensity: Normalizer.Intensity = .auto
    if let name = try options.choice("intensity", of: Normalizer.Intensity.names) { intensity = Normalizer.Intensity(named: name) ?? .auto }
    if var window = try options.section("window") {
      guard let center = try window.double("center", in: -1e6...1e6) else { throw window.missing("center") }
      guard let width = try window.double("width", in: 1e-6...1e7) else { throw window.missing("width") }
      try window.finish()
      intensity = .window(WindowSetting(center: Float(center), width: Float(width)))
    }
    let size = try options.int("size", in: 8...4096)
    self.init(normalizer: Normalizer(intensity: intensity, size: size))
  }

  package func plan(_ state: inout PlanState, at position: PlanError.Position) throws(PlanError) {
    try state.requireClean("normalize", position)
    guard !state.isNormalized else {
      throw .needs(stage: "normalize", what: "to be the only one of its kind", remedy: "Keep one; models may bring slices to a size of their own.", position)
    }
    state.isNormalized = true
  }

  package func run(_ context: RunContext) throws -> StageOutcome { try SliceMaker(normalizer: normalizer, context: context).run() }

  package var summary: String { "grey slices" + (normalizer.size.map { " of \($0) x \($0) pixels" } ?? " at their own size") }
}
