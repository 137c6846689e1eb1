import ScanModel

/// DICOM: preamble, File Meta Information, transfer syntax, then the dataset. PS3.10 section 7, PS3.5 section 7 and annex A.
enum PrescanDICOM {
  static let magicOffset = 128

  static func hasMagic(_ bytes: PrescanBytes) -> Bool { bytes.begins(with: Array("DICM".utf8), at: magicOffset) }

  /// A dataset or File Meta Information without preamble, as old systems write it: it begins with group 0002 or 0008, followed by a
  /// possible VR or by a length that the file can hold.
  static func looksBare(_ bytes: PrescanBytes) -> Bool {
    guard let encoding = guessedEncoding(bytes, at: 0), let group = bytes.word16(at: 0, bigEndian: encoding.isBigEndian) else {
      return false
    }
    guard group == 0x0002 || group == 0x0008 else { return false }
    if encoding.isExplicit { return true }
    guard let length = bytes.word32(at: 4, bigEndian: false) else { return false }
    return Int(length) <= bytes.count - 8
  }

  static func scan(_ bytes: PrescanBytes, limits: PrescanLimits) throws(PrescanError) -> PrescanReport {
    var report = PrescanReport(format: .dicom)
    report.isPreambleMissing = !hasMagic(bytes)
    let start = report.isPreambleMissing ? 0 : magicOffset + 4
    let meta = try metaInformation(bytes, from: start)
    report.transferSyntaxUID = meta.transferSyntaxUID
    report.isMetaMissing = meta.end == start
    report.mediaStorageSOPClassUID = meta.mediaStorageSOPClassUID
    report.mediaStorageSOPInstanceUID = meta.mediaStorageSOPInstanceUID
    if report.isPreambleMissing || report.isMetaMissing { report.warn(.metaMissing) }

    guard meta.end < bytes.count else { throw .truncated(.dicom, place: "after the File Meta Information") }
    if isDeflated(meta.transferSyntaxUID) {
      let inflated = try PrescanInflate.inflate(bytes, from: meta.end, limits: limits)
      defer { inflated.deallocate() }
      var walker = PrescanWalker(PrescanBytes(inflated.buffer), from: 0, encoding: .explicitLittleEndian, meta: meta, limits: limits,
        allowsForeignTail: false)
      try walker.run(&report)
      // The decoder inflates for itself and takes every eight zeros for an element: few are padding, many are an attack on its time.
      guard report.paddingBytes <= limits.inflatedPaddingBytes else { throw .deflateTooLarge(limitBytes: limits.inflatedPaddingBytes) }
      // Those of the inflated dataset are not the file's.
      report.paddingBytes = 0
      return report
    }
    let encoding: PrescanEncoding
    switch meta.transferSyntaxUID {
    case UID.implicitVRLittleEndian?: encoding = .implicitLittleEndian
    case UID.explicitVRBigEndian?: encoding = .explicitBigEndian
    case let uid? where uid.hasPrefix(UID.standardRoot + "1.2."): encoding = .explicitLittleEndian
    default:
      guard let guess = guessedEncoding(bytes, at: meta.end) else { throw .structure(.dicom, place: "first element") }
      encoding = guess
      report.guessedTransferSyntaxUID = guess.transferSyntaxUID
    }
    // A dataset in another encoding than its transfer syntax says would be walked differently by the decoder: never let it through.
    let guess = guessedEncoding(bytes, at: meta.end)
    if let guess, guess.isExplicit != encoding.isExplicit, encoding.isExplicit {
      throw .structure(.dicom, place: "first element, which is not in the encoding that the File Meta Information names")
    }
    if !encoding.isBigEndian, guess?.isExplicit == encoding.isExplicit {
      report.plainElements = PlainElements(offset: meta.end, isExplicit: encoding.isExplicit)
    }
    var walker = PrescanWalker(bytes, from: meta.end, encoding: encoding, meta: meta, limits: limits, allowsForeignTail: true)
    try walker.run(&report)
    return report
  }

  /// Deflated Explicit VR Little Endian, and JPIP Referenced Deflate.
  private static func isDeflated(_ uid: String?) -> Bool {
    uid == UID.deflatedExplicitVRLittleEndian || uid == "1.2.840.10008.1.2.4.95"
  }

  struct Meta {
    var transferSyntaxUID: String?
    var mediaStorageSOPClassUID: String?
    var mediaStorageSOPInstanceUID: String?
    var end: Int
  }

