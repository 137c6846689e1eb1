package import ForgeGrad
package import ForgeNN

/// Judges whether a large patch is real: 3x3 convolutions of spectral norm 1 that go from full to an eighth of the side, then one logit from
/// the pooled features. The features also serve as a distance between images.
package struct PatchDiscriminator {
  private let layers: [Convolution]
  private let linear: Linear

  package init(_ scope: ParameterScope, width: Int) {
    var inputs = 1
    let plan = [(width, 1), (width, 2), (2 * width, 2), (4 * width, 2)]
    layers = plan.enumerated().map { index, step in
      defer { inputs = step.0 }
      return Convolution(
        scope["conv\(index + 1)"], inputs: inputs, outputs: step.0, kernel: 3, stride: step.1, padding: 1, start: .he(slope: 0.2),
        spectralNorm: true)
    }
    linear = Linear(scope["linear"], inputs: inputs, outputs: 1)
  }

  /// - Parameter x: `[N, H, W, 1]` in 0...1.
  /// - Returns: logits `[N, 1]` and the features after each layer.
  package func callAsFunction(_ x: Variable, _ mode: Mode) -> (logits: Variable, features: [Variable]) {
    var features: [Variable] = []
    var h = x
    for layer in layers {
      h = leakyReLU(layer(h, mode), slope: 0.2)
      features.append(h)
    }
    return (linear(globalAverage(h), mode), features)
  }
}
