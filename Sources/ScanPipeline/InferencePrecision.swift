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

  /// Number of convolutions by the arithmetic that they run in.
  static func counts(_ layers: [InferencePlan.LayerReport]) -> [String: Int] {
    layers.reduce(into: [:]) { $0[$1.precision.rawValue, default: 0] += 1 }
  }
}