  /// Group 0002 in Explicit VR Little Endian; ends at the first element of another group, whatever its group length claims.
  private static func metaInformation(_ bytes: PrescanBytes, from start: Int) throws(PrescanError) -> Meta {
    var meta = Meta(end: start)
    var groupEnd: Int?
    while bytes.word16(at: meta.end, bigEndian: false) == 0x0002 {
      let header = try PrescanHeader.read(bytes, at: meta.end, end: bytes.count, encoding: .explicitLittleEndian)
      guard let length = header.length, bytes.holds(length, at: header.valueStart) else {
        throw .truncated(.dicom, place: header.place)
      }
      switch header.tag.element {
      case 0x0000:
        if let claimed = bytes.word32(at: header.valueStart, bigEndian: false) { groupEnd = header.valueStart + length + Int(claimed) }
      case 0x0002: meta.mediaStorageSOPClassUID = bytes.text(at: header.valueStart, length: length)
      case 0x0003: meta.mediaStorageSOPInstanceUID = bytes.text(at: header.valueStart, length: length)
      case 0x0010: meta.transferSyntaxUID = bytes.text(at: header.valueStart, length: length)
      default: break
      }
      meta.end = header.valueStart + length
    }
    if let groupEnd, groupEnd > bytes.count { throw .truncated(.dicom, place: "File Meta Information") }
    if meta.transferSyntaxUID?.isEmpty == true { meta.transferSyntaxUID = nil }
    return meta
  }

  /// How an element at `offset` seems to be written; nil when fewer than eight bytes are there.
  ///
  /// Groups at the start of a dataset are small numbers, so of both byte orders the one that gives the smaller group is right.
  static func guessedEncoding(_ bytes: PrescanBytes, at offset: Int) -> PrescanEncoding? {
    guard bytes.holds(8, at: offset), let little = bytes.word16(at: offset, bigEndian: false),
      let big = bytes.word16(at: offset, bigEndian: true), let first = bytes.byte(at: offset + 4), let second = bytes.byte(at: offset + 5)
    else { return nil }
    let isExplicit = VR(rawValue: String(decoding: [first, second], as: UTF8.self)) != nil
    if big < little { return isExplicit ? .explicitBigEndian : nil }
    return isExplicit ? .explicitLittleEndian : .implicitLittleEndian
  }
}

/// The three ways to write an element.
enum PrescanEncoding {
  case implicitLittleEndian, explicitLittleEndian, explicitBigEndian

  var isExplicit: Bool { self != .implicitLittleEndian }
  var isBigEndian: Bool { self == .explicitBigEndian }

  var transferSyntaxUID: String {
    switch self {
    case .implicitLittleEndian: UID.implicitVRLittleEndian
    case .explicitLittleEndian: UID.explicitVRLittleEndian
    case .explicitBigEndian: UID.explicitVRBigEndian
    }
  }
}

/// Tag, VR and length of an element, item or delimiter.
struct PrescanHeader {
  let tag: Tag
  /// nil in implicit VR, for items and delimiters, and when the two letters are no VR.
  let vr: VR?
  /// nil for undefined length.
  let length: Int?
  let valueStart: Int

  /// For messages.
  var place: String { PrescanHeader.place(tag, near: valueStart) }

  /// The tag when the standard knows it; other numbers may be any bytes of the file, so only the offset is told.
  static func place(_ tag: Tag, near offset: Int) -> String {
    tag == .pixelData || DataDictionary.entry(for: tag) != nil ? tag.description : "byte \(offset)"
  }

  /// - Throws: `.truncated` when the header itself passes `end`.
  static func read(_ bytes: PrescanBytes, at offset: Int, end: Int, encoding: PrescanEncoding) throws(PrescanError) -> PrescanHeader {
    let bigEndian = encoding.isBigEndian
    guard end - offset >= 8, let group = bytes.word16(at: offset, bigEndian: bigEndian),
      let element = bytes.word16(at: offset + 2, bigEndian: bigEndian)
    else { throw .truncated(.dicom, place: "byte \(offset)") }
    let tag = Tag(group, element)
    guard encoding.isExplicit, group != 0xFFFE else {
      guard let length = bytes.word32(at: offset + 4, bigEndian: bigEndian) else { throw .truncated(.dicom, place: place(tag, near: offset)) }
      return PrescanHeader(tag: tag, vr: nil, length: defined(length), valueStart: offset + 8)
    }
    guard let first = bytes.byte(at: offset + 4), let second = bytes.byte(at: offset + 5) else {
      throw .truncated(.dicom, place: place(tag, near: offset))
    }
    let vr = VR(rawValue: String(decoding: [first, second], as: UTF8.self))
    // Two unknown capitals are a VR of a future edition, which has a 32-bit length (PS3.5 section 7.1.2); anything else was written by a
    // faulty system with a 16-bit length. DCMTK reads them this way too, so both see the same structure.
    let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let isLong = vr?.hasLongLength ?? (capitals.contains(first) && capitals.contains(second))
    if isLong {
      guard end - offset >= 12, let length = bytes.word32(at: offset + 8, bigEndian: bigEndian) else {
        throw .truncated(.dicom, place: place(tag, near: offset))
      }
      return PrescanHeader(tag: tag, vr: vr, length: defined(length), valueStart: offset + 12)
    }
    guard let length = bytes.word16(at: offset + 6, bigEndian: bigEndian) else { throw .truncated(.dicom, place: place(tag, near: offset)) }
    return PrescanHeader(tag: tag, vr: vr, length: Int(length), valueStart: offset + 8)
  }

  private static func defined(_ length: UInt32) -> Int? { length == 0xFFFF_FFFF ? nil : Int(length) }
}
