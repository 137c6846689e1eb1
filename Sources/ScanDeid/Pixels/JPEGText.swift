/// JPEG and JPEG-LS images (ISO/IEC 10918-1 annex B, 14495-1 annex C): of the segments stays what decoding needs, byte by byte.
///
/// Kept: frame and scan headers, tables that a scan takes, restart intervals, numbers of lines, JPEG-LS parameters, and of application
/// segments JFIF's density, ICC profiles without their texts, Adobe's and HP's color transform. Everything else is overwritten: other
/// segments with spaces, bytes between segments and behind coded data with the fill bytes FF that may stand there, bytes behind the image
/// with zeros.
struct JPEGText {
  private var stream: StreamBytes
  private var position: Int
  private var tables: JPEGTables
  private var isFollowed = true
  private var hasEnd = false

  /// - Parameters:
  ///   - start: of the Start of Image.
  ///   - mostSamples: that the image has by its attributes.
  /// - Returns: false when tables are broken, or text seems to stand at the end of data that is not walked.
  static func clean(_ stream: inout StreamBytes, from start: Int, mostSamples: Int) -> Bool {
    var walk = JPEGText(stream: stream, position: start + 2, tables: JPEGTables(mostSamples: mostSamples))
    walk.run()
    // An image whose samples are all there is whole without its end marker; of data that is not walked nothing else tells.
    if !walk.tables.isComplete || !walk.tables.isWalked && !walk.hasEnd { walk.stream.breaksOff = true }
    if !walk.tables.isWalked { walk.stream.isUnchecked = true }
    stream = walk.stream
    return walk.isFollowed
  }

  private init(stream: StreamBytes, position: Int, tables: JPEGTables) {
    self.stream = stream
    self.position = position
    self.tables = tables
  }

  private mutating func run() {
    while let marker = nextMarker() {
      switch marker {
      case 0xD9:
        stream.fill(position..<stream.count, with: 0)
        position = stream.count
        hasEnd = true
      case 0x01, 0xD0...0xD8: continue
      default:
        let end = min(position + max(2, stream.word16(position) ?? 2), stream.count)
        let body = min(position + 2, end)..<end
        position = end
        segment(marker, body)
      }
    }
    tables.mendUnused(in: &stream)
  }

  /// The second byte of the next marker. What stands before it, which decoders skip, becomes fill bytes (section B.1.1.2).
  private mutating func nextMarker() -> UInt8? {
    let start = position
    var found = stream.first(0xFF, from: position)
    while let offset = found, offset + 1 < stream.count, stream[offset + 1] == 0 || stream[offset + 1] == 0xFF {
      found = stream.first(0xFF, from: offset + 1)
    }
    guard let marker = found, marker + 1 < stream.count else {
      stream.fill(start..<stream.count, with: stream[start..<stream.count].allSatisfy({ $0 == 0 }) ? 0 : 0xFF)
      return nil
    }
    stream.fill(start..<marker, with: 0xFF)
    position = marker + 2
    return stream[marker + 1]
  }

  private mutating func segment(_ marker: UInt8, _ body: Range<Int>) {
    switch marker {
    case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF, 0xF7: frame(marker, body)
    case 0xC4: isFollowed = tables.addHuffman(stream, body) && isFollowed
    case 0xDB: isFollowed = tables.addQuantization(stream, body) && isFollowed
    case 0xCC: keep(body.count / 2 * 2, of: body)
    case 0xDD:
      tables.restartInterval = stream.word16(body.lowerBound) ?? 0
      keep(2, of: body)
    case 0xDC: keep(2, of: body)
    case 0xDA: scan(body)
    case 0xF8 where tables.process == 0xF7 || tables.process == 0: parameters(body)
    case 0xE0 where stream.holds("JFIF\0", at: body.lowerBound) && body.count >= 14: fileInterchange(body)
    case 0xE2 where stream.holds("ICC_PROFILE\0\u{1}\u{1}", at: body.lowerBound) && body.count > 14:
      stream.replace(body.lowerBound + 14..<body.upperBound, by: ICCProfile.cleaned)
    case 0xE8 where stream.holds("mrfx", at: body.lowerBound) && body.count >= 5: keep(5, of: body)
    case 0xEE where stream.holds("Adobe", at: body.lowerBound) && body.count >= 12: adobe(body)
    default: stream.fill(body, with: 0x20)
    }
  }

  private mutating func keep(_ count: Int, of body: Range<Int>) {
    if count < body.count { stream.fill(body.lowerBound + count..<body.upperBound, with: 0) }
  }

  /// Precision, lines, samples a line, then an id, sampling factors and a table for each component.
  private mutating func frame(_ marker: UInt8, _ body: Range<Int>) {
    guard body.count >= 6 else { return stream.fill(body, with: 0) }
    let count = Int(stream[body.lowerBound + 5])
    keep(6 + 3 * count, of: body)
    tables.process = marker
    tables.precision = Int(stream[body.lowerBound])
    tables.height = stream.word16(body.lowerBound + 1) ?? 0
    tables.width = stream.word16(body.lowerBound + 3) ?? 0
    tables.components = stride(from: body.lowerBound + 6, to: min(body.lowerBound + 6 + 3 * count, body.upperBound - 2), by: 3).map {
      let factors = Int(stream[$0 + 1])
      return JPEGTables.Component(
        id: stream[$0], horizontal: max(1, min(4, factors >> 4)), vertical: max(1, min(4, factors & 15)),
        quantization: Int(stream[$0 + 2] & 15))
    }
  }

