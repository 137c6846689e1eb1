import ScanModel

/// DICOM RLE frames: the header's unused words, and bytes between and behind the segments. PS3.5 annex G.
enum RLEText {
  /// What the image attributes say about a frame.
  struct Shape {
    let rows: Int
    let columns: Int
    let samplesPerPixel: Int
    let segments: Int
    /// Bytes that each segment gives.
    let cells: Int
    let samples: Int

    /// For frames whose attributes do not tell.
    static let unknownSamples = 1 << 24

    /// nil when the attributes do not tell.
    init?(of dataset: Dataset) {
      guard let rows = dataset.imageWord(.rows), let columns = dataset.imageWord(.columns), let bits = dataset.imageWord(.bitsAllocated),
        rows > 0, columns > 0, bits == 1 || (8...64).contains(bits)
      else { return nil }
      let samples = dataset.imageWord(.samplesPerPixel) ?? 1
      guard (1...4).contains(samples) else { return nil }
      (self.rows, self.columns, samplesPerPixel) = (rows, columns, samples)
      segments = samples * max(1, bits / 8)
      self.samples = rows * columns * samples
      cells = bits == 1 ? (rows * columns + 7) / 8 : rows * columns
    }
  }

  /// - Returns: false for a frame that is none: text may stand anywhere in it.
  static func clean(_ stream: inout StreamBytes, _ shape: Shape?) -> Bool {
    guard stream.count >= 64, let count = stream.little32(0), (1...15).contains(count), count == shape?.segments ?? count else {
      return false
    }
    var starts = (1...count).map { stream.little32(4 * $0) ?? 0 }
    guard starts[0] >= 64, zip(starts, starts.dropFirst()).allSatisfy({ $0 < $1 }), starts[count - 1] <= stream.count else { return false }
    stream.fill(4 * (count + 1)..<64, with: 0)
    stream.fill(64..<starts[0], with: 0)
    guard let shape else {
      stream.isUnchecked = true
      return true
    }
    starts.append(stream.count)
    for (start, end) in zip(starts, starts.dropFirst()) { cleanSegment(&stream, start..<end, cells: shape.cells) }
    return true
  }

  /// Zeros for what the segment holds behind its last cell. A segment that ends early has nothing there, and the picture breaks off.
  private static func cleanSegment(_ stream: inout StreamBytes, _ range: Range<Int>, cells: Int) {
    var position = range.lowerBound
    var written = 0
    while written < cells, position < range.upperBound {
      let control = Int(stream[position])
      position += 1
      if control < 128 {
        // Of a run that goes on behind the last cell the rest says nothing.
        let used = min(control + 1, cells - written)
        let end = min(position + control + 1, range.upperBound)
        if position + used > range.upperBound { stream.breaksOff = true }
        if position + used < end { stream.fill(position + used..<end, with: 0) }
        position += control + 1
        written += used
      } else if control > 128 {
        if position == range.upperBound { stream.breaksOff = true }
        position += 1
        written += 257 - control
      }
    }
    if written < cells { stream.breaksOff = true }
    if position < range.upperBound { stream.fill(position..<range.upperBound, with: 0) }
  }
}
