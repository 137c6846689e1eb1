package import ForgeGrad
package import ForgeTensor

/// The game that generator and discriminator play. Logits have any shape, with one or more values per image.
package enum AdversarialLoss: String, Sendable, CaseIterable {
  /// Margins of ±1 for the discriminator, the mean logit for the generator. Source: Lim and Ye 2017; Miyato et al. 2018.
  case hinge
  /// Binary cross entropy; the generator maximizes log D(fake). Source: Goodfellow et al. 2014.
  case nonSaturating
  /// Binary cross entropy; the generator minimizes log(1 − D(fake)), the original game. Source: Goodfellow et al. 2014.
  case minimax
  /// Squared distance to 1 and 0. Source: Mao et al. 2017.
  case leastSquares
  /// Difference of means, for a critic that is kept Lipschitz. Source: Arjovsky et al. 2017.
  case wasserstein
  /// Binary cross entropy of logits relative to the other side's mean. Source: Jolicoeur-Martineau 2018 (RaGAN).
  case relativistic

  /// What the discriminator minimizes, a scalar.
  package func discriminator(real: Variable, fake: Variable) -> Variable {
    switch self {
    case .hinge: mean(relu(1 - real)) + mean(relu(1 + fake))
    case .nonSaturating, .minimax: mean(softplus(-real)) + mean(softplus(fake))
    case .leastSquares: 0.5 * (mean(square(real - 1)) + mean(square(fake)))
    case .wasserstein: mean(fake) - mean(real)
    case .relativistic: mean(softplus(mean(fake) - real)) + mean(softplus(fake - mean(real)))
    }
  }

  /// What the generator minimizes, a scalar. `real` is needed by the relativistic game alone.
  package func generator(fake: Variable, real: Variable? = nil) -> Variable {
    switch self {
    case .hinge, .wasserstein: return -mean(fake)
    case .nonSaturating: return mean(softplus(-fake))
    case .minimax: return -mean(softplus(fake))
    case .leastSquares: return 0.5 * mean(square(fake - 1))
    case .relativistic:
      guard let real else { preconditionFailure("the relativistic game needs the logits of real images") }
      return mean(softplus(mean(real) - fake)) + mean(softplus(real - mean(fake)))
    }
  }

  /// Shares of the real and of the generated images that the discriminator tells right; nil for a critic, which has no verdict.
  package func verdicts(real: Tensor, fake: Tensor) -> (real: Float, fake: Float)? {
    let (reals, fakes) = (real.values, fake.values)
    func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }
    let (bar, ceiling): (Float, Float)
    switch self {
    case .hinge, .nonSaturating, .minimax: (bar, ceiling) = (0, 0)
    case .leastSquares: (bar, ceiling) = (0.5, 0.5)
    case .relativistic: (bar, ceiling) = (mean(fakes), mean(reals))
    case .wasserstein: return nil
    }
    return (Float(reals.count { $0 > bar }) / Float(reals.count), Float(fakes.count { $0 < ceiling }) / Float(fakes.count))
  }
}
