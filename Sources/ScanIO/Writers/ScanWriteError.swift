package import Diagnostics
package import ScanModel

/// Why an image cannot be written in a format.
package enum ScanWriteError: ExplainedError, Equatable {
  /// The format has no place for samples of this kind.
  case unsupportedSamples(ScanFormat, bits: Int, isSigned: Bool, isFloat: Bool)
  case unsupportedPhotometric(ScanFormat, name: String)
  /// TIFF and PNG outputs hold one image.
  case multipleFrames(ScanFormat, frames: Int)
  /// There is nothing to write.
  case noPixels(ScanFormat)
  /// `words` has another length than its dimensions ask for.
  case pixelCount(ScanFormat)
  /// A DICOM object needs this attribute to be written.
  case missingAttribute(Tag)
  /// The encoder refused; its own text is not repeated, since libraries quote values.
  case encoder(ScanFormat)

  package var kind: FailureKind { .item }

  package var code: String {
    switch self {
    case .unsupportedSamples(let format, _, _, _): "\(format.rawValue).write.unsupportedSamples"
    case .unsupportedPhotometric(let format, _): "\(format.rawValue).write.unsupportedPhotometric"
    case .multipleFrames(let format, _): "\(format.rawValue).write.multipleFrames"
    case .noPixels(let format): "\(format.rawValue).write.noPixels"
    case .pixelCount(let format): "\(format.rawValue).write.pixelCount"
    case .missingAttribute: "dicom.write.missingAttribute"
    case .encoder(let format): "\(format.rawValue).write.encoder"
    }
  }

  package var what: String {
    switch self {
    case .unsupportedSamples(let format, let bits, let isSigned, let isFloat):
      "\(format.rawValue.uppercased()) output does not take \(bits)-bit \(isFloat ? "float" : isSigned ? "signed" : "unsigned") samples"
    case .unsupportedPhotometric(let format, let name): "\(format.rawValue.uppercased()) output does not take \(name) images"
    case .multipleFrames(let format, let frames): "\(format.rawValue.uppercased()) output holds one image, not \(frames) frames"
    case .noPixels: "the image has no decoded pixels"
    case .pixelCount: "the number of samples does not fit rows, columns and frames"
    case .missingAttribute: "the attribute is missing, and a DICOM file cannot be written without it"
    case .encoder(let format): "the \(format.rawValue.uppercased()) encoder refused the image"
    }
  }

  package var place: String? {
    if case .missingAttribute(let tag) = self { return tag.description }
    return nil
  }

  package var remedy: String {
    switch self {
    case .unsupportedPhotometric: "Convert the image to grey or RGB with another program first, or leave it out."
    case .unsupportedSamples, .multipleFrames: "Choose another output format."
    case .missingAttribute: "Leave this file out: it is a fragment of an object. Export it again from its source, and report it if other programs show it whole."
    case .noPixels, .pixelCount, .encoder: "Leave this file out, and report it if other programs can read it."
    }
  }
}
