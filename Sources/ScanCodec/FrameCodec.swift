import COpenJPEG
import ScanModel

/// Which decoder reads the fragments of an encapsulated transfer syntax. PS3.5 section 10, PS3.6 table A-1.
enum FrameCodec {
  case rle
  /// DCMTK's JPEG (8, 12, 16 bits, lossy and lossless) and JPEG-LS codecs.
  case jpeg
  /// OpenJPEG: JPEG 2000 and High-Throughput JPEG 2000.
  case jpeg2000

  /// nil for syntaxes that are refused: video, JPEG XL, JPIP, Deflated Image Frame, private ones.
  init?(transferSyntaxUID uid: String) {
    let root = "1.2.840.10008.1.2."
    guard uid.hasPrefix(root) else { return nil }
    switch uid.dropFirst(root.count) {
    case "5": self = .rle
    case "4.50", "4.51", "4.53", "4.55", "4.57", "4.70", "4.80", "4.81": self = .jpeg
    case "4.90", "4.91", "4.201", "4.202", "4.203": self = .jpeg2000
    default: return nil
    }
  }
}

enum JPEG2000Frame {
  /// Decodes one frame into words as the attributes describe them.
  ///
  /// - Returns: true when the codestream's precision or sign disagrees with the attributes.
  static func decode(_ frame: [UInt8], _ layout: DICOMLayout, into out: UnsafeMutableRawBufferPointer) throws(CodecError) -> Bool {
    var info = copj_info()
    let (status, text) = withMessage { message, size in
      copj_decode(
        frame, frame.count, UInt32(layout.rows), UInt32(layout.columns), UInt32(layout.samples), UInt32(layout.wordBytes),
        UInt32(layout.bitsStored), layout.isSigned ? 1 : 0, out.bindMemory(to: UInt8.self).baseAddress, out.count, &info, message, size)
    }
    guard status == 0 else { throw jpeg2000Error(status, text) }
    return Int(info.precision) != layout.bitsStored || (info.is_signed != 0) != layout.isSigned
  }
}
