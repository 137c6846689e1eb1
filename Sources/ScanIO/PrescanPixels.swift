import ScanModel

/// What the top level of a dataset says about its image, and whether Pixel Data bears it out. PS3.3 section C.7.6.3, PS3.5 section 8.
struct PrescanPixels {
  private var sopClassUID: String?
  private var rows: Int?
  private var columns: Int?
  private var frames: Int?
  private var hasBadFrameCount = false
  private var samplesPerPixel: Int?
  private var bitsAllocated: Int?
  private var photometric: String?
  private var nativeLength: Int?
  private var floatBits: Int?
  /// Fragments without the Basic Offset Table; nil when Pixel Data is not encapsulated.
  private var fragments: Int?
  /// Pixels are elsewhere: Spectroscopy Data or a Pixel Data Provider URL.
  private var hasOtherData = false
  private var hasPixelElement = false
  /// A frame that is deflated or stored as it is has fewer bytes than its image.
  private var hasShortFrame = false
  private var seen: Set<Tag> = []

  init(mediaStorageSOPClassUID: String?) { sopClassUID = mediaStorageSOPClassUID }

  mutating func beginFragments() throws(PrescanError) {
    try beginPixels(.pixelData)
    // The Basic Offset Table comes first and is not counted.
    fragments = -1
  }

  /// A dataset has one of Pixel Data, Float and Double Float Pixel Data, once (PS3.3 section C.7.6.24): readers would differ about which counts.
  private mutating func beginPixels(_ tag: Tag) throws(PrescanError) {
    guard !hasPixelElement else { throw .structure(.dicom, place: tag.description) }
    hasPixelElement = true
  }

  /// Takes note of an element of the top level. Of a tag that comes twice the first counts, as it does for the decoders.
  mutating func note(_ header: PrescanHeader, length: Int, _ bytes: PrescanBytes, bigEndian: Bool) throws(PrescanError) {
    let (tag, offset) = (header.tag, header.valueStart)
    // Byte order is the VR's: under another VR the words of an image's attributes would come out of a decoder with their bytes exchanged.
    if bigEndian, tag.group == 0x0028, header.vr != .US, header.vr != .SS, DataDictionary.entry(for: tag)?.vr == .US {
      throw .structure(.dicom, place: header.place)
    }
    switch tag {
    case .sopClassUID where isFirst(tag): sopClassUID = bytes.text(at: offset, length: length)
    case .rows where isFirst(tag): rows = word(bytes, offset, length, bigEndian)
    case .columns where isFirst(tag): columns = word(bytes, offset, length, bigEndian)
    case .samplesPerPixel where isFirst(tag): samplesPerPixel = word(bytes, offset, length, bigEndian)
    case .bitsAllocated where isFirst(tag): bitsAllocated = word(bytes, offset, length, bigEndian)
    case .photometricInterpretation where isFirst(tag): photometric = bytes.text(at: offset, length: length)
    case .numberOfFrames where isFirst(tag):
      // A number out of range is refused by the memory limit.
      let count = FrameCount(bytes.text(at: offset, length: length))
      if count.frames > 1 { frames = count.frames }
      hasBadFrameCount = count.isOdd
    case .pixelData:
      try beginPixels(tag)
      nativeLength = length
    case .floatPixelData, .doubleFloatPixelData:
      try beginPixels(tag)
      nativeLength = length
      floatBits = tag == .floatPixelData ? 32 : 64
    case Tag(0x5600, 0x0020), Tag(0x0028, 0x7FE0): hasOtherData = true
    default: break
    }
  }

  private mutating func isFirst(_ tag: Tag) -> Bool { seen.insert(tag).inserted }

  private func word(_ bytes: PrescanBytes, _ offset: Int, _ length: Int, _ bigEndian: Bool) -> Int? {
    length >= 2 ? bytes.word16(at: offset, bigEndian: bigEndian).map(Int.init) : nil
  }

  mutating func noteFragment(at offset: Int, length: Int, _ bytes: PrescanBytes, transferSyntaxUID: String) throws(PrescanError) {
    let index = fragments ?? -1
    fragments = index + 1
    if index >= 0, index < frames ?? 1 { noteFrame(at: offset, length: length, bytes, transferSyntaxUID) }
    if index >= 0, transferSyntaxUID == "1.2.840.10008.1.2.5" {
      guard PrescanPixels.isRLEHeader(bytes, at: offset, length: length) else { throw .rleHeader(frame: index + 1) }
    }
    if index >= 0, UID.codestream(ofTransferSyntax: transferSyntaxUID) == .jpeg {
      let begins = bytes.begins(with: [0xFF, 0xD8], at: offset)
      guard begins ? PrescanPixels.isJPEGHeader(bytes, at: offset, length: length) : index > 0 else {
        throw .structure(.dicom, place: "\(Tag.pixelData.description), fragment \(index + 1), which is no JPEG image")
      }
    }
  }

  /// Encapsulated Uncompressed and Deflated Image Frame: a fragment is a frame (PS3.5 sections A.4.11, A.4.12), and no decoder looks at it.
  private mutating func noteFrame(at offset: Int, length: Int, _ bytes: PrescanBytes, _ transferSyntaxUID: String) {
    guard let total = product([rows ?? 0, columns ?? 0, samplesPerPixel ?? 1, bitsAllocated ?? 0]) else { return }
    let needed = total / 8 + (total % 8 == 0 ? 0 : 1)
    switch transferSyntaxUID {
    case UID.encapsulatedUncompressed: if length < needed { hasShortFrame = true }
    case UID.deflatedImageFrame: if !PrescanInflate.gives(needed, from: bytes.slice(at: offset, length: length)) { hasShortFrame = true }
    default: break
    }
  }

