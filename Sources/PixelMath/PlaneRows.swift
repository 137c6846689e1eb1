/// A grey image whose rows are made when they are asked for, perhaps more than once.
package struct PlaneRows {
  package let rows: Int
  package let columns: Int
  private let read: (_ row: Int, _ output: UnsafeMutableBufferPointer<Float>) -> Void

  /// - Parameter read: fills in the `columns` values of a row.
  package init(rows: Int, columns: Int, read: @escaping (_ row: Int, _ output: UnsafeMutableBufferPointer<Float>) -> Void) {
    self.rows = rows
    self.columns = columns
    self.read = read
  }

  package init(_ plane: Plane) {
    self.init(rows: plane.rows, columns: plane.columns) { row, output in
      for column in 0..<plane.columns { output[column] = plane.values[row * plane.columns + column] }
    }
  }

  package func row(_ row: Int) -> [Float] {
    precondition((0..<rows).contains(row), "PlaneRows: row \(row) of \(rows)")
    return [Float](unsafeUninitializedCapacity: columns) { output, count in
      output.update(repeating: 0)
      read(row, UnsafeMutableBufferPointer(rebasing: output[..<columns]))
      count = columns
    }
  }
}
