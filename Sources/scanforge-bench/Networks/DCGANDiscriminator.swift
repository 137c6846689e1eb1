package import ForgeGrad
package import ForgeNN

/// The discriminator of the cDCGAN workloads (`CD` of the peers' `models.py`): 4x4 convolutions that double the channels down to 4x4
/// pixels and a projection of the label, all weights of spectral norm 1. Source: Miyato and Koyama 2018.
package struct DCGANDiscriminator {
  private let reductions: [Convolution]
  private let linear: Linear
  private let embedding: Embedding

  /// - Parameter size: rows = columns of the images, 64 or 128.
  package init(_ scope: ParameterScope, size: Int) {
    var inputs = 1
    let stages = (size / 4).trailingZeroBitCount
    reductions = (0..<stages).map { stage in
      defer { inputs = 64 << stage }
      return Convolution(
        scope["down\(stage + 1)"]["conv"], inputs: inputs, outputs: 64 << stage, kernel: 4, stride: 2, padding: 1, start: .lecunUniform,
        spectralNorm: true, slope: 0.2)
    }
    linear = Linear(scope["linear"], inputs: inputs, outputs: 1, spectralNorm: true)
    embedding = Embedding(scope["embedding"], rows: DCGANGenerator.classes, width: inputs, spectralNorm: true)
  }

  /// - Parameter x: `[N, size, size, 1]`.
  /// - Returns: `[N, 1]` logits.
  package func callAsFunction(_ x: Variable, labels: [Int32], _ mode: Mode) -> Variable {
    var h = x
    for reduction in reductions { h = reduction(h, mode) }
    let pooled = sum(h, axes: [1, 2])
    return linear(pooled, mode) + sum(embedding(labels, mode) * pooled, axes: [1], keepingDimensions: true)
  }
}
