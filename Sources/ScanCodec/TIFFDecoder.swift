import CTIFF
import ScanModel

/// Decodes the pages of a TIFF through libtiff's strips and tiles, never through its RGBA interface, which loses depth.
///
/// Pages of the first one's size and kind are frames of one image; others are left out, with a warning.
struct TIFFDecoder {
  let output: OutputMemory

  /// - Parameter pages: directories of the main chain to look at; with 1 the first page is read alone.
  func decode(_ input: InputMemory, wantsPixels: Bool, pages: Int, reply: inout DecodeReply) throws(CodecError) {
    var status: Int32 = 0
    let (opened, text) = withMessage { message, size in
      ctiff_open(input.bytes.bindMemory(to: UInt8.self).baseAddress, input.bytes.count, &status, message, size)
    }
    guard let reader = opened else { throw tiffError(status, text) }
    defer { ctiff_close(reader) }
    var info = ctiff_info()
    ctiff_info_of(reader, &info)
    reply.pages = Int(info.pages)
    reply.photometric = Self.photometric(info.photometric)
    reply.filePhotometric = reply.photometric
    if info.row_spacing_mm > 0, info.column_spacing_mm > 0 { reply.spacingMillimeters = [info.row_spacing_mm, info.column_spacing_mm] }
    guard info.samples_per_pixel <= 64 else { throw .unsupported(.tiff, "Pages with more than 64 samples per pixel are not supported") }
    let most = UInt32(clamping: min(pages, Int(info.pages)))
    var others = info.pages - 1
    let frames = most > 1 ? Int(ctiff_alike(reader, most, &others)) : 1
    // A chain that is longer than the pre-scan goes.
    if most > 1 { others += info.pages - most }
    if others > 0 { reply.warn(.morePages) }
    reply.layout = .init(
      rows: Int(info.rows), columns: Int(info.columns), frames: frames, samplesPerPixel: Int(info.samples_per_pixel), bitsAllocated: Int(info.word_bits),
      bitsStored: Int(info.bits_per_sample), isSigned: info.is_signed != 0 || info.is_float != 0, isFloat: info.is_float != 0,
      isPlanar: info.is_planar != 0)
    guard wantsPixels else { return }
    guard frames > 0 else { throw .damaged(.tiff, "The pages change while they are read") }
    let (total, isTooLarge) = Int(info.byte_count).multipliedReportingOverflow(by: frames)
    guard !isTooLarge else { throw .memory }
    let (offset, words) = try output.words(count: total, after: 0)
    let target = words.bindMemory(to: UInt8.self).baseAddress
    let (readStatus, readText) = withMessage { message, size in
      if frames > 1 { return ctiff_read_alike(reader, most, target, words.count, message, size) }
      // Back from looking at other pages.
      guard most == 1 || ctiff_alike(reader, 1, &others) == 1 else { return Int32(CTIFF_DAMAGED.rawValue) }
      // As the words come the file goes: a large image is never there twice.
      ctiff_on_consumed(
        reader, { context, end in Unmanaged<InputMemory>.fromOpaque(context!).takeUnretainedValue().release(before: Int(end)) },
        Unmanaged.passUnretained(input).toOpaque())
      return ctiff_read(reader, target, words.count, message, size)
    }
    guard readStatus == 0 else { throw tiffError(readStatus, readText) }
    if ctiff_broken_off(reader) > 0 { reply.warn(.truncated) }
    if ctiff_complaints(reader) > 0 { reply.warn(.decoder) }
    reply.wordsOffset = offset
    reply.wordsBytes = words.count
  }

  /// TIFF 6.0 Photometric Interpretation in DICOM's words where they mean the same.
  static func photometric(_ value: UInt32) -> String {
    switch value {
    case 0: "MONOCHROME1"
    case 1: "MONOCHROME2"
    case 2: "RGB"
    case 3: "PALETTE COLOR"
    case 4: "MASK"
    case 5: "SEPARATED"
    case 6: "YCBCR"
    case 8: "CIELAB"
    case 9: "ICCLAB"
    case 10: "ITULAB"
    default: "TIFF_\(value)"
    }
  }
}
