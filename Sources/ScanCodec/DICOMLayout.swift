import CDCMTK
import ScanModel

/// The Image Pixel attributes of an object, checked before anything of their size is allocated. PS3.3 section C.7.6.3.
struct DICOMLayout {
  var rows: Int
  var columns: Int
  var frames: Int
  var samples: Int
  /// As the file stores them; 1 and other odd widths are possible.
  var bitsAllocated: Int
  var bitsStored: Int
  var isSigned: Bool
  var isFloat: Bool
  /// Planar Configuration 1.
  var isPlanar: Bool

  init(_ info: cdcm_info) throws(CodecError) {
    rows = try Self.positive(info.rows, .rows, "Rows is missing or zero")
    columns = try Self.positive(info.columns, .columns, "Columns is missing or zero")
    guard info.frames != -2 else { throw .attribute(.numberOfFrames, "Number of Frames is not a number") }
    frames = max(1, Int(info.frames))
    samples = info.samples_per_pixel < 0 ? 1 : Int(info.samples_per_pixel)
    guard (1...4).contains(samples) else { throw .attribute(.samplesPerPixel, "Samples per Pixel is not 1 to 4") }
    isFloat = info.pixel_kind != 1
    isPlanar = info.planar_configuration == 1 && samples > 1
    if isFloat {
      bitsAllocated = info.pixel_kind == 2 ? 32 : 64
      bitsStored = bitsAllocated
      isSigned = true
    } else {
      bitsAllocated = try Self.positive(info.bits_allocated, .bitsAllocated, "Bits Allocated is missing or zero")
      guard bitsAllocated <= 64 else { throw .attribute(.bitsAllocated, "Bits Allocated is more than 64") }
      bitsStored = info.bits_stored < 1 ? bitsAllocated : Int(info.bits_stored)
      guard bitsStored <= bitsAllocated else { throw .attribute(.bitsStored, "Bits Stored is more than Bits Allocated") }
      isSigned = info.pixel_representation == 1
    }
    guard product([rows, columns, frames, samples, 8]) != nil else { throw .memory }
  }

  /// Width of a decoded word: 8, 16, 32 or 64 bits.
  var wordBits: Int { bitsAllocated <= 8 ? 8 : bitsAllocated <= 16 ? 16 : bitsAllocated <= 32 ? 32 : 64 }
  var wordBytes: Int { wordBits / 8 }
  var pixelsPerFrame: Int { rows * columns }
  var samplesInAll: Int { pixelsPerFrame * frames * samples }
  var wordsBytes: Int { samplesInAll * wordBytes }
  /// Native bytes as the file stores them, without padding to even length.
  var storedBytes: Int { (samplesInAll * bitsAllocated + 7) / 8 }
  /// Stored samples are words already.
  var isWhole: Bool { bitsAllocated == wordBits }

  var reply: DecodeReply.Layout {
    .init(
      rows: rows, columns: columns, frames: frames, samplesPerPixel: samples, bitsAllocated: wordBits, bitsStored: bitsStored,
      isSigned: isSigned,
      isFloat: isFloat)
  }

  private static func positive(_ value: Int64, _ tag: Tag, _ text: String) throws(CodecError) -> Int {
    guard value > 0 else { throw .attribute(tag, text) }
    return Int(value)
  }

  /// A product of numbers from a file; nil when it does not fit in 62 bits.
  private func product(_ factors: [Int]) -> Int? {
    var result = 1
    for factor in factors {
      let (value, overflow) = result.multipliedReportingOverflow(by: factor)
      if overflow || value > 1 << 62 { return nil }
      result = value
    }
    return result
  }
}
