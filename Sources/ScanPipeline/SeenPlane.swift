import ForgeGAN
import PixelMath
import ScanDeid
import ScanImaging
import ScanModel

/// One plane of a stored image as a network sees it: 0 for the darkest value and `range` for the brightest.
///
/// Padding is left out of the range and comes back by repetition; MONOCHROME1 is turned round.
final class SeenPlane {
  let rows: PlaneRows
  let range: Float
  private let low: Float
  private let isInverted: Bool
  private let stored: PlaneRows
  private let padding: PixelPadding
  private var paddingRow: (row: Int, values: [Float]) = (-1, [])

  init(_ scan: CleanScan, _ pixels: PixelBuffer, frame: Int, sample: Int) throws(ForgeGANError) {
    let samples = StoredSamples(pixels)
    let stored = PlaneRows(rows: pixels.rows, columns: pixels.columns) { samples.read(row: $0, frame: frame, sample: sample, into: $1) }
    let padding = PixelPadding(scan.dataset, signed: pixels.isSigned)
    let isInverted = scan.photometric == .monochrome1
    var (smallest, largest) = (Float.infinity, -Float.infinity)
    for row in 0..<stored.rows {
      for value in stored.row(row) where !padding.contains(value) {
        // min and max of the standard library let a NaN pass.
        guard value.isFinite else { throw .unsuitablePlane(reason: "it holds NaN or infinite values") }
        (smallest, largest) = (min(smallest, value), max(largest, value))
      }
    }
    // An image of nothing but padding stays one.
    if smallest > largest { (smallest, largest) = (0, 0) }
    // Zero stays zero for unsigned images, as in training.
    let low = smallest >= 0 ? 0 : smallest
    let range = largest - low
    rows = PlaneRows(rows: stored.rows, columns: stored.columns) { row, output in
      samples.read(row: row, frame: frame, sample: sample, into: output)
      for column in output.indices {
        let shifted = padding.contains(output[column]) ? (isInverted ? range : 0) : output[column] - low
        output[column] = isInverted ? range - shifted : shifted
      }
    }
    (self.low, self.range, self.isInverted, self.stored, self.padding) = (low, range, isInverted, stored, padding)
  }

  /// Turns a piece of an enlarged row back into stored values.
  func restore(_ piece: UnsafeMutableBufferPointer<Float>, row: Int, column: Int, factor: Int) {
    for index in piece.indices { piece[index] = (isInverted ? range - piece[index] : piece[index]) + low }
    guard padding.isPresent else { return }
    if paddingRow.row != row / factor { paddingRow = (row / factor, stored.row(row / factor)) }
    for index in piece.indices {
      let source = paddingRow.values[(column + index) / factor]
      if padding.contains(source) { piece[index] = source }
    }
  }
}
