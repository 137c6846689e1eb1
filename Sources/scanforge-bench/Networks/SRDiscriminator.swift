package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// The discriminator of the SRGAN workload (`SRDisc` of the peers' `models.py`): 96x96 pixels to a logit, and the convolutions' features.
/// Source: Ledig et al. 2017.
package struct SRDiscriminator {
  /// Rows = columns of its images.
  package static let side = 96

  private let first: Convolution
  private let layers: [(convolution: Convolution, norm: BatchNorm)]
  private let hidden: Linear
  private let logit: Linear

  package init(_ scope: ParameterScope) {
    first = Convolution(scope["conv1"], inputs: 1, outputs: 64, kernel: 3, start: .lecunUniform, slope: 0.2)
    let plan = [(64, 64, 2), (64, 128, 1), (128, 128, 2), (128, 256, 1), (256, 256, 2), (256, 512, 1), (512, 512, 2)]
    layers = plan.enumerated().map { index, layer in
      let (inputs, outputs, stride) = layer
      return (
        Convolution(
          scope["conv\(index + 2)"], inputs: inputs, outputs: outputs, kernel: 3, stride: stride, padding: 1, hasBias: false,
          start: .lecunUniform),
        BatchNorm(scope["norm\(index + 2)"], channels: outputs, slope: 0.2)
      )
    }
    hidden = Linear(scope["linear1"], inputs: 512 * 36, outputs: 1024)
    logit = Linear(scope["linear2"], inputs: 1024, outputs: 1)
  }

  /// - Parameter x: `[N, 96, 96, 1]`.
  /// - Returns: `[N, 1]` logits and `[N, 6, 6, 512]` features.
  package func callAsFunction(_ x: Variable, _ mode: Mode) -> (logits: Variable, features: Variable) {
    var h = first(x, mode)
    for (convolution, norm) in layers { h = norm(convolution(h, mode), mode) }
    let flat = reshape(h, [x.shape[0], 512 * 36])
    return (logit(leakyReLU(hidden(flat, mode), slope: 0.2), mode), h)
  }
}
