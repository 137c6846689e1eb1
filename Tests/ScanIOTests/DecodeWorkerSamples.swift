import CDCMTK
import CPNG
import CTIFF
import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport

/// Images made in memory, in every encoding that the worker reads.
enum DecodeSamples {
  struct EncodingFailed: Error { let text: String }

  /// The worker of this build.
  static let executable = Program.url("scanforge-decode").path
  static let pool = DecodeWorkerPool(executable: executable, workers: 2)
  static let reader = ScanReader(pool: pool)

  static func read(_ bytes: [UInt8], pixels: Bool = true) throws -> RawScan {
    try reader.read(bytes, source: Redacted("memory"), pixels: pixels)
  }

  /// A smooth pattern with every byte of a word in use.
  static func words(count: Int, bits: Int, stored: Int? = nil) -> [UInt8] {
    let mask = (stored ?? bits) == 64 ? ~UInt64(0) : (UInt64(1) << UInt64(stored ?? bits)) - 1
    return (0..<count).flatMap { index -> [UInt8] in
      let value = UInt64(index) &* 0x0001_0203_0405_0611 & mask
      return (0..<bits / 8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
  }

  /// A Secondary Capture-like dataset with fake identity and native pixels.
  static func dataset(
    rows: Int = 14, columns: Int = 10, frames: Int = 1, samples: Int = 1, bits: Int = 16, stored: Int? = nil, isSigned: Bool = false
  ) -> Dataset {
    var image = Dataset()
    image.set(.sopClassUID, .UI, text: UID.secondaryCaptureImageStorage)
    image.set(.sopInstanceUID, .UI, text: "2.25.1")
    image.set(.modality, .CS, text: "OT")
    image.set(.patientName, .PN, text: "ZZFAKE^PATIENT")
    image.set(.samplesPerPixel, us: UInt16(samples))
    image.set(.photometricInterpretation, .CS, text: samples == 3 ? "RGB" : "MONOCHROME2")
    if samples > 1 { image.set(.planarConfiguration, us: 0) }
    if frames > 1 { image.set(.numberOfFrames, .IS, text: "\(frames)") }
    image.set(.rows, us: UInt16(rows))
    image.set(.columns, us: UInt16(columns))
    image.set(.bitsAllocated, us: UInt16(bits))
    image.set(.bitsStored, us: UInt16(stored ?? bits))
    image.set(.highBit, us: UInt16((stored ?? bits) - 1))
    image.set(.pixelRepresentation, us: isSigned ? 1 : 0)
    let words = words(count: rows * columns * frames * samples, bits: bits, stored: isSigned ? bits : stored)
    image.set(Element(.pixelData, .OW, .bytes(words.count % 2 == 0 ? words : words + [0])))
    return image
  }

  /// A picture that every codec makes smaller. DCMTK's JPEG-LS encoder must not be given noise: its output buffer has the size of the
  /// input, and small incompressible images run over it.
  static func smooth(side: Int = 64) -> Dataset {
    var image = dataset(rows: side, columns: side, bits: 8)
    image.set(Element(.pixelData, .OW, .bytes((0..<side * side).map { UInt8(($0 / side + $0 % side) / 2) })))
    return image
  }

  /// The dataset as a file in another transfer syntax, by DCMTK.
  static func file(_ dataset: Dataset, _ transferSyntax: String) throws -> [UInt8] {
    var message = [CChar](repeating: 0, count: 256)
    func fail() -> EncodingFailed {
      EncodingFailed(text: String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    guard cdcm_start(&message, message.count) == 0 else { throw fail() }
    let bytes = ExplicitStream.encode(dataset)
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    guard cdcm_encode(bytes, bytes.count, transferSyntax, &out, &count, &message, message.count) == 0 else { throw fail() }
    defer { cdcm_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }

  static func tiff(
    rows: Int, columns: Int, samples: Int = 1, bits: Int, format: UInt32 = 1, deflate: Bool = false, predictor: Int32 = 1,
    perCentimeter: Double = 0,
    words: [UInt8]
  ) throws -> [UInt8] {
    var image = ctiff_image()
    image.rows = UInt32(rows)
    image.columns = UInt32(columns)
    image.samples_per_pixel = UInt32(samples)
    image.bits_per_sample = UInt32(bits)
    image.sample_format = format
    image.photometric = samples >= 3 ? 2 : 1
    image.deflate = deflate ? 1 : 0
    image.predictor = predictor
    image.columns_per_cm = perCentimeter
    image.rows_per_cm = perCentimeter
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: 256)
    guard ctiff_write_memory(&image, words, words.count, &out, &count, &message, message.count) == 0 else {
      throw EncodingFailed(text: "TIFF")
    }
    defer { ctiff_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }

  static func png(rows: Int, columns: Int, bits: Int, color: UInt32 = 0, words: [UInt8]) throws -> [UInt8] {
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: 256)
    let status = cpng_write(
      UInt32(rows), UInt32(columns), UInt32(bits), color, words, words.count, nil, 0, 0.5, 0.5, &out, &count, &message, message.count)
    guard status == 0 else { throw EncodingFailed(text: "PNG") }
    defer { cpng_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }

  /// A frame of zeros in DICOM RLE: one segment a byte of the sample.
  static func rleZeros(cells: Int, segments: Int) -> [UInt8] {
    let full = cells / 128
    var segment = [UInt8](repeating: 0, count: 2 * full)
    for index in 0..<full { segment[2 * index] = 129 }
    if cells % 128 == 1 { segment += [0, 0] } else if cells % 128 > 1 { segment += [UInt8(257 - cells % 128), 0] }
    if segment.count % 2 == 1 { segment.append(128) }
    var header = SampleDICOM.word32(segments)
    for index in 0..<15 { header += SampleDICOM.word32(index < segments ? 64 + index * segment.count : 0) }
    return header + Array(repeating: segment, count: segments).flatMap { $0 }
  }
}
