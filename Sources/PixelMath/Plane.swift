/// A grey image as plain numbers: `rows x columns` values, row-major. Both towers may hold one.
package struct Plane: Sendable, Hashable {
  package let rows: Int
  package let columns: Int
  package var values: [Float]

  package init(rows: Int, columns: Int, values: [Float]) {
    precondition(values.count == rows * columns, "Plane: \(values.count) values for \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  package subscript(row: Int, column: Int) -> Float { values[row * columns + column] }

  /// The plane without `border` pixels on each side; `2 * border` must be less than both extents.
  package func cropped(border: Int) -> Plane {
    precondition(border >= 0 && 2 * border < rows && 2 * border < columns, "Plane: border \(border) of \(rows) x \(columns)")
    return cropped(row: border, column: border, rows: rows - 2 * border, columns: columns - 2 * border)
  }

  /// The part that begins at (`row`, `column`).
  package func cropped(row: Int, column: Int, rows height: Int, columns width: Int) -> Plane {
    precondition(
      row >= 0 && column >= 0 && height > 0 && width > 0 && row + height <= rows && column + width <= columns,
      "Plane: crop \(height) x \(width) at (\(row), \(column)) of \(rows) x \(columns)")
    var result: [Float] = []
    result.reserveCapacity(height * width)
    for y in row..<row + height { result += values[y * columns + column..<y * columns + column + width] }
    return Plane(rows: height, columns: width, values: result)
  }

  /// Rounded to whole numbers (ties to even) and clipped to `range`.
  package func quantized(to range: ClosedRange<Float>) -> Plane {
    Plane(rows: rows, columns: columns, values: values.map { min(max($0.rounded(.toNearestOrEven), range.lowerBound), range.upperBound) })
  }
}