  /// Start of Image, then segments that lie inside the fragment, up to a frame header. ISO/IEC 10918-1 annex B, 14495-1 annex C.
  ///
  /// A header that goes on in the next fragment counts as one.
  private static func isJPEGHeader(_ bytes: PrescanBytes, at offset: Int, length: Int) -> Bool {
    guard length >= 4, bytes.begins(with: [0xFF, 0xD8], at: offset) else { return false }
    var position = offset + 2
    while position + 4 <= offset + length {
      guard bytes.byte(at: position) == 0xFF, let marker = bytes.byte(at: position + 1) else { return false }
      switch marker {
      case 0xFF: position += 1
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF, 0xF7: return true
      case 0xC4, 0xCC, 0xDB, 0xDD, 0xE0...0xEF, 0xF0...0xFE:
        guard let size = bytes.word16(at: position + 2, bigEndian: true), size >= 2 else { return false }
        position += 2 + Int(size)
      default: return false
      }
    }
    return true
  }

  /// Sixteen 32-bit words: the number of segments, then their offsets, ascending and inside the frame. PS3.5 section G.5.
  private static func isRLEHeader(_ bytes: PrescanBytes, at offset: Int, length: Int) -> Bool {
    guard length >= 64, let count = bytes.word32(at: offset, bigEndian: false), (1...15).contains(count) else { return false }
    var last = 0
    for segment in 1...Int(count) {
      guard let start = bytes.word32(at: offset + 4 * segment, bigEndian: false) else { return false }
      guard Int(start) >= 64, Int(start) > last, Int(start) < length else { return false }
      last = Int(start)
    }
    return true
  }

  /// Checks the claims against the data and fills the report's geometry.
  func check(transferSyntaxUID: String, limits: PrescanLimits, report: inout PrescanReport) throws(PrescanError) {
    if hasBadFrameCount { report.warn(.frameCount) }
    report.hasPixels = hasPixelElement
    guard hasPixelElement else {
      // A file that ends between two elements is whole by its structure. Image attributes, an image class or no class at all leave it
      // open whether Pixel Data was cut off, so that is told.
      let promisesPixels = rows != nil || columns != nil || sopClassUID.map { $0.isEmpty || PrescanPixels.isImageClass($0) } ?? true
      if !hasOtherData, promisesPixels { report.warn(.truncated) }
      return
    }
    guard let rows, let columns, let bits = floatBits ?? bitsAllocated else { return }
    let samples = samplesPerPixel ?? 1
    guard rows > 0, columns > 0, (1...64).contains(bits), (1...4).contains(samples) else { throw .pixelAttributes(.dicom) }
    let geometry = PixelGeometry(
      rows: rows, columns: columns, frames: frames ?? 1, samplesPerPixel: samples, bitsAllocated: bits, isEncapsulated: fragments != nil)
    guard let decoded = geometry.decodedBytes, decoded <= limits.decodedBytes else {
      throw .tooLarge(.dicom, limitBytes: limits.decodedBytes)
    }
    if let nativeLength, fragments == nil {
      // Uncompressed 4:2:2 stores two samples a pixel (PS3.3 section C.7.6.3.1.2).
      let stored = photometric == "YBR_FULL_422" || photometric == "YBR_PARTIAL_422" ? 2 : samples
      guard let total = product([rows, columns, geometry.frames, stored, bits]) else {
        throw .tooLarge(.dicom, limitBytes: limits.decodedBytes)
      }
      let expected = total / 8 + (total % 8 == 0 ? 0 : 1)
      if nativeLength < expected { throw .pixelShort(expectedBytes: expected, foundBytes: nativeLength) }
      if nativeLength > expected + expected % 2 { report.warn(.pixelLong) }
    }
    // Videos hold many frames in a fragment; every other encapsulated form has at least a fragment a frame (PS3.5 section A.4).
    if let fragments, !transferSyntaxUID.hasPrefix("1.2.840.10008.1.2.4.10"), fragments < geometry.frames {
      throw .truncated(.dicom, place: Tag.pixelData.description)
    }
    if hasShortFrame { report.warn(.truncated) }
    report.geometry = geometry
  }

  /// SOP classes whose every instance has Pixel Data: a file of theirs without it may have been cut off. PS3.6 table A-1.
  private static func isImageClass(_ uid: String) -> Bool {
    let root = UID.standardRoot + "5.1.4.1.1."
    guard uid.hasPrefix(root) else { return false }
    let branch = uid.dropFirst(root.count)
    let classes: Set<Substring> = [
      "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2", "2.1", "2.2", "3.1", "4", "4.1", "4.3", "4.4", "6.1", "6.2", "7", "7.1",
      "7.2",
      "7.3", "7.4", "12.1", "12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.2", "13.1.3", "20", "30", "66.4", "77.1.1", "77.1.2", "77.1.3",
      "77.1.4",
      "77.1.5.1", "77.1.5.2", "77.1.6", "128", "128.1", "130", "481.1",
    ]
    return classes.contains(branch)
  }
}
