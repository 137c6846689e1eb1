/// Goes through the scans of a progressive Huffman image (ISO/IEC 10918-1 annex G) code by code, to find where each ends and whether all come.
///
/// A refinement scan has a bit for each coefficient that is not zero yet, so places of those are kept; their values are not.
struct ProgressiveScans {
  /// A component's blocks, as many as whole MCUs have.
  private struct Plane {
    let horizontal: Int
    let vertical: Int
    /// Blocks of a row in scans of this component alone, and in memory.
    let columns: Int
    let rows: Int
    let stride: Int
    /// Bit k of a block's word: its coefficient k is not zero.
    var nonzero: [UInt64]
    /// The bit position down to which coefficient k has come; nil when it has not.
    var reached = [Int?](repeating: nil, count: 64)
  }

  /// A scan's component and tables.
  struct Part {
    let component: Int
    let dc: Int?
    let ac: Int?
  }

  /// What a scan says of coefficients: first and last, bit position before and now.
  struct Selection {
    let first: Int
    let last: Int
    let high: Int
    let low: Int

    var isLegal: Bool { first <= last && last < 64 && (first > 0 || last == 0) && low <= 13 && (high == 0 || high == low + 1) }
  }

  private var planes: [Plane] = []
  private let acrossMCUs: Int
  private let downMCUs: Int

  /// Beyond this a frame is not walked: its places would take 128 MiB.
  private static let mostBlocks = 1 << 24

  /// Encoders need about a dozen; a short scan can stand for many blocks.
  private static let mostScans = 128
  private var scans = 0

  /// nil for a frame that is too large.
  init?(_ components: [JPEGTables.Component], width: Int, height: Int) {
    func up(_ value: Int, _ by: Int) -> Int { (value + by - 1) / by }
    let widest = components.map(\.horizontal).max() ?? 1
    let highest = components.map(\.vertical).max() ?? 1
    acrossMCUs = up(width, 8 * widest)
    downMCUs = up(height, 8 * highest)
    let blocks = components.reduce(0) { $0 + acrossMCUs * downMCUs * $1.horizontal * $1.vertical }
    guard blocks <= Self.mostBlocks else { return nil }
    planes = components.map { component in
      Plane(
        horizontal: component.horizontal, vertical: component.vertical, columns: up(up(width * component.horizontal, widest), 8),
        rows: up(up(height * component.vertical, highest), 8), stride: acrossMCUs * component.horizontal,
        nonzero: [UInt64](repeating: 0, count: acrossMCUs * downMCUs * component.horizontal * component.vertical))
    }
  }

  /// Every coefficient of every component has come to its last bit.
  var isComplete: Bool { planes.allSatisfy { $0.reached.allSatisfy { $0 == 0 } } }

  /// Walks one scan.
  ///
  /// - Parameter tables: `HuffmanTable`s one behind the other.
  /// - Returns: see `HuffmanScan.gaps`.
  mutating func gaps(
    _ parts: [Part], _ selection: Selection, tables: [Int32], restartInterval: Int, in stream: StreamBytes, from start: Int
  ) -> [Range<Int>]? {
    scans += 1
    guard scans <= Self.mostScans, selection.isLegal, !parts.isEmpty, selection.first == 0 || parts.count == 1 else { return nil }
    let single = parts.count == 1 ? planes[parts[0].component] : nil
    let mcus = single.map { $0.columns * $0.rows } ?? acrossMCUs * downMCUs
    var walk = Walk(selection: selection)
    let gaps = tables.withUnsafeBufferPointer { tables in
      RestartIntervals.gaps(in: stream, from: start, mcus: mcus, interval: restartInterval) { reader, range in
        walk.endOfBands = 0
        for mcu in range {
          for part in parts {
            let plane = planes[part.component]
            if single != nil {
              let block = mcu / plane.columns * plane.stride + mcu % plane.columns
              guard walk.block(&planes[part.component].nonzero[block], part, &reader, tables) else { return false }
              continue
            }
            for index in 0..<plane.horizontal * plane.vertical {
              let row = mcu / acrossMCUs * plane.vertical + index / plane.horizontal
              let block = row * plane.stride + mcu % acrossMCUs * plane.horizontal + index % plane.horizontal
              guard walk.block(&planes[part.component].nonzero[block], part, &reader, tables) else { return false }
            }
          }
        }
        return true
      }
    }
    guard gaps != nil else { return nil }
    for part in parts {
      for index in selection.first...selection.last { planes[part.component].reached[index] = selection.low }
    }
    return gaps
  }

  /// The state of one scan.
  private struct Walk {
    let selection: Selection
    /// Blocks whose band ends at once.
    var endOfBands = 0

    mutating func block(
      _ nonzero: inout UInt64, _ part: Part, _ reader: inout HuffmanReader, _ tables: UnsafeBufferPointer<Int32>
    ) -> Bool {
      if selection.first == 0 {
        guard selection.high == 0 else { return reader.skip(1) }
        guard let dc = part.dc else { return false }
        let length = reader.symbol(tables, dc)
        return (0...16).contains(length) && reader.skip(length)
      }
      guard let ac = part.ac else { return false }
      return selection.high == 0 ? first(&nonzero, ac, &reader, tables) : refinement(&nonzero, ac, &reader, tables)
    }

    /// Section G.1.2.2.
    private mutating func first(
      _ nonzero: inout UInt64, _ ac: Int, _ reader: inout HuffmanReader, _ tables: UnsafeBufferPointer<Int32>
    ) -> Bool {
      if endOfBands > 0 {
        endOfBands -= 1
        return true
      }
      var index = selection.first
      while index <= selection.last {
        let symbol = reader.symbol(tables, ac)
        guard symbol >= 0 else { return false }
        let (run, size) = (symbol >> 4, symbol & 15)
        if size == 0, run < 15 {
          guard let count = bands(run, &reader) else { return false }
          endOfBands = count - 1
          return true
        }
        index += run
        if size > 0 {
          guard index <= selection.last, reader.skip(size) else { return false }
          nonzero |= 1 << UInt64(index)
        }
        index += 1
      }
      return true
    }

    /// Section G.1.2.3.
    private mutating func refinement(
      _ nonzero: inout UInt64, _ ac: Int, _ reader: inout HuffmanReader, _ tables: UnsafeBufferPointer<Int32>
    ) -> Bool {
      var index = selection.first
      while endOfBands == 0, index <= selection.last {
        let symbol = reader.symbol(tables, ac)
        guard symbol >= 0 else { return false }
        let size = symbol & 15
        var run = symbol >> 4
        if size == 0, run < 15 {
          guard let count = bands(run, &reader) else { return false }
          endOfBands = count
          break
        }
        guard size == 0 || reader.skip(1) else { return false }
        // A bit for each coefficient that was there; `run` others stay zero.
        while index <= selection.last {
          if nonzero >> UInt64(index) & 1 == 1 {
            guard reader.skip(1) else { return false }
          } else if run == 0 {
            break
          } else {
            run -= 1
          }
          index += 1
        }
        if size > 0 {
          guard index <= selection.last else { return false }
          nonzero |= 1 << UInt64(index)
        }
        index += 1
      }
      guard endOfBands > 0 else { return true }
      endOfBands -= 1
      while index <= selection.last {
        if nonzero >> UInt64(index) & 1 == 1 { guard reader.skip(1) else { return false } }
        index += 1
      }
      return true
    }

    /// 2^run and as many more as the next bits say.
    private func bands(_ run: Int, _ reader: inout HuffmanReader) -> Int? {
      let more = reader.value(run)
      return more >= 0 ? (1 << run) + more : nil
    }
  }
}
