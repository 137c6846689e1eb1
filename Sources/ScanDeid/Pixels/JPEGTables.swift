/// The tables that a JPEG has in force while its scans are walked: which ones a scan needs, and what they are.
struct JPEGTables {
  private struct Definition {
    let values: Range<Int>
    let isHuffman: Bool
    /// Bytes of a value: 2 in quantization tables of 16 bits.
    let width: Int
    /// Of the flat Huffman tables, or of the coefficients seen.
    let index: Int
    var isUsed = false
  }

  struct Component {
    let id: UInt8
    let horizontal: Int
    let vertical: Int
    let quantization: Int
  }

  private var definitions: [Definition] = []
  /// The definition in force by destination: 0-3 DC, 10-13 AC, 100-103 quantization, in hexadecimal.
  private var current: [Int: Int] = [:]
  private var huffman: [Int32] = []
  private var symbolsSeen: [UInt8] = []
  private var coefficientsSeen: [UInt8] = []
  /// All scans could be walked, so that what was not seen is not there.
  private var knowsAll = true
  var components: [Component] = []
  var width = 0
  var height = 0
  var restartInterval = 0
  /// The second byte of the frame's marker.
  var process: UInt8 = 0

  var isLossless: Bool { process == 0xC3 || process == 0xF7 }

  /// One or more quantization tables; false when they do not fill the segment.
  mutating func addQuantization(_ stream: StreamBytes, _ body: Range<Int>) -> Bool {
    var offset = body.lowerBound
    while offset < body.upperBound {
      let width = stream[offset] >> 4 == 0 ? 1 : 2
      guard offset + 1 + 64 * width <= body.upperBound else { return false }
      add(0x100 | Int(stream[offset] & 15), offset + 1..<offset + 1 + 64 * width, isHuffman: false, width, coefficientsSeen.count / 64)
      coefficientsSeen += [1] + [UInt8](repeating: 0, count: 63)
      offset += 1 + 64 * width
    }
    return true
  }

  /// One or more Huffman tables: class and destination, sixteen counts, symbols.
  mutating func addHuffman(_ stream: StreamBytes, _ body: Range<Int>) -> Bool {
    var offset = body.lowerBound
    while offset < body.upperBound {
      guard offset + 17 <= body.upperBound else { return false }
      let counts = Array(stream[offset + 1..<offset + 17])
      let next = offset + 17 + counts.reduce(0) { $0 + Int($1) }
      guard next <= body.upperBound, next - offset <= 17 + 256 else { return false }
      add(Int(stream[offset]), offset + 17..<next, isHuffman: true, 1, symbolsSeen.count / 256)
      huffman += HuffmanTable.make(counts: counts, symbols: Array(stream[offset + 17..<next]))
      symbolsSeen += [UInt8](repeating: 0, count: 256)
      offset = next
    }
    return true
  }

  private mutating func add(_ key: Int, _ values: Range<Int>, isHuffman: Bool, _ width: Int, _ index: Int) {
    current[key] = definitions.count
    definitions.append(Definition(values: values, isHuffman: isHuffman, width: width, index: index))
  }

  /// Marks what a scan needs and walks its data.
  ///
  /// - Returns: see `HuffmanScan.gaps`; nil for processes that are not walked as well.
  mutating func walk(_ selectors: [(component: UInt8, dc: Int, ac: Int)], in stream: StreamBytes, from start: Int) -> [Range<Int>]? {
    var parts: [(component: Component, unit: HuffmanScan.Unit)] = []
    for selector in selectors {
      let component = components.first { $0.id == selector.component }
      let quantization = component.flatMap { use(0x100 | $0.quantization) }
      let (dc, ac) = (use(selector.dc), use(0x10 | selector.ac))
      guard let component, let dc, isLossless || ac != nil else { continue }
      parts.append((component, .init(dc: dc, ac: isLossless ? -1 : ac ?? -1, quantization: quantization ?? -1)))
    }
    guard [0xC0, 0xC1, 0xC3].contains(process), parts.count == selectors.count, width > 0, height > 0 else {
      knowsAll = false
      return nil
    }
    let scan = HuffmanScan(
      units: parts.flatMap { part in
        [HuffmanScan.Unit](repeating: part.unit, count: parts.count == 1 ? 1 : part.component.horizontal * part.component.vertical)
      }, mcus: mcus(parts.map(\.component)), restartInterval: restartInterval, tables: huffman)
    let gaps = scan.gaps(in: stream, from: start, symbols: &symbolsSeen, coefficients: &coefficientsSeen)
    if gaps == nil { knowsAll = false }
    return gaps
  }

  /// ISO/IEC 10918-1 section A.2: a scan of one component has its own data units, one of several has those of the largest sampling.
  private func mcus(_ scanned: [Component]) -> Int {
    func up(_ value: Int, _ by: Int) -> Int { (value + by - 1) / by }
    let widest = components.map(\.horizontal).max() ?? 1
    let highest = components.map(\.vertical).max() ?? 1
    let unit = isLossless ? 1 : 8
    if scanned.count == 1 {
      return up(up(width * scanned[0].horizontal, widest), unit) * up(up(height * scanned[0].vertical, highest), unit)
    }
    return up(width, unit * widest) * up(height, unit * highest)
  }

  /// The index of what is in force at a destination.
  private mutating func use(_ key: Int) -> Int? {
    guard let definition = current[key] else { return nil }
    definitions[definition].isUsed = true
    return definitions[definition].index
  }

  /// Replaces values that no scan takes in tables that hold eight letters or digits in a row: by 0 in Huffman tables, by 1 in quantization
  /// tables. The tables of annex K, which many writers put in, are no text.
  func mendUnused(in stream: inout StreamBytes) {
    for definition in definitions {
      let values = Array(stream[definition.values])
      guard TextRun.holdsText(values), !(definition.isHuffman && Self.isStandard(values)), knowsAll || !definition.isUsed else { continue }
      var mended = values
      for entry in 0..<values.count / definition.width {
        let isSeen =
          definition.isHuffman
          ? symbolsSeen[definition.index << 8 | Int(values[entry])] == 1 : coefficientsSeen[definition.index << 6 | entry] == 1
        if isSeen, definition.isUsed { continue }
        for byte in 0..<definition.width {
          mended[entry * definition.width + byte] = definition.isHuffman || byte < definition.width - 1 ? 0 : 1
        }
      }
      stream.put(mended, at: definition.values.lowerBound)
    }
  }

  /// Ascending values (DC, and AC tables of some encoders), or the AC tables K.5 and K.6 by their FNV-1a hash.
  private static func isStandard(_ symbols: [UInt8]) -> Bool {
    if symbols.count <= 17, symbols.enumerated().allSatisfy({ $0.offset == Int($0.element) }) { return true }
    let hash = symbols.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return symbols.count == 162 && [0xFF37_5465_C268_9145 as UInt64, 0xC17C_A0F1_AE78_1FA7].contains(hash)
  }
}
