package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// Latent vector, label and attributes to image: a linear layer to 4x4 pixels, then transposed convolutions that double the side, each after a
/// conditional batch norm and ReLU.
package struct ConditionalGenerator {
  /// What decides the shapes of both networks.
  package struct Architecture: Sendable, Equatable {
    package var size: Int
    package var kinds: ConditionKinds
    package var width: Int
    package var latent: Int
    package var labelWidth: Int
    package var hasSpectralNorm: Bool
    package var comparison: ProjectionDiscriminator.Comparison

    package init(_ options: ConditionalGAN.Configuration, size: Int, classes: Int, attributes: [ImageAttribute] = []) {
      self.size = size
      kinds = ConditionKinds(
        classes: classes, attributes: attributes.map { ConditionKinds.Attribute(name: $0.name, values: $0.values.count + 1) })
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
  private let embedding: ConditionEmbedding
  private let linear: Linear
  private let norms: [ConditionalBatchNorm]
  private let enlargements: [TransposedConvolution]
  private let last: Convolution

  package init(_ scope: ParameterScope, _ shape: Architecture) {
    self.shape = shape
    let channels = shape.generatorChannels
    embedding = ConditionEmbedding(scope["embedding"], shape.kinds, width: shape.labelWidth)
    linear = Linear(scope["linear"], inputs: shape.latent + shape.labelWidth, outputs: 16 * channels[0])
    norms = channels.enumerated().map { stage, width in
      ConditionalBatchNorm(scope["norm\(stage)"], channels: width, kinds: shape.kinds, slope: 0)
    }
    enlargements = (0..<shape.stages).map { stage in
      TransposedConvolution(
        scope["up\(stage + 1)"]["conv"], inputs: channels[stage], outputs: channels[stage + 1], start: .lecunUniform)
    }
    last = Convolution(scope["last"], inputs: channels[shape.stages], outputs: 1, kernel: 3, start: .lecunUniform)
  }

  /// - Parameters:
  ///   - latent: `[N, latent]`.
  ///   - conditions: of N images.
  /// - Returns: `[N, size, size, 1]` in −1...1.
  package func callAsFunction(_ latent: Variable, _ conditions: Conditions, _ mode: Mode) -> Variable {
    let joined = concatenate([latent, embedding(conditions, mode)], axis: 1)
    var x = reshape(linear(joined, mode), [conditions.count, 4, 4, shape.generatorChannels[0]])
    for stage in 0..<shape.stages { x = enlargements[stage](norms[stage](x, conditions, mode), mode) }
    return tanh(last(norms[shape.stages](x, conditions, mode), mode))
  }
}
