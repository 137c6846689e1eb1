package import Diagnostics

/// What the main program asks of the decode worker. The file's bytes lie in the shared input memory.
///
/// Requests and replies travel as JSON in frames: four little-endian bytes with the length, then the text.
package struct DecodeRequest: Codable, Sendable, Equatable {
  package var format: ScanFormat
  /// Bytes of the file at the start of the input memory.
  package var byteCount: Int
  /// Decode the samples; without it the reply has the dataset alone.
  package var wantsPixels: Bool
  /// TIFF: how many directories of the main chain to read as pages, as the pre-scan found them; 1 for the first page alone.
  package var pages: Int

  package init(format: ScanFormat, byteCount: Int, wantsPixels: Bool, pages: Int) {
    self.format = format
    self.byteCount = byteCount
    self.wantsPixels = wantsPixels
    self.pages = pages
  }
}

/// What the worker found. The output memory holds the dataset, Explicit VR Little Endian, and then the decoded words.
package struct DecodeReply: Codable, Sendable, Equatable {
  /// Layout of samples; see `PixelBuffer` for the meaning of each.
  package struct Layout: Codable, Sendable, Equatable {
    package var rows: Int
    package var columns: Int
    package var frames: Int
    package var samplesPerPixel: Int
    package var bitsAllocated: Int
    package var bitsStored: Int
    package var isSigned: Bool
    package var isFloat: Bool
    package var isPlanar: Bool

    package init(
      rows: Int, columns: Int, frames: Int = 1, samplesPerPixel: Int = 1, bitsAllocated: Int, bitsStored: Int? = nil,
      isSigned: Bool = false,
      isFloat: Bool = false, isPlanar: Bool = false
    ) {
      self.rows = rows
      self.columns = columns
      self.frames = frames
      self.samplesPerPixel = samplesPerPixel
      self.bitsAllocated = bitsAllocated
      self.bitsStored = bitsStored ?? bitsAllocated
      self.isSigned = isSigned
      self.isFloat = isFloat
      self.isPlanar = isPlanar
    }
  }

  /// Bytes of the dataset at the start of the output memory; 0 for TIFF and PNG.
  package var datasetBytes = 0
  /// Where the decoded words begin in the output memory, and how many bytes they take.
  package var wordsOffset = 0
  package var wordsBytes = 0
  /// The words are the first `wordsBytes` bytes of the dataset's own pixel element, so they were not written a second time.
  package var wordsAreDatasetBytes = false
  /// Layout of the words; nil when the file has no pixels or when they were not asked for.
  package var layout: Layout?
  /// Photometric interpretation of the words.
  package var photometric: String?
  /// Photometric interpretation that the file names.
  package var filePhotometric: String?
  package var modality: String?
  /// Transfer syntax of the dataset in the output memory.
  package var transferSyntaxUID: String?
  /// Transfer syntax that the file names; nil without File Meta Information.
  package var fileTransferSyntaxUID: String?
  /// TIFF directories in the main chain.
  package var pages = 1
  /// Row spacing, then column spacing.
  package var spacingMillimeters: [Double]?
  package var warnings: [ScanWarning] = []
  /// Why decoding failed; the other fields then hold what was learned before.
  package var failure: DecodeFailure?

  package init() {}

  package mutating func warn(_ warning: ScanWarning) {
    if !warnings.contains(warning) { warnings.append(warning) }
  }
}

/// An error of the worker on its way to the main program: the sentences of an `ExplainedError`, free of identified values.
package struct DecodeFailure: ExplainedError, Codable, Equatable {
  package var isSurroundings: Bool
  package var code: String
  package var what: String
  package var place: String?
  package var remedy: String

  package init(_ error: some ExplainedError) {
    isSurroundings = error.kind == .surroundings
    code = error.code
    what = error.what
    place = error.place
    remedy = error.remedy
  }

  package var kind: FailureKind { isSurroundings ? .surroundings : .item }
}

/// File descriptors and defaults that the main program and the worker agree on.
package enum DecodeContract {
  package static let requestDescriptor: Int32 = 0
  package static let replyDescriptor: Int32 = 1
  package static let inputDescriptor: Int32 = 3
  package static let outputDescriptor: Int32 = 4
  /// Address space of a worker, set by `--memory BYTES`.
  package static let defaultMemoryBytes = 2 << 30
  /// A frame never grows past this; a longer one is a broken promise.
  package static let maximumFrameBytes = 1 << 20
}
