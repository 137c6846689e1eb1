package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// The super-resolution network as it was published: 9x9 convolutions at both ends, residual blocks with batch norms at the small size,
/// pixel shuffles by 2 (one by 3 for factor 3), one learned slope per activation, and the whole image as its result.
/// Source: Ledig et al. 2017 (SRResNet).
package struct PublishedSRResNet: SuperResolutionNetwork {
  /// What decides the network's shape.
  package struct Architecture: Sendable, Equatable {
    package var factor: Int
    package var width: Int
    package var blocks: Int

    /// - Parameter factor: 2, 3 or 4.
    package init(factor: Int, width: Int = 64, blocks: Int = 16) {
      self.factor = factor
      self.width = width
      self.blocks = blocks
    }

    /// The pixel shuffles, in order.
    var enlargements: [Int] { factor == 4 ? [2, 2] : [factor] }

    /// Pixels of the small image that one output pixel depends on, to each side.
    package var reach: Int {
      // From the tail back: a 9x9 convolution at the large size, then a pixel shuffle and a 3x3 convolution per stage.
      let atSmallSize = enlargements.reversed().reduce(4) { reach, factor in (reach + factor - 1) / factor + 1 }
      return atSmallSize + 1 + 2 * blocks + 4
    }
  }

  private struct Block {
    let first: Convolution
    let firstNorm: BatchNorm
    let activation: PReLU
    let second: Convolution
    let secondNorm: BatchNorm

    init(_ scope: ParameterScope, width: Int) {
      first = Convolution(scope["conv1"], inputs: width, outputs: width, kernel: 3, hasBias: false, start: .lecunUniform)
      firstNorm = BatchNorm(scope["norm1"], channels: width)
      activation = PReLU(scope["activation"], channels: 1)
      second = Convolution(scope["conv2"], inputs: width, outputs: width, kernel: 3, hasBias: false, start: .lecunUniform)
      secondNorm = BatchNorm(scope["norm2"], channels: width)
    }

    func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable {
      x + secondNorm(second(firstNorm(first(x, mode), then: activation, mode), mode), mode)
    }
  }

  package let shape: Architecture
  package var reach: Int { shape.reach }
  package var addsToBicubic: Bool { false }
  private let head: Convolution
  private let headActivation: PReLU
  private let blocks: [Block]
  private let middle: Convolution
  private let middleNorm: BatchNorm
  private let enlargements: [(up: PixelShuffleUpsampler, activation: PReLU)]
  private let tail: Convolution

  package init(_ scope: ParameterScope, _ shape: Architecture) {
    self.shape = shape
    let width = shape.width
    head = Convolution(scope["head"]["conv"], inputs: 1, outputs: width, kernel: 9, start: .lecunUniform)
    headActivation = PReLU(scope["head"]["activation"], channels: 1)
    blocks = (0..<shape.blocks).map { Block(scope["block\($0 + 1)"], width: width) }
    middle = Convolution(scope["middle"]["conv"], inputs: width, outputs: width, kernel: 3, hasBias: false, start: .lecunUniform)
    middleNorm = BatchNorm(scope["middle"]["norm"], channels: width)
    enlargements = shape.enlargements.enumerated().map { index, factor in
      let scope = scope["up\(index + 1)"]
      return (
        PixelShuffleUpsampler(scope, inputs: width, outputs: width, factor: factor, start: .lecunUniform),
        PReLU(scope["activation"], channels: 1)
      )
    }
    tail = Convolution(scope["tail"]["conv"], inputs: width, outputs: 1, kernel: 9, start: .lecunUniform)
  }

  package func callAsFunction(_ small: Variable, _ mode: Mode) -> Variable {
    let features = headActivation(head(small, mode), mode)
    var y = features
    for block in blocks { y = block(y, mode) }
    y = features + middleNorm(middle(y, mode), mode)
    for (up, activation) in enlargements { y = activation(up(y, mode), mode) }
    return tail(y, mode)
  }
}
