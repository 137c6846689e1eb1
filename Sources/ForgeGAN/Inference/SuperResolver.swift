import ForgeGrad
package import ForgeNN
import ForgeTensor
package import Foundation
package import PixelMath

/// A trained super-resolution network: small planes in, large planes out.
package final class SuperResolver {
  package let description: ModelDescription
  /// Enlargement of rows and columns.
  package let factor: Int
  /// Rows and columns of the small image that are worked on at once; memory is bounded by it, whatever the image.
  package var tile = 192
  private let network: any SuperResolutionNetwork

  /// Reads a model folder or a model.safetensors file.
  package convenience init(contentsOf url: URL) throws {
    try self.init(CheckpointReader(contentsOf: ModelFolder.modelFile(url)))
  }

  package init(_ checkpoint: CheckpointReader) throws {
    description = try ModelDescription(checkpoint.description, file: checkpoint.fileName)
    guard description.model == "srgan" else {
      throw CheckpointError.wrongKind(file: checkpoint.fileName, reason: "\(description.model) does not enlarge images")
    }
    let options = try SRGAN.Configuration(description.configuration)
    factor = options.factor
    let store = ParameterStore(seed: 0)
    network = options.makeGenerator(store.root["generator"])
    try checkpoint.restore(store.parameters)
    try checkpoint.finish()
  }

  /// Pixels around a tile that its result depends on.
  package var reach: Int { network.reach }

  /// Enlarges a plane. Intensities keep their unit; the result is neither rounded nor clipped.
  ///
  /// - Parameter range: the intensity that the network sees as 1: 255 for 8-bit images, the largest value of the slice for MR. When it is
  ///   not above zero the plane is flat black and only enlarged.
  package func upscale(_ plane: Plane, range: Float) throws -> Plane {
    var result = Plane(
      rows: plane.rows * factor, columns: plane.columns * factor,
      values: [Float](repeating: 0, count: plane.values.count * factor * factor))
    try upscale(PlaneRows(plane), range: range) { row, column, piece in
      for (index, value) in piece.enumerated() { result.values[row * result.columns + column + index] = value }
    }
    return result
  }

  /// Enlarges a plane that is read and written in pieces of rows, so that memory does not grow with the image.
  ///
  /// - Parameters:
  ///   - range: as above.
  ///   - sink: gets every pixel of the result once: pieces of a row, their row and first column. What it throws ends the work.
  package func upscale(
    _ source: PlaneRows, range: Float, into sink: (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    guard source.rows > 0, source.columns > 0 else { throw ForgeGANError.unsuitablePlane(reason: "it has no pixels") }
    guard range.isFinite else { throw ForgeGANError.unsuitablePlane(reason: "it holds NaN or infinite values") }
    let bicubic = RowResampler(
      rows: source.rows, columns: source.columns, newRows: source.rows * factor, newColumns: source.columns * factor)
    for row in stride(from: 0, to: source.rows, by: tile) {
      for column in stride(from: 0, to: source.columns, by: tile) {
        try enlarge(source, row: row, column: column, range: range, bicubic, into: sink)
      }
    }
  }

  /// One tile, computed from the tile and the pixels around it.
  private func enlarge(
    _ source: PlaneRows, row: Int, column: Int, range: Float, _ bicubic: RowResampler,
    into sink: (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let (lastRow, lastColumn) = (min(source.rows, row + tile), min(source.columns, column + tile))
    // The enlargement is mixed from 2 pixels to each side.
    let margin = max(reach, 2)
    let (top, bottom) = (max(0, row - margin), min(source.rows, lastRow + margin))
    let (left, right) = (max(0, column - reach), min(source.columns, lastColumn + reach))
    let rows = (top..<bottom).flatMap(source.row)
    guard rows.allSatisfy(\.isFinite) else { throw ForgeGANError.unsuitablePlane(reason: "it holds NaN or infinite values") }
    var made: Tensor?
    if range > 0 {
      let scale = 1 / range
      let window = Plane(rows: bottom - top, columns: source.columns, values: rows).cropped(
        row: 0, column: left, rows: bottom - top, columns: right - left)
      let small = Tensor([1, window.rows, window.columns, 1], window.values.map { $0 * scale })
      made = withoutRecording { network(Variable(small), .inference).value }
    }
    let width = (lastColumn - column) * factor
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { piece in
      for y in row * factor..<lastRow * factor {
        if network.addsToBicubic || made == nil {
          rows.withUnsafeBufferPointer { rows in
            bicubic.row(y, columns: column * factor..<lastColumn * factor, into: piece) { rows.baseAddress! + ($0 - top) * source.columns }
          }
        } else {
          piece.update(repeating: 0)
        }
        made?.withUnsafeBufferPointer { made in
          let start = (y - top * factor) * (right - left) * factor + (column - left) * factor
          for x in 0..<width { piece[x] += made[start + x] * range }
        }
        try sink(y, column * factor, piece)
      }
    }
  }
}
