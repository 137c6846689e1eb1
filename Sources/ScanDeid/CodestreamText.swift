import Foundation
import ScanModel

/// Texts inside compressed pixel data: comments, EXIF and the like, which no attribute shows.
///
/// They are overwritten where they stand, so that lengths, offset tables and every decoded sample stay as they are. JPEG and JPEG-LS (ISO/IEC
/// 10918-1 annex B, 14495-1 annex C): COM, and the application segments but those that say how to decode (JFIF 0, ICC 2, JPEG-LS color 8,
/// Adobe 14). JPEG 2000 and HTJ2K (ISO/IEC 15444-1 annex A): COM in the main and tile-part headers. Bytes behind the end of an image become 0.
enum CodestreamText {
  /// - Parameter fragments: item 0 is the Basic Offset Table.
  /// - Returns: the fragments without their texts, and how many were overwritten; nil when there was none.
  static func blanked(_ fragments: [[UInt8]], transferSyntaxUID: String) -> (fragments: [[UInt8]], count: Int)? {
    guard let codestream = UID.codestream(ofTransferSyntax: transferSyntaxUID), fragments.count > 1 else { return nil }
    var result = fragments
    var count = 0
    var first = 1
    while first < result.count {
      // A frame goes on until a fragment begins with a new image.
      var end = first + 1
      while end < result.count, !begins(result[end], codestream) { end += 1 }
      count += blank(&result, first..<end, codestream)
      first = end
    }
    return count > 0 ? (result, count) : nil
  }

  private static func begins(_ fragment: [UInt8], _ codestream: UID.Codestream) -> Bool {
    fragment.starts(with: codestream == .jpeg ? [0xFF, 0xD8] : [0xFF, 0x4F])
  }

  private static func blank(_ fragments: inout [[UInt8]], _ range: Range<Int>, _ codestream: UID.Codestream) -> Int {
    guard begins(fragments[range.lowerBound], codestream) else { return 0 }
    if range.count == 1 { return fragments[range.lowerBound].withUnsafeMutableBytes { blank($0, codestream) } }
    var joined = Array(fragments[range].joined())
    let count = joined.withUnsafeMutableBytes { blank($0, codestream) }
    var start = 0
    for index in range {
      let end = start + fragments[index].count
      if count > 0 { fragments[index] = Array(joined[start..<end]) }
      start = end
    }
    return count
  }

  private static func blank(_ bytes: UnsafeMutableRawBufferPointer, _ codestream: UID.Codestream) -> Int {
    var stream = Codestream(bytes: bytes)
    switch codestream {
    case .jpeg: stream.blankJPEG()
    case .jpeg2000: stream.blankJPEG2000()
    }
    return stream.blanked
  }
}

/// One image's codestream, walked by its own lengths. Whatever does not hold together ends the walk.
private struct Codestream {
  let bytes: UnsafeMutableRawBufferPointer
  var blanked = 0
  /// Behind the Start of Image.
  private var position = 2

  init(bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  mutating func blankJPEG() {
    while let marker = nextMarker() {
      switch marker {
      case 0xD9: return fill(position..<bytes.count, with: 0)
      case 0x01, 0xD0...0xD7: continue
      default: break
      }
      guard let end = segmentEnd() else { return }
      let isText = marker == 0xFE || (0xE0...0xEF).contains(marker) && ![0xE0, 0xE2, 0xE8, 0xEE].contains(marker)
      if isText { fill(position + 2..<end, with: 0x20) }
      position = end
      if marker == 0xDA { skipEntropyCodedData() }
    }
  }

  mutating func blankJPEG2000() {
    var tilePart: (start: Int, length: Int)?
    while let marker = nextMarker() {
      switch marker {
      case 0xD9: return fill(position..<bytes.count, with: 0)
      case 0x93:
        // Start of Data: the tile-part's length tells where the next header is; 0 is up to the end.
        guard let part = tilePart, part.length > 0, part.start + part.length > position else { return }
        position = part.start + part.length
        tilePart = nil
        continue
      default: break
      }
      guard let end = segmentEnd() else { return }
      if marker == 0x90 {
        guard let high = word16(position + 4), let low = word16(position + 6) else { return }
        tilePart = (position - 2, high << 16 | low)
      }
      // Behind the registration value.
      if marker == 0x64, end > position + 4 { fill(position + 4..<end, with: 0x20) }
      position = end
    }
  }

  /// The second byte of the marker at the position, fill bytes skipped; nil where there is none.
  private mutating func nextMarker() -> UInt8? {
    guard position + 1 < bytes.count, bytes[position] == 0xFF else { return nil }
    while position + 2 < bytes.count, bytes[position + 1] == 0xFF { position += 1 }
    defer { position += 2 }
    return bytes[position + 1]
  }

  private func word16(_ offset: Int) -> Int? {
    offset + 1 < bytes.count ? Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) : nil
  }

  private func segmentEnd() -> Int? {
    guard let length = word16(position), length >= 2, position + length <= bytes.count else { return nil }
    return position + length
  }

  /// To the next marker that is no restart: after FF a byte of 80 or more.
  private mutating func skipEntropyCodedData() {
    while position + 1 < bytes.count, let found = memchr(bytes.baseAddress! + position, 0xFF, bytes.count - position) {
      position = UnsafeRawPointer(found) - UnsafeRawPointer(bytes.baseAddress!)
      guard position + 1 < bytes.count else { return }
      let next = bytes[position + 1]
      if next >= 0x80, next != 0xFF, !(0xD0...0xD7).contains(next) { return }
      position += 1
    }
  }

  private mutating func fill(_ range: Range<Int>, with filler: UInt8) {
    guard bytes[range].contains(where: { $0 != filler }) else { return }
    for index in range { bytes[index] = filler }
    blanked += 1
  }
}
