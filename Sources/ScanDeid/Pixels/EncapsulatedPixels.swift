import ScanModel

/// Encapsulated Pixel Data of which only that stays which decoding needs: texts stand in comments, application segments, boxes, unused
/// tables and offsets, and before and behind what a decoder reads.
///
/// Everything is overwritten where it stands, so that lengths, offsets and every decoded sample stay as they are. PS3.5 section A.4 and annex
/// G; `JPEGText`, `JPEG2000Text`, `JP2Boxes` and `RLEText` know the encodings. Video streams are not walked.
enum EncapsulatedPixels {
  struct Cleaned {
    var fragments: [[UInt8]]
    /// How many places were overwritten.
    var overwritten = 0
    /// A frame ends before all of its samples are there, or there are fewer frames than the attributes say.
    var breaksOff = false
    /// A frame could, and nobody would see.
    var isUnchecked = false

    /// A frame's own size or number of components is not what the attributes say.
    var isMismatched = false

    var warnings: [ScanWarning] { (breaksOff ? [.truncated] : isUnchecked ? [.unchecked] : []) + (isMismatched ? [.pixelMismatch] : []) }
  }

  /// What became of a frame.
  private struct Frame {
    var overwritten = 0
    var breaksOff = false
    var isUnchecked = false
    var isMismatched = false

    init(_ stream: StreamBytes) {
      (overwritten, breaksOff, isUnchecked) = (stream.overwritten, stream.breaksOff, stream.isUnchecked)
      isMismatched = stream.isMismatched
    }

    /// No bytes at all.
    init() { breaksOff = true }
  }

  /// - Parameters:
  ///   - items: item 0 is the Basic Offset Table.
  ///   - dataset: what the image attributes say.
  /// - Throws: `DeidError.pixelStream` for a frame whose encoding cannot be followed, so that nobody can tell what it holds.
  static func cleaned(_ items: [[UInt8]], transferSyntaxUID: String, of dataset: Dataset) throws(DeidError) -> Cleaned {
    var frames = dataset.frameCount.frames
    var result = Cleaned(fragments: items)
    let family = Family(transferSyntaxUID)
    if family == .rle, !items.isEmpty {
      // Each fragment is a frame (PS3.5 section A.4.2); no reader shows those beyond Number of Frames.
      result.fragments.removeLast(max(0, items.count - 1 - frames))
      result.overwritten += items.count - result.fragments.count
      frames = result.fragments.count - 1
    }
    let groups = FragmentGroups.make(result.fragments, frames: frames)
    if let table = groups.table, table != items[0] {
      result.fragments[0] = table
      result.overwritten += 1
    }
    guard let family else {
      // The pre-scan has measured these frames.
      result.isUnchecked = ![UID.encapsulatedUncompressed, UID.deflatedImageFrame].contains(transferSyntaxUID)
      return result
    }
    result.breaksOff = groups.ranges.count < frames
    let shape = RLEText.Shape(of: dataset)
    for (index, range) in groups.ranges.enumerated() {
      guard let frame = family.clean(&result.fragments, range, shape) else { throw .pixelStream(frame: index + 1) }
      result.overwritten += frame.overwritten
      // Frames beyond their number are nobody's picture.
      guard index < frames else { continue }
      result.breaksOff = result.breaksOff || frame.breaksOff
      result.isUnchecked = result.isUnchecked || frame.isUnchecked
      result.isMismatched = result.isMismatched || frame.isMismatched
    }
    return result
  }

  /// What a frame of a transfer syntax is made of.
  private enum Family {
    case jpeg, jpeg2000, jpegXL, rle

    init?(_ uid: String) {
      switch uid {
      case UID.standardRoot + "1.2.5": self = .rle
      case UID.standardRoot + "1.2.4.110", UID.standardRoot + "1.2.4.111", UID.standardRoot + "1.2.4.112": self = .jpegXL
      default:
        switch UID.codestream(ofTransferSyntax: uid) {
        case .jpeg: self = .jpeg
        case .jpeg2000: self = .jpeg2000
        case nil: return nil
        }
      }
    }

    /// What became of a frame; nil when it cannot be followed.
    func clean(_ fragments: inout [[UInt8]], _ range: Range<Int>, _ shape: RLEText.Shape?) -> Frame? {
      if range.count == 1 { return fragments[range.lowerBound].withUnsafeMutableBytes { clean($0, shape) } }
      var joined = Array(fragments[range].joined())
      guard let frame = joined.withUnsafeMutableBytes({ clean($0, shape) }) else { return nil }
      var start = 0
      for index in range where frame.overwritten > 0 {
        let end = start + fragments[index].count
        fragments[index] = Array(joined[start..<end])
        start = end
      }
      return frame
    }

    private func clean(_ bytes: UnsafeMutableRawBufferPointer, _ shape: RLEText.Shape?) -> Frame? {
      // Nothing at all is no frame, and holds nothing.
      guard bytes.contains(where: { $0 != 0 }) else { return Frame() }
      var stream = StreamBytes(bytes)
      guard self != .rle else { return RLEText.clean(&stream, shape) ? Frame(stream) : nil }
      // Writers put JPEG 2000 where the syntax says JPEG, and the other way round: the frame itself tells.
      guard let start = Self.start(of: stream) else { return nil }
      stream.fill(0..<start.offset, with: 0)
      let isFollowed =
        switch start.kind {
        case .jpeg: JPEGText.clean(&stream, from: start.offset, mostSamples: shape?.samples ?? RLEText.Shape.unknownSamples)
        case .jpeg2000: JPEG2000Text.clean(&stream, start.offset..<stream.count, shape)
        case .boxes: JP2Boxes.clean(&stream, start.offset..<stream.count, shape)
        case .jpegXL: unwalked(&stream)
        }
      return isFollowed ? Frame(stream) : nil
    }

    private func unwalked(_ stream: inout StreamBytes) -> Bool {
      stream.isUnchecked = true
      return true
    }

    private enum Kind { case jpeg, jpeg2000, boxes, jpegXL }

    /// Where the image begins: Start of Image (T.81) and another marker, Start of Codestream and SIZ (T.800), a signature box, JPEG XL's FF0A.
    private static func start(of stream: StreamBytes) -> (offset: Int, kind: Kind)? {
      if stream.holds("\0\0\0\u{C}jP  ", at: 0) || stream.holds("\0\0\0\u{C}JXL ", at: 0) { return (0, .boxes) }
      if stream.word16(0) == 0xFF0A { return (0, .jpegXL) }
      if stream.word16(0) == 0xFFD8 { return (0, .jpeg) }
      var position = 0
      while let found = stream.first(0xFF, from: position), found + 2 < stream.count {
        if stream[found + 1] == 0xD8, stream[found + 2] == 0xFF { return (found, .jpeg) }
        if stream.word32(found) == 0xFF4F_FF51 { return (found, .jpeg2000) }
        position = found + 1
      }
      return nil
    }
  }
}
