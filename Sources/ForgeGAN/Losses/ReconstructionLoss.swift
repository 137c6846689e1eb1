package import ForgeGrad

/// How far an image is from the one that it should be. Means over all values.
package enum ReconstructionLoss: String, Sendable, CaseIterable {
  /// Mean absolute difference.
  case l1
  /// Mean of √(d² + 10⁻¹²): L1 with a derivative everywhere. Source: Charbonnier et al. 1994; Lai et al. 2017.
  case charbonnier
  /// Mean squared difference, which maximizes PSNR of each image by itself.
  case meanSquare

  package func callAsFunction(_ prediction: Variable, _ target: Variable) -> Variable {
    let difference = prediction - target
    switch self {
    case .l1: return mean(abs(difference))
    case .charbonnier: return mean(sqrt(square(difference) + 1e-12))
    case .meanSquare: return mean(square(difference))
    }
  }
}
