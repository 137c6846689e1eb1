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
  /// No scan was of a kind that is not walked.
  private(set) var isWalked = true
  /// Components whose samples have all come, of a sequential or lossless frame.
  private var scanned: Set<Int> = []
  private var progression: ProgressiveScans?
  var components: [Component] = []
  var width = 0
  var height = 0
  var precision = 0
  var restartInterval = 0
  /// JPEG-LS: coding parameters, and a size that the frame header does not tell.
  var coding = JPEGLSScan.Parameters()
  var isOversized = false
  /// No frame has more samples; a short JPEG-LS or progressive stream could claim any number.
  let mostSamples: Int
  /// The second byte of the frame's marker.
  var process: UInt8 = 0

  var isLossless: Bool { process == 0xC3 || process == 0xF7 }

  init(mostSamples: Int) { self.mostSamples = mostSamples }

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

  /// How the walk through a scan's data came out.
  enum Walk {
    /// See `HuffmanScan.gaps`.
    case complete([Range<Int>])
    /// The data is damaged or breaks off.
    case brokenOff
    /// Arithmetic coding, hierarchical processes, tables that are not there.
    case notWalked
  }

  /// Marks what a scan needs and walks its data.
  mutating func walk(_ scan: JPEGScanHeader, in stream: StreamBytes, from start: Int) -> Walk {
    guard process != 0xF7 else { return walkLossless(scan, in: stream, from: start) }
    var parts: [(component: Int, dc: Int?, ac: Int?, quantization: Int?)] = []
    for selector in scan.selectors {
      let (dc, ac) = (use(selector.dc), use(0x10 | selector.ac))
      guard let component = components.firstIndex(where: { $0.id == selector.component }) else { continue }
      parts.append((component, dc, ac, use(0x100 | components[component].quantization)))
    }
    guard [0xC0, 0xC1, 0xC2, 0xC3].contains(process), parts.count == scan.selectors.count, !parts.isEmpty, width > 0, height > 0 else {
      return notWalked()
    }
    if process == 0xC2 {
      knowsAll = false
      // A few bytes can stand for many blocks: no more are gone through than the attributes promise.
      guard width * height <= mostSamples else { return .brokenOff }
      if progression == nil { progression = ProgressiveScans(components, width: width, height: height) }
      guard let selection = scan.selection, progression != nil else { return notWalked() }
      let gaps = progression?.gaps(
        parts.map { .init(component: $0.component, dc: $0.dc, ac: $0.ac) }, selection, tables: huffman, restartInterval: restartInterval, in: stream,
        from: start)
      return gaps.map { .complete($0) } ?? .brokenOff
    }
    guard parts.allSatisfy({ $0.dc != nil && (isLossless || $0.ac != nil) }) else { return notWalked() }
    let walk = HuffmanScan(
      units: parts.flatMap { part in
        let unit = HuffmanScan.Unit(dc: part.dc ?? -1, ac: isLossless ? -1 : part.ac ?? -1, quantization: part.quantization ?? -1)
        let component = components[part.component]
        return [HuffmanScan.Unit](repeating: unit, count: parts.count == 1 ? 1 : component.horizontal * component.vertical)
      }, mcus: mcus(parts.map { components[$0.component] }), restartInterval: restartInterval, tables: huffman)
    guard let gaps = walk.gaps(in: stream, from: start, symbols: &symbolsSeen, coefficients: &coefficientsSeen) else {
      knowsAll = false
      return .brokenOff
    }
    scanned.formUnion(parts.map(\.component))
    return .complete(gaps)
  }

  /// A JPEG-LS scan: in it the selection's places hold the allowed error and how components alternate (ISO/IEC 14495-1 section C.2.3).
  private mutating func walkLossless(_ scan: JPEGScanHeader, in stream: StreamBytes, from start: Int) -> Walk {
    let parts = scan.selectors.compactMap { selector in components.firstIndex { $0.id == selector.component } }
    guard parts.count == scan.selectors.count, let first = parts.first, restartInterval == 0, !isOversized,
      let interleave = JPEGLSScan.Interleave(rawValue: scan.last),
      parts.allSatisfy({ components[$0].horizontal == components[first].horizontal && components[$0].vertical == components[first].vertical })
    else { return notWalked() }
    let columns = Self.up(width * components[first].horizontal, components.map(\.horizontal).max() ?? 1)
    let rows = Self.up(height * components[first].vertical, components.map(\.vertical).max() ?? 1)
    guard columns * rows * parts.count <= mostSamples else { return .brokenOff }
    guard
      let walk = JPEGLSScan(
        width: columns, height: rows, components: parts.count, interleave: interleave, near: scan.first, precision: precision, coding)
    else { return notWalked() }
    let next = RestartIntervals.marker(in: stream, from: start, least: 0x80)
    guard let gap = walk.gap(in: stream, from: start, next: next) else { return .brokenOff }
    scanned.formUnion(parts)
    return .complete([gap])
  }

  private mutating func notWalked() -> Walk {
    knowsAll = false
    isWalked = false
    return .notWalked
  }

  /// Walked scans have given all samples of all components. What is not walked counts as if it had.
  var isComplete: Bool {
    guard process != 0, !components.isEmpty else { return false }
    guard isWalked else { return true }
    return progression?.isComplete ?? (scanned.count == components.count)
  }

  private static func up(_ value: Int, _ by: Int) -> Int { (value + by - 1) / by }

  /// ISO/IEC 10918-1 section A.2: a scan of one component has its own data units, one of several has those of the largest sampling.
  private func mcus(_ scanned: [Component]) -> Int {
    func up(_ value: Int, _ by: Int) -> Int { Self.up(value, by) }
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
