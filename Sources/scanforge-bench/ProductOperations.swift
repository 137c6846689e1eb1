import ForgeGrad
import ForgeTensor

/// Floating-point operations of the convolutions and matrix products behind a result, padding counted: two per multiplication, as PyTorch's
/// flop counter has it.
struct ProductOperations {
  var forward = 0.0
  /// Of a backward pass with respect to all that products read but do not learn.
  var dataGradients = 0.0
  /// Of a backward pass with respect to the weights.
  var weightGradients = 0.0

  /// A forward and a full backward pass.
  var step: Double { forward + dataGradients + weightGradients }

  /// Counts on the tape that `y` has recorded: a gradient that nothing there asks for costs nothing.
  init(behind y: Variable) {
    for node in tape(of: y) {
      let operations: Double
      switch (node.opcode, node.attributes) {
      case (.convolution, .convolution(let geometry)), (.convolutionDataGradient, .convolution(let geometry)):
        operations = Double(geometry.operations)
      case (.matmul, .transposed(let isTransposed, _)):
        let (a, b) = (node.inputs[0].shape, node.inputs[1].shape)
        let columns = b.count / (isTransposed ? a[-2] : a[-1])
        operations = 2 * Double(a.count) * Double(columns)
      default: continue
      }
      forward += operations
      if node.inputs[0].node != nil { dataGradients += operations }
      if node.inputs[1].node != nil { weightGradients += operations }
    }
  }
}
