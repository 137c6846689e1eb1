package import ForgeGrad
package import ForgeNN
import ForgeTensor

/// The generator of the cDCGAN workloads (`CG` of the peers' `models.py`): the label's embedding is joined to the latent vector, then
/// transposed convolutions with batch norms and ReLU. Source: Radford et al. 2016; Mirza and Osindero 2014.
package struct DCGANGenerator {
  package static let latentLength = 128
  package static let classes = 10

  private let embedding: Embedding
  private let layers: [(convolution: TransposedConvolution, norm: BatchNorm)]
  private let last: TransposedConvolution

  /// - Parameter size: rows = columns of the images, 64 or 128.
  package init(_ scope: ParameterScope, size: Int) {
    let width = 64
    embedding = Embedding(scope["embedding"], rows: DCGANGenerator.classes, width: 128)
    var layers: [(convolution: TransposedConvolution, norm: BatchNorm)] = []
    var inputs = DCGANGenerator.latentLength + 128
    var outputs = width * size / 8
    while outputs >= width {
      let isFirst = layers.isEmpty
      let scope = scope["up\(layers.count + 1)"]
      let convolution = TransposedConvolution(
        scope["conv"], inputs: inputs, outputs: outputs, kernel: 4, stride: isFirst ? 1 : 2, padding: isFirst ? 0 : 1, hasBias: false,
        start: .lecunUniform)
      layers.append((convolution, BatchNorm(scope["norm"], channels: outputs, slope: 0)))
      (inputs, outputs) = (outputs, outputs / 2)
    }
    self.layers = layers
    last = TransposedConvolution(scope["last"], inputs: inputs, outputs: 1, start: .lecunUniform)
  }

  /// - Parameters:
  ///   - latent: `[N, 128]`.
  ///   - labels: N class indexes below 10.
  /// - Returns: `[N, size, size, 1]` in −1...1.
  package func callAsFunction(_ latent: Variable, labels: [Int32], _ mode: Mode) -> Variable {
    let joined = concatenate([latent, embedding(labels, mode)], axis: 1)
    var x = reshape(joined, [labels.count, 1, 1, joined.shape[1]])
    for (convolution, norm) in layers { x = norm(convolution(x, mode), mode) }
    return tanh(last(x, mode))
  }
}
