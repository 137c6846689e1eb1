import ForgeGrad
import ForgeNN
import ForgeTensor

/// A trained network ready for repeated use: the one place where the inference suites decide how a network is executed.
struct PreparedInference {
  private let pass: () throws -> Void
  /// Convolutions by the arithmetic that they run in.
  let layers: [InferencePlan.LayerReport]

  /// Images of any size through a network that keeps or multiplies their rows, each streamed row by row.
  init(image: Tensor, precision: Precision, _ network: (Variable) -> Variable) throws(InferenceError) {
    let plan = try InferencePlan(tracing: [1, 8, 8, image.shape[3]], precision: precision, network)
    let (rows, columns, values) = (image.shape[1], image.shape[2], image.values)
    let small = InferenceGraph.Extents(rows: 1, columns: 1, channels: image.shape[3])
    let scale = plan.graph.extents(of: small)[plan.graph.output].rows
    let result = AlignedMemory(floats: rows * columns * scale * scale)
    layers = plan.layers
    pass = {
      try plan.stream(rows: rows, columns: columns) { piece, pointer in
        for row in piece.rows {
          let target = pointer + (row - piece.rows.lowerBound) * piece.rowFloats
          for (index, column) in piece.columns.enumerated() { target[index] = values[row * columns + column] }
        }
      } sink: { piece, pointer in
        for row in piece.rows {
          let place = row * columns * scale + piece.columns.lowerBound
          let source = pointer + (row - piece.rows.lowerBound) * piece.rowFloats
          result.floats.advanced(by: place).update(from: source, count: piece.columns.count)
        }
      }
    }
  }

  /// Batches of latent vectors through a network whose images choose rows of its tables by their labels.
  init(
    latent: Tensor, labels: [Int], of count: Int, precision: Precision, _ network: (Variable, [Int32]) -> Variable
  ) throws(InferenceError) {
    let all = (0..<count).map(Int32.init)
    let plan = try InferencePlan(tracing: [count, latent.shape[1]], precision: precision) { network($0, all) }
    layers = plan.layers
    pass = { _ = plan.images(latent, rows: labels) }
  }

  /// One pass.
  func callAsFunction() throws { try pass() }
}
