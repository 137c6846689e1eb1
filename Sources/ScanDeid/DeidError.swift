package import Diagnostics

/// Why an object could not be de-identified, or a profile not be set up.
package enum DeidError: ExplainedError, Equatable {
  case unknownOption(String)
  case unknownProfile(String)
  case notBuilt(DeidOption)
  case contradiction(DeidOption, DeidOption)
  /// A DICOM directory: it lists files by patient and holds no image.
  case directory
  /// The finished object still held this many of the identifiers of its input.
  case identifiersRemain(Int)
  /// The encoding of this frame of the pixel data, from 1, cannot be followed: texts may stand anywhere in it.
  case pixelStream(frame: Int)
  /// Something kept as de-identified does not say that it is.
  case notMarked

  package var kind: FailureKind {
    switch self {
    case .directory, .identifiersRemain, .pixelStream, .notMarked: .item
    default: .request
    }
  }

  package var code: String {
    switch self {
    case .unknownOption: "deid.unknownOption"
    case .unknownProfile: "deid.unknownProfile"
    case .notBuilt: "deid.notBuilt"
    case .contradiction: "deid.contradiction"
    case .directory: "deid.directory"
    case .identifiersRemain: "deid.identifiersRemain"
    case .pixelStream: "deid.pixelStream"
    case .notMarked: "deid.notMarked"
    }
  }

  package var what: String {
    switch self {
    case .unknownOption(let name): "there is no de-identification option named \(name)"
    case .unknownProfile(let name): "there is no de-identification profile named \(name)"
    case .notBuilt(let option): "the option \(option.rawValue) comes in a later version"
    case .contradiction(let a, let b): "the options \(a.rawValue) and \(b.rawValue) contradict each other"
    case .directory: "this is a DICOM directory (DICOMDIR), which lists patients and holds no image"
    case .identifiersRemain(let count): "the result still held \(count) of the identifiers of its input, so it was not released"
    case .pixelStream(let frame): "the encoding of frame \(frame) cannot be followed, so texts in it cannot be told from pixels"
    case .notMarked: "a stored object lacks the mark of a de-identified one"
    }
  }

  package var remedy: String {
    switch self {
    case .unknownOption: "Choose from: \(DeidOption.allCases.map(\.rawValue).joined(separator: ", "))."
    case .unknownProfile: "Use the profile basic."
    case .notBuilt: "Leave it out; images that may show text or a face are counted as risks in the summary."
    case .contradiction: "Choose one of them."
    case .directory: "Leave it out; de-identify the files that it lists."
    case .identifiersRemain: "Look at the file by hand: its pixels or kept values repeat a name, number or UID."
    case .pixelStream: "Decode the image with another program, write it without compression, and try again."
    case .notMarked: "Run audit verify, and ingest the scan again."
    }
  }
}
