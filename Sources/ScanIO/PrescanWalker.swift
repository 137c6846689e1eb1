import ScanModel

/// Walks a dataset with an explicit stack: nesting costs a few bytes of heap a level, never the thread's stack.
struct PrescanWalker {
  /// An open sequence, item or list of fragments.
  private struct Frame {
    enum Kind { case sequence, item, fragments }
    let kind: Kind
    let tag: Tag
    /// Where it must end at the latest.
    let end: Int
    /// Undefined length: a delimiter ends it.
    let isDelimited: Bool
    let encoding: PrescanEncoding
    /// This value only looks like a sequence; when its structure fails it is skipped to its end.
    let isGuess: Bool
  }

  private let bytes: PrescanBytes
  private let limits: PrescanLimits
  private let topEncoding: PrescanEncoding
  private let transferSyntaxUID: String
  private var position: Int
  private var stack: [Frame] = []
  private var depth = 0
  private var guesses = 0
  private var elements = 0
  private var items = 0
  private var pixels: PrescanPixels
  /// The last top-level attribute that was begun.
  private var last = Tag(0, 0)
  private var hasPixelData = false
  private let allowsForeignTail: Bool
  /// Behind the last byte that is not zero; found once, from the end.
  private lazy var endOfContent = bytes.endOfContent

  /// - Parameter allowsForeignTail: the reader behind the pre-scan is told where the dataset ends.
  init(
    _ bytes: PrescanBytes, from start: Int, encoding: PrescanEncoding, meta: PrescanDICOM.Meta, limits: PrescanLimits,
    allowsForeignTail: Bool
  ) {
    self.bytes = bytes
    self.allowsForeignTail = allowsForeignTail
    self.limits = limits
    topEncoding = encoding
    transferSyntaxUID = meta.transferSyntaxUID ?? encoding.transferSyntaxUID
    position = start
    pixels = PrescanPixels(mediaStorageSOPClassUID: meta.mediaStorageSOPClassUID)
  }

  mutating func run(_ report: inout PrescanReport) throws(PrescanError) {
    while true {
      do throws(PrescanError) {
        guard try step(&report) else { break }
      } catch {
        guard try skipFailedGuess(error) else { throw error }
      }
    }
    report.count = elements
    report.paddingBytes = bytes.count - position
    try pixels.check(transferSyntaxUID: transferSyntaxUID, limits: limits, report: &report)
  }

  /// Reads one header; false when the dataset is over.
  private mutating func step(_ report: inout PrescanReport) throws(PrescanError) -> Bool {
    try closeEnded(&report)
    guard let frame = stack.last else {
      guard position < bytes.count else { return false }
      // Zeros behind the last element are padding of the file, not elements.
      if elements > 0, position >= endOfContent { return false }
      if hasPixelData, allowsForeignTail, isForeignTail {
        report.warn(bytes.holds(8, at: position) ? .trailingBytes : .truncated)
        return false
      }
      try element(in: nil, end: bytes.count, encoding: topEncoding, report: &report)
      return true
    }
    switch frame.kind {
    case .item: try element(in: frame, end: frame.end, encoding: frame.encoding, report: &report)
    case .sequence: try item(in: frame)
    case .fragments: try fragment(in: frame)
    }
    return true
  }

  /// What follows Pixel Data is no attribute: too short for one, out of order, in a group that nothing there has, or without a VR.
  ///
  /// Signatures (FFFA), padding (FFFC) and private groups may follow, and so may a second form of pixels.
  private var isForeignTail: Bool {
    guard let header = try? PrescanHeader.read(bytes, at: position, end: bytes.count, encoding: topEncoding) else { return true }
    let tag = header.tag
    guard tag > last, tag.group == 0xFFFA || tag.group == 0xFFFC || tag.group == 0x7FE0 || tag.isPrivate else { return true }
    return topEncoding.isExplicit && header.vr == nil
  }

  /// Pops what ends here by its length. An undefined length that meets the end of the file lacks its delimiter: some systems
  /// leave the last one out, so it is a warning when everything inside is whole.
  private mutating func closeEnded(_ report: inout PrescanReport) throws(PrescanError) {
    while let frame = stack.last, position >= frame.end {
      if frame.isDelimited {
        guard frame.end == bytes.count else { throw .structure(.dicom, place: PrescanHeader.place(frame.tag, near: position)) }
        report.warn(.truncated)
      }
      pop()
    }
  }

