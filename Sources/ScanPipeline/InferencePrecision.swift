import ForgeNN
import ForgeTensor

/// The arithmetic that `generate` and `upscale` ask for.
package enum InferencePrecision: String, Sendable, CaseIterable {
  case fp32
  /// 16-bit integers in the convolutions that have kernels for it; the others stay in fp32.
  case int16

  package static var names: [String] { allCases.map(\.rawValue) }

  var precision: Precision { self == .fp32 ? .float32 : .int16 }

  /// What stands in records beside the model's digest; nothing for fp32.
  var mark: String { self == .fp32 ? "" : " \(rawValue)" }

  /// Figures of a stage: the number of convolutions by the arithmetic that they run in, `convolutions.int16`.
  static func figures(_ layers: [InferencePlan.LayerReport]) -> [String: Double] {
    layers.reduce(into: [:]) { $0["convolutions.\($1.precision.rawValue)", default: 0] += 1 }
  }

  /// The same numbers by arithmetic, from a stage's figures.
  package static func arithmetic(in figures: [String: Double]) -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: allCases.compactMap { arithmetic in
        figures["convolutions.\(arithmetic.rawValue)"].map { (arithmetic.rawValue, Int($0)) }
      })
  }
}
