package import ForgeGrad
package import ForgeNN

/// Image and label to one logit: 4x4 convolutions that halve the side down to 4x4 pixels, then `linear(h) + ⟨embedding[label], h⟩` of the
/// pooled features. All weights have spectral norm 1. Source: Miyato and Koyama 2018.
package struct ProjectionDiscriminator {
  private let reductions: [Convolution]
  private let linear: Linear
  private let embedding: Embedding

  package init(_ scope: ParameterScope, _ shape: ConditionalGenerator.Architecture) {
    var inputs = 1
    reductions = shape.discriminatorChannels.enumerated().map { stage, outputs in
      defer { inputs = outputs }
      return Convolution(
        scope["down\(stage + 1)"]["conv"], inputs: inputs, outputs: outputs, kernel: 4, stride: 2, padding: 1, start: .lecunUniform,
        spectralNorm: true)
    }
    linear = Linear(scope["linear"], inputs: inputs, outputs: 1, spectralNorm: true)
    embedding = Embedding(scope["embedding"], rows: shape.classes, width: inputs, spectralNorm: true)
  }

  /// - Parameter x: `[N, size, size, 1]`.
  /// - Returns: `[N, 1]` logits.
  package func callAsFunction(_ x: Variable, labels: [Int32], _ mode: Mode) -> Variable {
    var h = x
    for reduction in reductions { h = leakyReLU(reduction(h, mode), slope: 0.2) }
    // The sum over the 4x4 pixels: with weights of norm 1 the features are small, and a mean would keep logits off the hinge's margins.
    let pooled = sum(h, axes: [1, 2])
    return linear(pooled, mode) + sum(embedding(labels, mode) * pooled, axes: [1], keepingDimensions: true)
  }
}
