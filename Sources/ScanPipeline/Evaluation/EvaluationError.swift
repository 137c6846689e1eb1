package import Diagnostics
import ScanModel

/// Why images cannot be evaluated.
package enum EvaluationError: ExplainedError, Equatable {
  case noSuchSource
  case empty(role: String)
  case tooFew(role: String, count: Int, least: Int)
  /// The synthetic images differ in size and no size was asked for.
  case mixedSizes
  /// The synthetic images are all of one size, so many rows and columns, which is not square, and no size was asked for.
  case notSquare([Int])
  /// So many of the real images are training images.
  case notHeldOut(Int, of: Int)
  /// A super-resolved image and the real image of its name have different sizes: rows and columns.
  case pairSizes(Int, found: [Int], expected: [Int])
  case reportExists
  case reportInsideInput

  package var kind: FailureKind { .request }

  package var code: String {
    switch self {
    case .noSuchSource: "evaluate.noSuchSource"
    case .empty: "evaluate.empty"
    case .tooFew: "evaluate.tooFew"
    case .mixedSizes: "evaluate.mixedSizes"
    case .notSquare: "evaluate.notSquare"
    case .notHeldOut: "evaluate.notHeldOut"
    case .pairSizes: "evaluate.pairSizes"
    case .reportExists: "evaluate.reportExists"
    case .reportInsideInput: "evaluate.reportInsideInput"
    }
  }

  package var what: String {
    switch self {
    case .noSuchSource: "A set of images is neither an existing folder nor a query"
    case .empty(let role): "The \(role) set holds no image"
    case .tooFew(let role, let count, let least): "The \(role) set holds \(count) images; figures of a set need \(least)"
    case .mixedSizes: "The synthetic images have different sizes"
    case .notSquare(let size): "The synthetic images have \(size[0]) x \(size[1]) pixels; sets are compared as squares"
    case .notHeldOut(let count, let all): "\(count) of the \(all) real images are training images, and too few are left to compare with"
    case .pairSizes(_, let found, let expected):
      "The super-resolved image has \(found[0]) x \(found[1]) pixels, the real image of its name \(expected[0]) x \(expected[1])"
    case .reportExists: "The file to be written exists already"
    case .reportInsideInput: "The file to be written would lie inside a folder of images that is read"
    }
  }

  package var place: String? { if case .pairSizes(let number, _, _) = self { "synthetic image \(number)" } else { nil } }

  package var remedy: String {
    switch self {
    case .noSuchSource: "Check the path, or name images of the workspace as key=value,… over label, split, origin, modality, run."
    case .empty: "Name a folder of DICOM, TIFF or PNG files, or a query that matches images."
    case .tooFew: "Give more images."
    case .mixedSizes, .notSquare: "Choose the side of a square with --size; images keep their proportions."
    case .notHeldOut: "Name as real images some that the model has not learned from."
    case .pairSizes: "Name as real images the originals of the size that the results have; images are counted in the order of their paths."
    case .reportExists: "Choose another file, or remove it."
    case .reportInsideInput: "Choose a file outside the folders of images."
    }
  }
}
