package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// Super-resolution network: everything happens at the small size, a pixel shuffle lays the result out, and what is learned is the
/// difference to the bicubic enlargement. Source: Ledig et al. 2017 (SRResNet), with the tail of Shi et al. 2016 (ESPCN) and without
/// batch norms by default, as in Lim et al. 2017 (EDSR).
package struct SRResNet: SuperResolutionNetwork {
  /// What decides the network's shape.
  package struct Architecture: Sendable, Equatable {
    package var factor: Int
    package var width: Int
    package var blocks: Int
    /// Scale of each residual before it is added.
    package var residualScale: Float
    package var hasBatchNorm: Bool
    /// Side of the square of pixels whose mean each pixel of the detail becomes, 1 for none, at most `factor`. A pattern that repeats with
    /// the pixel shuffle, a checkerboard, has the mean 0 in a square of `factor` pixels, so none can come out of even areas. Source:
    /// Sugawara et al. 2019 (zero-order hold).
    package var smoothing: Int

    package init(
      factor: Int, width: Int, blocks: Int, residualScale: Float = 1, hasBatchNorm: Bool = false, smoothing: Int = 1
    ) {
      self.factor = factor
      self.width = width
      self.blocks = blocks
      self.residualScale = residualScale
      self.hasBatchNorm = hasBatchNorm
      self.smoothing = smoothing
    }

    /// Pixels of the small image that one output pixel depends on, to each side: one per 3x3 convolution, one for the mean.
    package var reach: Int { 2 * blocks + 3 + (smoothing > 1 ? 1 : 0) }
  }

  /// The detail is small beside the image; scaling it keeps the first steps from overshooting at a high learning rate.
  private static let detailScale: Float = 0.1

  private struct Block {
    let first: Convolution
    let firstNorm: BatchNorm?
    let activation: PReLU
    let second: Convolution
    let secondNorm: BatchNorm?

    init(_ scope: ParameterScope, _ shape: Architecture) {
      let width = shape.width
      let hasNorm = shape.hasBatchNorm
      first = Convolution(
        scope["conv1"], inputs: width, outputs: width, kernel: 3, hasBias: !hasNorm, start: .he(slope: 0.25))
      firstNorm = hasNorm ? BatchNorm(scope["norm1"], channels: width) : nil
      activation = PReLU(scope["activation"], channels: width)
      // Begins small, so that a deep stack starts near the identity.
      second = Convolution(
        scope["conv2"], inputs: width, outputs: width, kernel: 3, hasBias: !hasNorm, start: .scaled(0.1, .he(slope: 1)))
      secondNorm = hasNorm ? BatchNorm(scope["norm2"], channels: width) : nil
    }

    func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
      var y = first(x, mode)
      y = firstNorm.map { $0(y, then: activation, mode) } ?? activation(y, mode)
      y = second(y, mode)
      return secondNorm.map { $0(y, mode) } ?? y
    }
  }

  package let shape: Architecture
  package var reach: Int { shape.reach }
  package var addsToBicubic: Bool { true }
  private let head: Convolution
  private let blocks: [Block]
  private let middle: Convolution
  private let tail: Convolution

  package init(_ scope: ParameterScope, _ shape: Architecture) {
    self.shape = shape
    head = Convolution(scope["head"]["conv"], inputs: 1, outputs: shape.width, kernel: 3, start: .he(slope: 1))
    blocks = (0..<shape.blocks).map { Block(scope["block\($0 + 1)"], shape) }
    middle = Convolution(scope["middle"]["conv"], inputs: shape.width, outputs: shape.width, kernel: 3, start: .scaled(0.1, .he(slope: 1)))
    // Zero: training begins at the bicubic image, free of checkerboard.
    tail = Convolution(scope["tail"]["conv"], inputs: shape.width, outputs: shape.factor * shape.factor, kernel: 3, start: .zeros)
  }

  /// What is added to the bicubic enlargement.
  package func callAsFunction(_ small: Variable, _ mode: Mode) -> Variable {
    let features = head(small, mode)
    var y = features
    for block in blocks {
      let residual = block(y, mode)
      y = y + (shape.residualScale == 1 ? residual : residual * shape.residualScale)
    }
    let detail = pixelShuffle(tail(middle(y, mode) + features, mode), shape.factor) * SRResNet.detailScale
    let side = shape.smoothing
    return side == 1 ? detail : convolution(detail, Variable(SRResNet.square(side)), padding: (side / 2, side / 2))
  }

  /// The mean over `side` x `side` pixels, in a kernel of odd side: for an even one its first pixels, half a pixel up and left of the middle.
  private static func square(_ side: Int) -> Tensor {
    let whole = side | 1
    let weight = 1 / Float(side * side)
    return Tensor([whole, whole, 1, 1], (0..<whole * whole).map { $0 / whole < side && $0 % whole < side ? weight : 0 })
  }
}
