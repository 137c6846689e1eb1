/// One of the eight symmetries of a square.
package struct Turn: Sendable, Equatable {
  package var flipsRows: Bool
  package var flipsColumns: Bool
  /// Rows become columns, after the flips.
  package var transposes: Bool

  package init(flipsRows: Bool, flipsColumns: Bool, transposes: Bool) {
    self.flipsRows = flipsRows
    self.flipsColumns = flipsColumns
    self.transposes = transposes
  }

  /// All eight, the identity first.
  package static let all = (0..<8).map { Turn(flipsRows: $0 & 1 == 1, flipsColumns: $0 & 2 == 2, transposes: $0 & 4 == 4) }

  /// Undoes this one.
  package var inverse: Turn {
    transposes ? Turn(flipsRows: flipsColumns, flipsColumns: flipsRows, transposes: true) : self
  }
}

extension Plane {
  package func turned(by turn: Turn) -> Plane {
    let (newRows, newColumns) = turn.transposes ? (columns, rows) : (rows, columns)
    // The source of pixel (row, column) is at start + row · down + column · right.
    let start = (turn.flipsRows ? (rows - 1) * columns : 0) + (turn.flipsColumns ? columns - 1 : 0)
    let (alongRows, alongColumns) = (turn.flipsRows ? -columns : columns, turn.flipsColumns ? -1 : 1)
    let (down, right) = turn.transposes ? (alongColumns, alongRows) : (alongRows, alongColumns)
    let turned = [Float](unsafeUninitializedCapacity: values.count) { buffer, count in
      values.withUnsafeBufferPointer { values in
        for row in 0..<newRows {
          for column in 0..<newColumns { buffer[row * newColumns + column] = values[start + row * down + column * right] }
        }
      }
      count = values.count
    }
    return Plane(rows: newRows, columns: newColumns, values: turned)
  }
}
