import ForgeGAN
import ForgeTensor
import Foundation
import PixelMath
import ScanIO
import ScanModel

/// Sample sheets as PNG files.
enum SampleSheetWriter {
  static func write(_ sheet: SampleSheet, to folder: URL) throws -> (url: URL, png: Data) {
    let shape = sheet.images.shape
    let (rows, columns) = (shape[1], shape[2])
    let values = sheet.images.values
    let planes = (0..<shape[0]).map { index in
      Plane(rows: rows, columns: columns, values: Array(values[index * rows * columns..<(index + 1) * rows * columns]))
    }
    let grid = SampleGrid.compose(planes, columns: sheet.columns, scale: max(1, 96 / max(rows, columns)))
    let url = folder.appendingPathComponent("samples-\(sheet.step).png")
    let png = try PNGWriter.encode(grid, photometric: .monochrome2, spacing: nil, texts: ["Comment": PNGWriter.syntheticNotice])
    try AtomicFile.write(png, to: url.path)
    return (url, Data(png))
  }
}
