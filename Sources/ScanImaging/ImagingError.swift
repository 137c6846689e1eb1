package import Diagnostics

/// Why an image cannot become a grey slice.
package enum ImagingError: ExplainedError, Equatable {
  case noPixels
  case notGrey(photometric: String)
  case unsupportedDepth(bits: Int)
  case badRescale
  case frameOutOfRange(Int, count: Int)
  case badWindow(width: Double)
  case paletteMissing

  package var kind: FailureKind {
    if case .badWindow = self { return .request }
    return .item
  }

  package var code: String {
    switch self {
    case .noPixels: "imaging.noPixels"
    case .notGrey: "imaging.notGrey"
    case .unsupportedDepth: "imaging.unsupportedDepth"
    case .badRescale: "imaging.badRescale"
    case .frameOutOfRange: "imaging.frameOutOfRange"
    case .badWindow: "imaging.badWindow"
    case .paletteMissing: "imaging.paletteMissing"
    }
  }

  package var what: String {
    switch self {
    case .noPixels: "The object has no image"
    case .notGrey(let photometric): "Photometric interpretation \(photometric) cannot be turned into grey"
    case .unsupportedDepth(let bits): "\(bits) bits per sample are not supported"
    case .badRescale: "Rescale Slope or Intercept is not a finite number"
    case .frameOutOfRange(let frame, let count): "Frame \(frame + 1) was asked of an image with \(count)"
    case .badWindow(let width): "A window width of \(width) is not positive"
    case .paletteMissing: "A palette image has no usable palette"
    }
  }

  package var remedy: String {
    switch self {
    case .noPixels: "Leave objects without Pixel Data (plans, reports) out of the input."
    case .notGrey: "Convert the image to MONOCHROME2 or RGB."
    case .unsupportedDepth: "Convert to 8, 16 or 32 bits."
    case .badRescale: "Repair the attributes (0028,1052) and (0028,1053)."
    case .frameOutOfRange: "Ask for a frame that exists."
    case .badWindow: "Give a window width above zero, in the image's units."
    case .paletteMissing: "Convert the image to grey."
    }
  }
}
