package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// Latent vector and label to image: a linear layer to 4x4 pixels, then transposed convolutions that double the side, each after a
/// conditional batch norm and ReLU.
package struct ConditionalGenerator {
  /// What decides the shapes of both networks.
  package struct Architecture: Sendable, Equatable {
    package var size: Int
    package var classes: Int
    package var width: Int
    package var latent: Int
    package var labelWidth: Int
    package var hasSpectralNorm: Bool
    package var comparison: ProjectionDiscriminator.Comparison

    package init(_ options: ConditionalGAN.Configuration, size: Int, classes: Int) {
      self.size = size
      self.classes = classes
      width = options.width
      latent = options.latent
      labelWidth = options.labelWidth
      hasSpectralNorm = options.spectralNorm
      comparison = options.comparison
    }

    /// Doublings between 4x4 and the image.
    var stages: Int { (size / 4).trailingZeroBitCount }
    /// Channels at 4x4, 8x8, …: eight times the width, halved at each stage.
    var generatorChannels: [Int] { (0...stages).map { max(width, 8 * width >> $0) } }
    /// Channels after each halving of the discriminator.
    var discriminatorChannels: [Int] { (0..<stages).map { min(8 * width, width << $0) } }
  }

  private let shape: Architecture
  private let embedding: Embedding
  private let linear: Linear
  private let norms: [ConditionalBatchNorm]
  private let enlargements: [TransposedConvolution]
  private let last: Convolution

  package init(_ scope: ParameterScope, _ shape: Architecture) {
    self.shape = shape
    let channels = shape.generatorChannels
    embedding = Embedding(scope["embedding"], rows: shape.classes, width: shape.labelWidth)
    linear = Linear(scope["linear"], inputs: shape.latent + shape.labelWidth, outputs: 16 * channels[0])
    norms = channels.enumerated().map { stage, width in
      ConditionalBatchNorm(scope["norm\(stage)"], channels: width, classes: shape.classes, slope: 0)
    }
    enlargements = (0..<shape.stages).map { stage in
      TransposedConvolution(
        scope["up\(stage + 1)"]["conv"], inputs: channels[stage], outputs: channels[stage + 1], start: .lecunUniform)
    }
    last = Convolution(scope["last"], inputs: channels[shape.stages], outputs: 1, kernel: 3, start: .lecunUniform)
  }

  /// - Parameters:
  ///   - latent: `[N, latent]`.
  ///   - labels: N class indexes.
  /// - Returns: `[N, size, size, 1]` in −1...1.
  package func callAsFunction(_ latent: Variable, labels: [Int32], _ mode: Mode) -> Variable {
    let joined = concatenate([latent, embedding(labels, mode)], axis: 1)
    var x = reshape(linear(joined, mode), [labels.count, 4, 4, shape.generatorChannels[0]])
    for stage in 0..<shape.stages { x = enlargements[stage](norms[stage](x, labels: labels, mode), mode) }
    return tanh(last(norms[shape.stages](x, labels: labels, mode), mode))
  }
}
