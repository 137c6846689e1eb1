import CPNG
import ScanModel

/// Decodes a PNG to its samples: palette indexes stay indexes, 1 to 4 bits take a byte unscaled.
struct PNGDecoder {
  let output: OutputMemory

  func decode(_ bytes: UnsafeRawBufferPointer, wantsPixels: Bool, reply: inout DecodeReply) throws(CodecError) {
    var info = cpng_info()
    let source = bytes.bindMemory(to: UInt8.self).baseAddress
    let (status, text) = withMessage { cpng_read_info(source, bytes.count, &info, $0, $1) }
    guard status == 0 else { throw pngError(status, text) }
    reply.photometric = Self.photometric(info.color)
    reply.filePhotometric = reply.photometric
    if info.row_spacing_mm > 0, info.column_spacing_mm > 0 { reply.spacingMillimeters = [info.row_spacing_mm, info.column_spacing_mm] }
    reply.layout = .init(
      rows: Int(info.rows), columns: Int(info.columns), samplesPerPixel: Int(info.samples_per_pixel), bitsAllocated: Int(info.word_bits),
      bitsStored: Int(info.bits_per_sample))
    guard wantsPixels else { return }
    let (offset, words) = try output.words(count: Int(info.byte_count), after: 0)
    let (readStatus, readText) = withMessage {
      cpng_read(source, bytes.count, words.bindMemory(to: UInt8.self).baseAddress, words.count, $0, $1)
    }
    guard readStatus == 0 else { throw pngError(readStatus, readText) }
    reply.wordsOffset = offset
    reply.wordsBytes = words.count
  }

  static func photometric(_ color: UInt32) -> String {
    switch color {
    case CPNG_PALETTE.rawValue: "PALETTE COLOR"
    case CPNG_RGB.rawValue, CPNG_RGB_ALPHA.rawValue: "RGB"
    default: "MONOCHROME2"
    }
  }
}
