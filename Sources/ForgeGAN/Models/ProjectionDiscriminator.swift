package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// Image and conditions to one logit: 4x4 convolutions that halve the side down to 4x4 pixels, then `linear(h) + ⟨embedding[conditions], h⟩`
/// of the pooled features, the embedding being the sum of the label's and the attributes'. Source: Miyato and Koyama 2018.
package struct ProjectionDiscriminator {
  /// What the discriminator is told of the variety among the images of a label (see `LabelGroups`).
  package enum Comparison: String, Sendable, CaseIterable {
    /// Nothing: it judges each image by itself.
    case none
    /// The mean deviation of the 4x4 features, as one more channel before a last 3x3 convolution. Source: Karras et al. 2018.
    case channel
  }

  private let reductions: [Convolution]
  private let hasSpectralNorm: Bool
  private let mixing: Convolution?
  private let linear: Linear
  private let embedding: ConditionEmbedding

  package init(_ scope: ParameterScope, _ shape: ConditionalGenerator.Architecture) {
    let isNormed = shape.hasSpectralNorm
    hasSpectralNorm = isNormed
    func layer(_ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int) -> Convolution {
      Convolution(
        scope[name]["conv"], inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: 1,
        start: isNormed ? .lecunUniform : .he(slope: 0.2), spectralNorm: isNormed, slope: 0.2)
    }
    let channels = shape.discriminatorChannels
    reductions = channels.indices.map { layer("down\($0 + 1)", $0 == 0 ? 1 : channels[$0 - 1], channels[$0], kernel: 4, stride: 2) }
    let last = channels[channels.count - 1]
    mixing = shape.comparison == .channel ? layer("mix", last + 1, last, kernel: 3, stride: 1) : nil
    linear = Linear(scope["linear"], inputs: last, outputs: 1, spectralNorm: isNormed)
    embedding = ConditionEmbedding(
      scope["embedding"], shape.kinds, width: last,
      start: .normal(deviation: isNormed ? 1 : 1 / Float(last).squareRoot()), spectralNorm: isNormed)
  }

  /// - Parameters:
  ///   - x: `[N, size, size, 1]`.
  ///   - sets: how many sets the batch holds one after another, for the comparison.
  /// - Returns: `[N, 1]` logits.
  package func callAsFunction(_ x: Variable, _ conditions: Conditions, sets: Int = 1, _ mode: Mode) -> Variable {
    var h = x
    for reduction in reductions { h = reduction(h, mode) }
    if let mixing {
      // By label alone: groups stay large, and both sets have the same attributes in them.
      let groups = LabelGroups(labels: conditions.labels, sets: sets)
      let (count, rows, columns) = (h.shape[0], h.shape[1], h.shape[2])
      let variety = mean(groups.deviation(of: reshape(h, [count, h.shape.count / count])), axes: [1])
      let map = broadcast(reshape(variety, [count, 1, 1, 1]), to: [count, rows, columns, 1])
      h = mixing(concatenate([h, map], axis: 3), mode)
    }
    // With weights of norm 1 the features are small, and a mean over the 4x4 pixels would keep logits off the hinge's margins.
    let pooled = hasSpectralNorm ? sum(h, axes: [1, 2]) : mean(h, axes: [1, 2])
    return linear(pooled, mode) + sum(embedding(conditions, mode) * pooled, axes: [1], keepingDimensions: true)
  }
}
