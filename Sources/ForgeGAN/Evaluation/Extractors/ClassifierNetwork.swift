import ForgeGrad
import ForgeNN

/// A convolutional classifier of grey images: stages of two 3x3 convolutions with batch norm and ReLU, the first of which halves the side,
/// down to 8 pixels or fewer; the mean over the image; a linear layer. The means before the linear layer are its features.
struct ClassifierNetwork {
  let width: Int
  private let stem: Block
  private let stages: [(reduction: Block, refinement: Block)]
  private let linear: Linear

  private struct Block {
    let convolution: Convolution
    let norm: BatchNorm

    init(_ scope: ParameterScope, inputs: Int, outputs: Int, stride: Int) {
      convolution = Convolution(scope["conv"], inputs: inputs, outputs: outputs, kernel: 3, stride: stride, padding: 1, hasBias: false)
      norm = BatchNorm(scope["norm"], channels: outputs, slope: 0)
    }

    func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable { norm(convolution(x, mode), mode) }
  }

  /// - Parameters:
  ///   - size: side of the images in pixels.
  ///   - base: channels at full size; they double at each stage, up to eight times as many.
  init(_ scope: ParameterScope, size: Int, classes: Int, base: Int) {
    stem = Block(scope["stem"], inputs: 1, outputs: base, stride: 1)
    var (inputs, side) = (base, size)
    var stages: [(Block, Block)] = []
    while side > 8 {
      let outputs = min(8 * base, 2 * inputs)
      let stage = scope["stage\(stages.count + 1)"]
      stages.append(
        (
          Block(stage["reduction"], inputs: inputs, outputs: outputs, stride: 2),
          Block(stage["refinement"], inputs: outputs, outputs: outputs, stride: 1)
        ))
      (inputs, side) = (outputs, (side + 1) / 2)
    }
    self.stages = stages
    width = inputs
    linear = Linear(scope["linear"], inputs: inputs, outputs: classes)
  }

  /// `[N, size, size, 1]` to `[N, width]`.
  func features(_ images: Variable, _ mode: Mode) -> Variable {
    var x = stem(images, mode)
    for (reduction, refinement) in stages { x = refinement(reduction(x, mode), mode) }
    return globalAverage(x)
  }

  /// `[N, width]` to `[N, classes]`.
  func logits(_ features: Variable, _ mode: Mode) -> Variable { linear(features, mode) }
}
