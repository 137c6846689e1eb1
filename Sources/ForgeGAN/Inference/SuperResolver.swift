package import ForgeNN
package import ForgeTensor
package import Foundation
package import PixelMath

/// A trained super-resolution network: small planes in, large planes out.
package final class SuperResolver {
  package let description: ModelDescription
  /// Enlargement of rows and columns.
  package let factor: Int
  /// Rows and columns of the small image that are worked on at once; memory is bounded by it, whatever the image.
  package var tile = 192
  /// Pixels around a tile that its result depends on.
  package let reach: Int
  private let plan: InferencePlan

  /// Reads a model folder or a model.safetensors file.
  package convenience init(contentsOf url: URL, precision: Precision = .float32) throws {
    try self.init(CheckpointReader(contentsOf: ModelFolder.modelFile(url)), precision: precision)
  }

  package init(_ checkpoint: CheckpointReader, precision: Precision = .float32) throws {
    description = try ModelDescription(checkpoint.description, file: checkpoint.fileName)
    guard description.model == "srgan" else {
      throw CheckpointError.wrongKind(file: checkpoint.fileName, reason: "\(description.model) does not enlarge images")
    }
    let options = try SRGAN.Configuration(description.configuration)
    factor = options.factor
    let store = ParameterStore(seed: 0)
    let network = SRResNet(store.root["generator"], options.architecture)
    try checkpoint.restore(store.parameters)
    try checkpoint.finish()
    reach = network.shape.reach
    plan = try InferencePlan(tracing: [1, 8, 8, 1], precision: precision) { network.detail($0, .inference) }
  }

  /// Enlarges a plane. Intensities keep their unit; the result is neither rounded nor clipped.
  ///
  /// - Parameter range: the intensity that the network sees as 1: 255 for 8-bit images, the largest value of the slice for MR. When it is
  ///   not above zero the plane is flat black and only enlarged.
  package func upscale(_ plane: Plane, range: Float) throws(ForgeGANError) -> Plane {
    guard plane.rows > 0, plane.columns > 0 else { throw .unsuitablePlane(reason: "it has no pixels") }
    guard plane.values.allSatisfy(\.isFinite), range.isFinite else { throw .unsuitablePlane(reason: "it holds NaN or infinite values") }
    var result = plane.resampled(rows: plane.rows * factor, columns: plane.columns * factor)
    guard range > 0 else { return result }
    for row in stride(from: 0, to: plane.rows, by: tile) {
      for column in stride(from: 0, to: plane.columns, by: tile) {
        addDetail(of: plane, row: row, column: column, range: range, to: &result)
      }
    }
    return result
  }

  /// Adds the network's detail to one tile, computed from the tile and the pixels around it.
  private func addDetail(of plane: Plane, row: Int, column: Int, range: Float, to result: inout Plane) {
    let (lastRow, lastColumn) = (min(plane.rows, row + tile), min(plane.columns, column + tile))
    let (top, left) = (max(0, row - reach), max(0, column - reach))
    let (bottom, right) = (min(plane.rows, lastRow + reach), min(plane.columns, lastColumn + reach))
    let window = plane.cropped(row: top, column: left, rows: bottom - top, columns: right - left)
    let scale = 1 / range
    let small = Tensor([1, window.rows, window.columns, 1], window.values.map { $0 * scale })
    let detail = plan.images(small)
    let width = window.columns * factor
    detail.withUnsafeBufferPointer { detail in
      for y in row * factor..<lastRow * factor {
        let source = (y - top * factor) * width - left * factor
        let target = y * result.columns
        for x in column * factor..<lastColumn * factor { result.values[target + x] += detail[source + x] * range }
      }
    }
  }
}
