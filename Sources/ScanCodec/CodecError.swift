package import Diagnostics
package import ScanModel

/// Why a file could not be decoded. No sentence comes from DCMTK, libtiff, libpng or OpenJPEG, whose texts may quote values.
package enum CodecError: ExplainedError, Equatable {
  /// The content is not what its first bytes promised.
  case unreadable(ScanFormat, String)
  case truncated(ScanFormat, String)
  case damaged(ScanFormat, String)
  case unsupported(ScanFormat, String)
  /// An image attribute is missing or impossible.
  case attribute(Tag, String)
  /// Fewer pixel bytes than the attributes say.
  case pixelShort(expected: Int, found: Int)
  /// The image or its decoding needs more memory than the worker may use.
  case memory
  /// The worker's own installation is incomplete.
  case installation(String)

  package var kind: FailureKind {
    if case .installation = self { return .surroundings }
    return .item
  }

  package var code: String {
    switch self {
    case .unreadable(let format, _): "\(format.rawValue).unreadable"
    case .truncated(let format, _): "\(format.rawValue).truncated"
    case .damaged(let format, _): "\(format.rawValue).damaged"
    case .unsupported(let format, _): "\(format.rawValue).unsupported"
    case .attribute: "dicom.attribute"
    case .pixelShort: "dicom.pixelShort"
    case .memory: "decode.memory"
    case .installation: "decode.installation"
    }
  }

  package var what: String {
    switch self {
    case .unreadable(_, let text), .truncated(_, let text), .damaged(_, let text), .unsupported(_, let text), .attribute(_, let text),
      .installation(let text):
      text
    case .pixelShort(let expected, let found): "The pixel data has \(found) bytes, and rows, columns, frames and depth need \(expected)"
    case .memory: "Decoding needs more memory than one file may use"
    }
  }

  package var place: String? {
    switch self {
    case .attribute(let tag, _): tag.description
    case .pixelShort: Tag.pixelData.description
    default: nil
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable: "Check that the file is what its name says."
    case .truncated, .pixelShort: "Copy or export the file again from its source; this copy is incomplete."
    case .damaged, .attribute: "Export the file again from its source system; this copy is damaged."
    case .unsupported: "Convert the file to an uncompressed encoding with 8, 16 or 32 bits per sample."
    case .memory: "Split the file into smaller images."
    case .installation: "Install the package libdcmtk17 (Debian) or set DCMDICTPATH to DCMTK's dicom.dic."
    }
  }
}