  private mutating func push(_ frame: Frame) throws(PrescanError) {
    if frame.kind == .sequence {
      depth += 1
      guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth, tag: frame.tag) }
    }
    if frame.isGuess { guesses += 1 }
    stack.append(frame)
  }

  private mutating func pop() {
    guard let frame = stack.popLast() else { return }
    if frame.kind == .sequence { depth -= 1 }
    if frame.isGuess { guesses -= 1 }
  }

  /// Inside a value that only looked like a sequence, a structural fault means that it was none. Goes on behind the outermost such
  /// value, so that no byte is walked twice. Limits hold inside guesses too.
  private mutating func skipFailedGuess(_ error: PrescanError) throws(PrescanError) -> Bool {
    switch error {
    case .truncated, .structure: break
    default: return false
    }
    guard guesses > 0 else { return false }
    while let frame = stack.last {
      pop()
      if frame.isGuess, guesses == 0 {
        position = frame.end
        return true
      }
    }
    return false
  }

  private mutating func element(
    in frame: Frame?, end: Int, encoding: PrescanEncoding, report: inout PrescanReport
  ) throws(PrescanError) {
    let header = try PrescanHeader.read(bytes, at: position, end: end, encoding: encoding)
    if header.tag.group == 0xFFFE {
      try delimiter(header, in: frame)
      return
    }
    elements += 1
    guard elements <= limits.elements else { throw .tooMany(.dicom, what: .elements, limit: limits.elements) }
    position = header.valueStart
    if frame == nil {
      last = header.tag
      if header.tag == .pixelData { hasPixelData = true }
    }

    guard let length = header.length else {
      try openUndefined(header, in: frame, end: end, encoding: encoding)
      return
    }
    guard length <= end - position else {
      throw end == bytes.count ? .truncated(.dicom, place: header.place) : .structure(.dicom, place: header.place)
    }
    let valueEnd = position + length
    if isSequence(header, encoding) {
      try push(Frame(kind: .sequence, tag: header.tag, end: valueEnd, isDelimited: false, encoding: encoding, isGuess: false))
      return
    }
    if mayHideItems(header, length: length, encoding) {
      try push(Frame(kind: .sequence, tag: header.tag, end: valueEnd, isDelimited: false, encoding: .implicitLittleEndian, isGuess: true))
      return
    }
    if frame == nil { try pixels.note(header, length: length, bytes, bigEndian: encoding.isBigEndian) }
    position = valueEnd
  }

  private mutating func openUndefined(_ header: PrescanHeader, in frame: Frame?, end: Int, encoding: PrescanEncoding) throws(PrescanError) {
    let isFragments = header.tag == .pixelData || (encoding.isExplicit && [.OB, .OW].contains(header.vr))
    if isFragments {
      if frame == nil, header.tag == .pixelData { try pixels.beginFragments() }
      try push(Frame(kind: .fragments, tag: header.tag, end: end, isDelimited: true, encoding: encoding, isGuess: false))
      return
    }
    // UN of undefined length holds implicit VR little endian (PS3.5 section 6.2.2).
    let inner = header.vr == .UN ? PrescanEncoding.implicitLittleEndian : encoding
    guard !encoding.isExplicit || header.vr == .SQ || header.vr == .UN else {
      throw .structure(.dicom, place: header.place)
    }
    try push(Frame(kind: .sequence, tag: header.tag, end: end, isDelimited: true, encoding: inner, isGuess: false))
  }

  private func isSequence(_ header: PrescanHeader, _ encoding: PrescanEncoding) -> Bool {
    encoding.isExplicit ? header.vr == .SQ : DataDictionary.entry(for: header.tag)?.vr == .SQ
  }

  /// Unknown values that begin with an item: a decoder that knows the attribute would go in, so the walk does.
  private func mayHideItems(_ header: PrescanHeader, length: Int, _ encoding: PrescanEncoding) -> Bool {
    guard length >= 8, bytes.begins(with: [0xFE, 0xFF, 0x00, 0xE0], at: header.valueStart) else { return false }
    return encoding.isExplicit ? header.vr == .UN : DataDictionary.entry(for: header.tag) == nil
  }

  private mutating func delimiter(_ header: PrescanHeader, in frame: Frame?) throws(PrescanError) {
    guard let frame, frame.kind == .item, header.tag == PrescanWalker.itemDelimitation else {
      throw .structure(.dicom, place: header.place)
    }
    position = header.valueStart
    // A delimiter also behind an item of known length is superfluous but harmless; the length decides.
    if frame.isDelimited { pop() }
  }

  private mutating func item(in frame: Frame) throws(PrescanError) {
    let header = try PrescanHeader.read(bytes, at: position, end: frame.end, encoding: frame.encoding)
    switch header.tag {
    case PrescanWalker.sequenceDelimitation:
      position = header.valueStart
      if frame.isDelimited { pop() }
    case PrescanWalker.item:
      try countItem()
      position = header.valueStart
      if let length = header.length {
        guard length <= frame.end - position else {
          throw frame.end == bytes.count
            ? .truncated(.dicom, place: PrescanHeader.place(frame.tag, near: position)) : .structure(.dicom, place: PrescanHeader.place(frame.tag, near: position))
        }
        try push(
          Frame(
            kind: .item, tag: frame.tag, end: position + length, isDelimited: false, encoding: frame.encoding, isGuess: false))
      } else {
        try push(Frame(kind: .item, tag: frame.tag, end: frame.end, isDelimited: true, encoding: frame.encoding, isGuess: false))
      }
    default: throw .structure(.dicom, place: PrescanHeader.place(frame.tag, near: position))
    }
  }

  private mutating func fragment(in frame: Frame) throws(PrescanError) {
    let header = try PrescanHeader.read(bytes, at: position, end: frame.end, encoding: frame.encoding)
    switch header.tag {
    case PrescanWalker.sequenceDelimitation:
      position = header.valueStart
      pop()
    case PrescanWalker.item:
      try countItem()
      position = header.valueStart
      guard let length = header.length else { throw .structure(.dicom, place: PrescanHeader.place(frame.tag, near: position)) }
      guard length <= frame.end - position else {
        throw frame.end == bytes.count ? .truncated(.dicom, place: PrescanHeader.place(frame.tag, near: position)) : .structure(.dicom, place: PrescanHeader.place(frame.tag, near: position))
      }
      if stack.count == 1, frame.tag == .pixelData {
        try pixels.noteFragment(at: position, length: length, bytes, transferSyntaxUID: transferSyntaxUID)
      }
      position += length
    default: throw .structure(.dicom, place: PrescanHeader.place(frame.tag, near: position))
    }
  }

  private mutating func countItem() throws(PrescanError) {
    items += 1
    guard items <= limits.items else { throw .tooMany(.dicom, what: .items, limit: limits.items) }
  }

  private static let item = Tag(0xFFFE, 0xE000)
  private static let itemDelimitation = Tag(0xFFFE, 0xE00D)
  private static let sequenceDelimitation = Tag(0xFFFE, 0xE0DD)
}
