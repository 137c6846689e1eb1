import ForgeTensor

/// Some rows of a map, in order and without gaps. New rows come at the end; when the memory is full, the rows that are still needed move
/// to its start.
struct LineBuffer {
  let rowFloats: Int
  private let capacity: Int
  private let memory: AlignedMemory
  /// The row at the start of the memory.
  private var first = 0

  /// - Parameters:
  ///   - live: most rows needed at a time, those just being written among them.
  ///   - spare: rows beyond; the more, the more seldom rows are moved.
  init(rowFloats: Int, live: Int, spare: Int) {
    self.rowFloats = rowFloats
    capacity = live + spare
    memory = AlignedMemory(floats: rowFloats * capacity)
  }

  var byteCount: Int { memory.byteCount }

  func pointer(_ row: Int) -> UnsafeMutablePointer<Float> { memory.floats + (row - first) * rowFloats }

  /// Forgets all rows; the next image begins at row 0.
  mutating func reset() { first = 0 }

  /// Makes room for rows up to `end`, keeping `rows`.
  mutating func makeRoom(to end: Int, keeping rows: Range<Int>) {
    guard end - first > capacity else { return }
    let kept = max(rows.lowerBound, first)
    promise(end - kept <= capacity, "line buffer: rows \(kept)..<\(end) in \(capacity)")
    if rows.upperBound > kept { memory.floats.update(from: pointer(kept), count: (rows.upperBound - kept) * rowFloats) }
    first = kept
  }
}
