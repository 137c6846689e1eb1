package import ForgeGrad
package import ForgeNN

/// A network that enlarges grey images by a whole factor.
package protocol SuperResolutionNetwork {
  /// Pixels of the small image that one output pixel depends on, to each side.
  var reach: Int { get }
  /// Whether the result is to be added to the bicubic enlargement; else it is the enlarged image itself.
  var addsToBicubic: Bool { get }
  /// - Parameter small: `[N, H, W, 1]`, divided by the intensity range.
  /// - Returns: `[N, H·factor, W·factor, 1]`.
  func callAsFunction(_ small: Variable, _ mode: Mode) -> Variable
}

extension SuperResolutionNetwork {
  /// - Parameters:
  ///   - small: `[N, H, W, 1]`, divided by the intensity range.
  ///   - enlarged: its bicubic enlargement, `[N, H·factor, W·factor, 1]`.
  /// - Returns: the super-resolved image, of `enlarged`'s shape.
  package func callAsFunction(_ small: Variable, enlarged: Variable, _ mode: Mode) -> Variable {
    addsToBicubic ? enlarged + self(small, mode) : self(small, mode)
  }
}

extension SRGAN {
  /// The generators that `srgan` can train.
  package enum Network: String, Sendable, CaseIterable {
    /// `SRResNet`: small, and begins at the bicubic enlargement.
    case compact
    /// `PublishedSRResNet`: the network of the paper.
    case published
  }
}

extension SRGAN.Configuration {
  /// The generator of these options, with its parameters in `scope`.
  package func makeGenerator(_ scope: ParameterScope) -> any SuperResolutionNetwork {
    switch network {
    case .compact:
      SRResNet(
        scope,
        .init(factor: factor, width: width, blocks: blocks, residualScale: Float(residualScale), hasBatchNorm: hasBatchNorm, smoothing: smoothing))
    case .published: PublishedSRResNet(scope, .init(factor: factor, width: width, blocks: blocks))
    }
  }
}
