/// One two-dimensional grey image in modality units, ready for imaging functions. Holds no identity.
package struct Slice: Sendable, Equatable {
  package var rows: Int
  package var columns: Int
  /// `rows x columns` values, row-major: Hounsfield units for CT, arbitrary units otherwise.
  package var values: [Float]
  /// Row spacing, then column spacing, in millimeters; nil when the file does not say.
  package var spacingMillimeters: SpacingMillimeters?
  /// DICOM Modality (`CT`, `MR`, `DX` …); `OT` when unknown.
  package var modality: String
  /// Window of the file, first of its values, in modality units.
  package var window: WindowSetting?
  /// The largest value that the source's stored bits can express after rescale; used when no window is known.
  package var storedRange: ClosedRange<Float>

  package init(
    rows: Int, columns: Int, values: [Float], spacingMillimeters: SpacingMillimeters? = nil, modality: String = "OT",
    window: WindowSetting? = nil, storedRange: ClosedRange<Float>
  ) {
    precondition(values.count == rows * columns, "Slice: \(values.count) values for \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
    self.spacingMillimeters = spacingMillimeters
    self.modality = modality
    self.window = window
    self.storedRange = storedRange
  }
}

/// Distance between pixel centers. PS3.3 section 10.7.1.3: the first value is between rows.
package struct SpacingMillimeters: Sendable, Equatable, Codable {
  package var row: Double
  package var column: Double

  package init(row: Double, column: Double) {
    self.row = row
    self.column = column
  }
}

/// A linear VOI window in modality units. PS3.3 section C.11.2.
package struct WindowSetting: Sendable, Equatable, Codable {
  package var center: Float
  package var width: Float

  package init(center: Float, width: Float) {
    self.center = center
    self.width = width
  }
}
