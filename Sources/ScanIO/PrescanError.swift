package import Diagnostics
package import ScanModel

/// Why a file is refused before any decoder sees it. Texts name tags and sizes, never values.
package enum PrescanError: ExplainedError, Equatable {
  case empty
  case unknownFormat
  /// A length in the file runs past its end, or what must follow is not there.
  case truncated(ScanFormat, place: String?)
  /// The parts do not fit together.
  case structure(ScanFormat, place: String?)
  /// DICOM sequences nested deeper than the limit.
  case tooDeep(limit: Int, tag: Tag)
  /// More elements, items, directories, entries or chunks than the limit.
  case tooMany(ScanFormat, what: Count, limit: Int)
  /// The image would need more memory than the limit when decoded.
  case tooLarge(ScanFormat, limitBytes: Int)
  /// TIFF or PNG that decodes to a multiple of its size in the file beyond what images come to.
  case tooDense(ScanFormat, ratio: Int, freeBytes: Int)
  /// DICOM Pixel Data is shorter than rows, columns, frames, samples and bits say.
  case pixelShort(expectedBytes: Int, foundBytes: Int)
  /// Rows, columns, bits or samples of zero, or outside what the format allows.
  case pixelAttributes(ScanFormat)
  /// A deflated dataset that does not inflate.
  case deflateDamaged
  /// A deflated dataset that inflates beyond the limits.
  case deflateTooLarge(limitBytes: Int)
  /// An RLE frame whose header points outside the frame. PS3.5 annex G.
  case rleHeader(frame: Int)
  /// A checksum of a critical PNG chunk is wrong.
  case checksum(chunk: String)

  package enum Count: String, Sendable { case elements, items, directories, entries, chunks }

  package var kind: FailureKind { .item }

  package var code: String {
    switch self {
    case .empty: "format.empty"
    case .unknownFormat: "format.unknown"
    case .truncated(let format, _): "\(format.rawValue).truncated"
    case .structure(let format, _): "\(format.rawValue).structure"
    case .tooDeep: "dicom.tooDeep"
    case .tooMany(let format, let what, _): "\(format.rawValue).tooMany.\(what.rawValue)"
    case .tooLarge(let format, _): "\(format.rawValue).tooLarge"
    case .tooDense(let format, _, _): "\(format.rawValue).tooDense"
    case .pixelShort: "dicom.pixelShort"
    case .pixelAttributes(let format): "\(format.rawValue).pixelAttributes"
    case .deflateDamaged: "dicom.deflateDamaged"
    case .deflateTooLarge: "dicom.deflateTooLarge"
    case .rleHeader: "dicom.rleHeader"
    case .checksum: "png.checksum"
    }
  }

  package var what: String {
    switch self {
    case .empty: "the file is empty"
    case .unknownFormat: "this is not a DICOM, TIFF or PNG file"
    case .truncated(let format, _): "the \(format.label) file is cut off: it ends before its own structure says it should"
    case .structure(let format, _): "the \(format.label) file's structure is damaged"
    case .tooDeep(let limit, _): "sequences are nested more than \(limit) deep"
    case .tooMany(let format, let what, let limit): "the \(format.label) file has more than \(limit) \(what.rawValue)"
    case .tooLarge(let format, let limit): "the \(format.label) image would need more than \(limit >> 20) MiB when decoded"
    case .tooDense(let format, let ratio, let free):
      "the \(format.label) image needs more than \(free >> 20) MiB when decoded, and more than \(ratio) times its size in the file"
    case .pixelShort(let expected, let found): "Pixel Data has \(found) bytes, but its rows, columns, frames and bits ask for \(expected)"
    case .pixelAttributes(let format): "the \(format.label) image's rows, columns, samples or bits are not possible"
    case .deflateDamaged: "the deflated dataset does not inflate"
    case .deflateTooLarge(let limit): "the deflated dataset inflates beyond what a real image would (limit \(limit >> 20) MiB)"
    case .rleHeader(let frame): "the RLE header of frame \(frame) points outside the frame"
    case .checksum(let chunk): "the checksum of the PNG chunk \(chunk) is wrong"
    }
  }

  package var place: String? {
    switch self {
    case .truncated(_, let place), .structure(_, let place): place
    case .tooDeep(_, let tag): DataDictionary.entry(for: tag).map { _ in tag.description }
    default: nil
    }
  }

  package var remedy: String {
    switch self {
    case .empty, .truncated: "Copy or export the file again from its source; this copy is incomplete."
    case .unknownFormat: "Give DICOM, TIFF or PNG files, and leave other files out of the folder."
    case .structure, .pixelShort, .pixelAttributes, .deflateDamaged, .rleHeader, .checksum:
      "Export the file again from its source system; this copy is damaged."
    case .tooDeep, .tooMany, .deflateTooLarge: "Leave this file out; no imaging device writes such a file."
    case .tooLarge, .tooDense: "Split the image into fewer frames or smaller tiles."
    }
  }
}

extension ScanFormat {
  fileprivate var label: String {
    switch self {
    case .dicom: "DICOM"
    case .tiff: "TIFF"
    case .png: "PNG"
    }
  }
}