  /// The number of components, two bytes for each, three parameters; then the coded data.
  private mutating func scan(_ body: Range<Int>) {
    guard !body.isEmpty else { return }
    let count = Int(stream[body.lowerBound])
    keep(4 + 2 * count, of: body)
    let scan = JPEGScanHeader(stream, body)
    let start = position
    skipCodedData()
    // The number of lines may stand behind the first scan (ISO/IEC 10918-1 section B.2.5).
    if tables.height == 0, stream.word16(position) == 0xFFDC { tables.height = stream.word16(position + 4) ?? 0 }
    if tables.height == 0, !tables.isOversized { stream.breaksOff = true }
    let walk = tables.walk(scan, in: stream, from: start)
    if case .complete(let gaps) = walk {
      if let last = gaps.last {
        if last.upperBound == stream.count, stream.endsInPadding(at: last.lowerBound) { stream.breaksOff = true }
        position = last.lowerBound
      }
      for gap in gaps { stream.fill(gap, with: gap.upperBound == stream.count && stream[gap].allSatisfy({ $0 == 0 }) ? 0 : 0xFF) }
      return
    }
    if case .brokenOff = walk { stream.breaksOff = true }
    if TextRun.atEnd(of: stream[start..<position]) >= TextRun.improbableAtEnd { isFollowed = false }
  }

  /// To the next marker that is no restart: after FF a byte of 80 or more.
  private mutating func skipCodedData() {
    while let found = stream.first(0xFF, from: position), found + 1 < stream.count {
      position = found
      let next = stream[found + 1]
      if next >= 0x80, next != 0xFF, !(0xD0...0xD7).contains(next) { return }
      position += 1
    }
    position = stream.count
  }

  /// JPEG-LS: coding parameters (1), mapping tables (2, 3), a larger size (4).
  private mutating func parameters(_ body: Range<Int>) {
    guard !body.isEmpty else { return }
    switch stream[body.lowerBound] {
    case 1:
      keep(11, of: body)
      let words = (0..<5).map { stream.word16(body.lowerBound + 1 + 2 * $0) ?? 0 }
      if body.count >= 11 { tables.coding = .init(maximum: words[0], thresholds: Array(words[1...3]), reset: words[4]) }
    case 2, 3: break
    case 4:
      tables.isOversized = true
      keep(body.count >= 2 ? 2 + 2 * Int(stream[body.lowerBound + 1]) : 0, of: body)
    default: stream.fill(body, with: 0)
    }
  }

  /// Version, units, density; no thumbnail.
  private mutating func fileInterchange(_ body: Range<Int>) {
    let start = body.lowerBound + 5
    if stream[start] != 1 || stream[start + 1] > 2 { stream.put([1, 1], at: start) }
    let isPlain = stream[start + 2] <= 2 && stream[start + 3] < 0x20 && stream[start + 5] < 0x20
    if !isPlain { stream.put([0, 0, 1, 0, 1], at: start + 2) }
    stream.fill(start + 7..<body.upperBound, with: 0)
  }

  /// Version 100 or 101, two words of flags, the color transform.
  private mutating func adobe(_ body: Range<Int>) {
    let start = body.lowerBound + 5
    if ![100, 101].contains(stream.word16(start) ?? 0) { stream.put([0, 100], at: start) }
    // Of the flags single bits are in use, in the high byte.
    if stream[start + 3] != 0 { stream.fill(start + 2..<start + 4, with: 0) }
    stream.fill(start + 4..<start + 6, with: 0)
    keep(12, of: body)
  }
}

/// What a scan header says: components with their tables, then three parameters.
struct JPEGScanHeader {
  let selectors: [(component: UInt8, dc: Int, ac: Int)]
  /// Of coefficients, first and last; JPEG-LS: the allowed error, and how components alternate.
  let first: Int
  let last: Int
  /// Bit positions before and now.
  let approximation: Int

  init(_ stream: StreamBytes, _ body: Range<Int>) {
    let count = body.isEmpty ? 0 : Int(stream[body.lowerBound])
    selectors = stride(from: body.lowerBound + 1, to: min(body.lowerBound + 1 + 2 * count, body.upperBound - 1), by: 2).map {
      (component: stream[$0], dc: Int(stream[$0 + 1] >> 4), ac: Int(stream[$0 + 1] & 15))
    }
    func parameter(_ index: Int) -> Int {
      let offset = body.lowerBound + 1 + 2 * count + index
      return offset < body.upperBound ? Int(stream[offset]) : 0
    }
    (first, last, approximation) = (parameter(0), parameter(1), parameter(2))
  }

  /// For a progressive scan; nil when the standard does not allow it.
  var selection: ProgressiveScans.Selection? {
    let selection = ProgressiveScans.Selection(first: first, last: last, high: approximation >> 4, low: approximation & 15)
    return selection.isLegal ? selection : nil
  }
}
