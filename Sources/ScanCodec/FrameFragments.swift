import ScanModel

/// Groups the fragments of encapsulated Pixel Data into frames. PS3.5 section A.4.
enum FrameFragments {
  /// One frame's bytes, joined when they came in several fragments.
  static func frame(_ fragments: ArraySlice<UnsafeRawBufferPointer>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(fragments.reduce(0) { $0 + $1.count })
    for fragment in fragments { bytes.append(contentsOf: fragment) }
    return bytes
  }

  /// Which fragments make each frame.
  ///
  /// One frame takes all; as many fragments as frames go one by one; else the Basic Offset Table decides, and without it each
  /// fragment that begins a codestream (JPEG's FF D8, JPEG 2000's FF 4F, a JP2 box) begins a frame.
  ///
  /// - Parameter items: item 0 is the Basic Offset Table.
  static func group(_ items: [UnsafeRawBufferPointer], frames: Int) throws(CodecError) -> [ArraySlice<UnsafeRawBufferPointer>] {
    let fragments = items.dropFirst()
    guard let table = items.first, !fragments.isEmpty else { throw .damaged(.dicom, "The encapsulated pixel data has no fragments") }
    if frames == 1 { return [fragments] }
    if fragments.count == frames { return fragments.indices.map { fragments[$0...$0] } }
    guard fragments.count > frames else {
      throw .truncated(.dicom, "The encapsulated pixel data has \(fragments.count) fragments for \(frames) frames")
    }
    let starts = table.count == 4 * frames ? try startsByTable(table, fragments) : startsByMarker(fragments)
    guard starts.count == frames, starts.first == fragments.startIndex else {
      throw .damaged(.dicom, "The fragments of the encapsulated pixel data do not make \(frames) frames")
    }
    return starts.indices.map { index in fragments[starts[index]..<(index + 1 < starts.count ? starts[index + 1] : fragments.endIndex)] }
  }

  private static func startsByTable(
    _ table: UnsafeRawBufferPointer, _ fragments: ArraySlice<UnsafeRawBufferPointer>
  ) throws(CodecError) -> [Int] {
    // An offset counts from the first byte of the first fragment's item tag; every item has eight bytes before its value.
    var indexByOffset: [Int: Int] = [:]
    var offset = 0
    for index in fragments.indices {
      indexByOffset[offset] = index
      offset += 8 + fragments[index].count
    }
    var starts: [Int] = []
    for entry in 0..<table.count / 4 {
      let wanted = Int(UInt32(littleEndian: table.loadUnaligned(fromByteOffset: 4 * entry, as: UInt32.self)))
      guard let index = indexByOffset[wanted], starts.last.map({ $0 < index }) ?? true else {
        throw .damaged(.dicom, "The Basic Offset Table points between fragments")
      }
      starts.append(index)
    }
    return starts
  }

  private static func startsByMarker(_ fragments: ArraySlice<UnsafeRawBufferPointer>) -> [Int] {
    fragments.indices.filter { index in
      let bytes = fragments[index]
      guard bytes.count >= 4 else { return false }
      return bytes[0] == 0xFF && (bytes[1] == 0xD8 || bytes[1] == 0x4F) || bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 12
    }
  }
}
