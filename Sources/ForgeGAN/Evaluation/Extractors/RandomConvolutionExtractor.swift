package import ForgeGrad
import ForgeNN
import ForgeTensor
package import Foundation

/// Features of convolutions that nobody trained: 3x3 kernels of stride 2 with random weights, each followed by a leaky ReLU, and of each
/// layer's channels the mean and the root of the mean square over the image. It knows no classes and prefers no training set, and so sees
/// what an extractor trained on the same images is blind to. The weights follow from the seed alone.
package struct RandomConvolutionExtractor: FeatureExtractor {
  package let name = "random-cnn"
  package let sizes = 16...4096
  private static let channels = [32, 64, 128, 128]
  private let store: ParameterStore
  private let layers: [Convolution]

  package var width: Int { 2 * RandomConvolutionExtractor.channels.reduce(0, +) }

  package init(seed: UInt64 = 1) {
    let store = ParameterStore(seed: seed)
    var inputs = 1
    layers = RandomConvolutionExtractor.channels.enumerated().map { stage, outputs in
      defer { inputs = outputs }
      return Convolution(
        store.root["conv\(stage + 1)"], inputs: inputs, outputs: outputs, kernel: 3, stride: 2, padding: 1, start: .he(slope: 0.2), slope: 0.2)
    }
    self.store = store
  }

  package var weights: Data {
    var writer = CheckpointWriter(description: ["extractor": .string(name), "seed": .string(String(store.seed))])
    writer.add(store.parameters)
    return writer.serialized()
  }

  package func features(_ images: Variable) -> Variable {
    concatenate(maps(images).flatMap { [mean($0, axes: [1, 2]), sqrt(mean($0 * $0, axes: [1, 2]))] }, axis: 1)
  }

  package func maps(_ images: Variable) -> [Variable] {
    var x = images
    return layers.map { layer in
      x = layer(x, .inference)
      return x
    }
  }
}
