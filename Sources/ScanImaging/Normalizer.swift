package import PixelMath
package import ScanModel

/// Brings slices to one size and one grey scale, and remembers how to go back.
///
/// Order: window in modality units, then fit. `fit` keeps the aspect ratio: the longer side becomes `size`, the rest is filled with the
/// darkest value, so that anatomy is never stretched. Shrinking is anti-aliased.
package struct Normalizer: Sendable, Equatable, Codable {
  /// What maps modality units to the grey scale.
  package enum Intensity: Sendable, Equatable, Codable {
    /// The same window for every image.
    case window(WindowSetting)
    /// The window of the file, else `percentiles`.
    case file
    /// The image's own 0.5 and 99.5 percentiles (MR has no units).
    case percentiles
    /// The full range of the stored bits: 8 bits map 0...255.
    case stored
    /// DICOM: the window of the file, else percentiles for MR and the image's own range otherwise. TIFF and PNG: the stored range of
    /// 8 bits, else from 0 (or the smallest negative value) to the largest value, so that nothing is clipped.
    case auto

    /// The names that pipelines and the command line use.
    package static let names = ["auto", "file", "percentiles", "stored"]

    package init?(named name: String) {
      switch name {
      case "auto": self = .auto
      case "file": self = .file
      case "percentiles": self = .percentiles
      case "stored": self = .stored
      default: return nil
      }
    }
  }

  package var intensity: Intensity
  /// Side in pixels; nil keeps the image's own size.
  package var size: Int?

  package init(intensity: Intensity, size: Int?) {
    self.intensity = intensity
    self.size = size
  }

  /// - Returns: a plane with values in -1...1 and the window that was used.
  /// - Throws: `ImagingError.badWindow` when a given window has no width.
  package func normalize(_ slice: Slice) throws(ImagingError) -> (plane: Plane, window: WindowSetting, spacing: SpacingMillimeters?) {
    let window = try window(for: slice)
    let plane = Plane(rows: slice.rows, columns: slice.columns, values: slice.windowed(window, to: -1...1))
    guard let size, slice.rows != size || slice.columns != size else { return (plane, window, slice.spacingMillimeters) }
    let (fitted, rows, columns) = plane.fitted(to: size)
    let spacing = slice.spacingMillimeters.map {
      SpacingMillimeters(row: $0.row * Double(slice.rows) / Double(rows), column: $0.column * Double(slice.columns) / Double(columns))
    }
    return (fitted, window, spacing)
  }

  private func window(for slice: Slice) throws(ImagingError) -> WindowSetting {
    switch intensity {
    case .window(let window):
      guard window.width > 0 else { throw .badWindow(width: Double(window.width)) }
      return window
    case .file: return slice.window ?? slice.percentileWindow()
    case .percentiles: return slice.percentileWindow()
    case .stored: return WindowSetting(exactly: slice.storedRange)
    case .auto:
      if let window = slice.window { return window }
      if slice.modality == "MR" { return slice.percentileWindow() }
      if slice.storedRange == 0...255 { return WindowSetting(exactly: slice.storedRange) }
      return WindowSetting(exactly: min(0, slice.values.min() ?? 0)...max(slice.values.max() ?? 0, 0))
    }
  }
}

extension WindowSetting {
  /// The window whose `bounds` are `range`; a flat range is widened to 2.
  package init(exactly range: ClosedRange<Float>) {
    let width = range.upperBound - range.lowerBound
    guard width > 0 else {
      self.init(center: range.lowerBound + 0.5, width: 2)
      return
    }
    self.init(center: (range.lowerBound + range.upperBound) / 2 + 0.5, width: width + 1)
  }
}

extension Slice {
  /// The window from the 0.5 to the 99.5 percentile of the values.
  package func percentileWindow() -> WindowSetting {
    let sorted = values.sorted()
    func percentile(_ share: Double) -> Float { sorted[min(sorted.count - 1, Int(share * Double(sorted.count - 1) + 0.5))] }
    return WindowSetting(exactly: percentile(0.005)...percentile(0.995))
  }
}

extension Plane {
  /// This plane of -1...1 within a square: the longer side becomes `size`, the rest is -1.
  ///
  /// - Returns: the square, and the rows and columns that the picture itself has in it.
  package func fitted(to size: Int) -> (plane: Plane, rows: Int, columns: Int) {
    if rows == size, columns == size { return (self, size, size) }
    let longest = max(rows, columns)
    let height = max(1, (rows * size + longest / 2) / longest)
    let width = max(1, (columns * size + longest / 2) / longest)
    let small = resampled(rows: height, columns: width)
    var square = [Float](repeating: -1, count: size * size)
    let (top, left) = ((size - height) / 2, (size - width) / 2)
    for row in 0..<height {
      for column in 0..<width { square[(top + row) * size + left + column] = min(max(small[row, column], -1), 1) }
    }
    return (Plane(rows: size, columns: size, values: square), height, width)
  }
}
