package import PixelMath
package import ScanModel

/// Lays planes out as one 8-bit picture, so that a person can look at many samples at once.
package enum SampleGrid {
  /// - Parameters:
  ///   - planes: values in -1...1, any sizes; each cell has the size of the largest.
  ///   - columns: cells in a row.
  ///   - scale: whole-number enlargement by repetition.
  package static func compose(_ planes: [Plane], columns: Int, scale: Int = 1) -> PixelBuffer {
    precondition(!planes.isEmpty && columns > 0 && scale > 0, "SampleGrid: \(planes.count) planes in \(columns) columns at scale \(scale)")
    let gap = 2
    let cellRows = (planes.map(\.rows).max() ?? 1) * scale
    let cellColumns = (planes.map(\.columns).max() ?? 1) * scale
    let gridRows = (planes.count + columns - 1) / columns
    let height = gridRows * (cellRows + gap) + gap
    let width = columns * (cellColumns + gap) + gap
    var words = [UInt8](repeating: 48, count: height * width)
    for (index, plane) in planes.enumerated() {
      let top = gap + index / columns * (cellRows + gap)
      let left = gap + index % columns * (cellColumns + gap)
      for row in 0..<plane.rows * scale {
        for column in 0..<plane.columns * scale {
          let value = (plane[row / scale, column / scale] + 1) * 127.5
          words[(top + row) * width + left + column] = UInt8(min(max(value.rounded(), 0), 255))
        }
      }
    }
    return PixelBuffer(rows: height, columns: width, bitsAllocated: 8, words: words)
  }
}
