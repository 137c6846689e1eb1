package import ScanModel

/// Walks a file's structure once, in order, within limits, before any decoder sees it.
///
/// It decodes no pixels, never recurses, never allocates by what the file claims, and reads only inside the buffer. What it accepts is
/// well enough formed that the decoders' own faults (stack overflow on nested sequences, trusted length fields, unchecked RLE offsets)
/// cannot be reached through it; DEID.md, "Hostile input".
package enum Prescan {
  /// Finds out what the file is by its content and checks its structure.
  ///
  /// - Parameter bytes: the whole file.
  /// - Complexity: O(bytes), one pass; a deflated DICOM dataset is inflated first, up to `limits.inflatedBytes`.
  package static func scan(_ bytes: UnsafeRawBufferPointer, limits: PrescanLimits = .standard) throws(PrescanError) -> PrescanReport {
    guard bytes.count > 0 else { throw .empty }
    let content = PrescanBytes(bytes)
    switch format(content) {
    case .dicom: return try PrescanDICOM.scan(content, limits: limits)
    case .tiff: return try PrescanTIFF.scan(content, limits: limits)
    case .png: return try PrescanPNG.scan(content, limits: limits)
    case nil: throw .unknownFormat
    }
  }

  /// `scan` of bytes in an array.
  package static func scan(_ bytes: [UInt8], limits: PrescanLimits = .standard) throws(PrescanError) -> PrescanReport {
    let result: Result<PrescanReport, PrescanError> = bytes.withUnsafeBytes { buffer in
      do throws(PrescanError) { return .success(try scan(buffer, limits: limits)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// What the content looks like, from its first bytes; nil for anything else.
  package static func sniff(_ bytes: UnsafeRawBufferPointer) -> ScanFormat? { format(PrescanBytes(bytes)) }

  /// DICOM's magic is asked for first: a Part 10 file may carry a TIFF header in its preamble (PS3.10 section 7.1), and
  /// treating it as DICOM applies the stricter privacy rules.
  private static func format(_ bytes: PrescanBytes) -> ScanFormat? {
    if PrescanDICOM.hasMagic(bytes) { return .dicom }
    if PrescanPNG.hasSignature(bytes) { return .png }
    if PrescanTIFF.hasSignature(bytes) { return .tiff }
    if PrescanDICOM.looksBare(bytes) { return .dicom }
    return nil
  }
}

/// What a file may cost. The standard limits hold for everything that comes from outside.
package struct PrescanLimits: Sendable, Equatable {
  /// DICOM sequences inside sequences.
  package var depth = 64
  /// DICOM elements in all, nested ones too.
  package var elements = 1_000_000
  /// DICOM elements of a file that only a decoder can read (big-endian, deflated): it takes several microseconds for each.
  package var decoderElements = 200_000
  /// DICOM items and fragments in all.
  package var items = 250_000
  /// Bytes of all decoded samples of the image, one to eight bytes a sample.
  package var decodedBytes = 1 << 30
  /// Bytes of an inflated DICOM dataset.
  package var inflatedBytes = 512 << 20
  /// Inflated over deflated size (of a deflated DICOM dataset, a PNG, a compressed TIFF page), once more than `inflateFreeBytes` have come out; only
  /// masks come near it.
  package var inflateRatio = 200
  package var inflateFreeBytes = 256 << 20
  /// Zeros behind the last element of an inflated DICOM dataset.
  package var inflatedPaddingBytes = 1 << 20
  /// TIFF directories, sub-directories too.
  package var directories = 10_000
  /// Entries of one TIFF directory.
  package var directoryEntries = 4_096
  /// Entries of all TIFF directories.
  package var entries = 1_000_000
  /// Chunks of a PNG.
  package var chunks = 1_000_000

  package init() {}

  package static let standard = PrescanLimits()

  /// - Parameter storedBytes: what the file has of an image that is compressed.
  func checkDensity(_ geometry: PixelGeometry?, storedBytes: Int, _ format: ScanFormat) throws(PrescanError) {
    guard let decoded = geometry?.decodedBytes, decoded > inflateFreeBytes, decoded / inflateRatio > storedBytes else { return }
    throw .tooDense(format, ratio: inflateRatio, freeBytes: inflateFreeBytes)
  }
}

/// What the pre-scan learned.
package struct PrescanReport: Sendable, Equatable {
  package var format: ScanFormat
  /// DICOM: Transfer Syntax UID of the File Meta Information; nil when the file has none, and for TIFF and PNG.
  package var transferSyntaxUID: String?
  /// DICOM: Media Storage SOP Class and Instance UID of the File Meta Information, which repeat the dataset's (PS3.10 section 7.1).
  package var mediaStorageSOPClassUID: String?
  package var mediaStorageSOPInstanceUID: String?
  /// DICOM: the file does not begin with a 128-byte preamble and `DICM`.
  package var isPreambleMissing = false
  /// DICOM: there is no group 0002.
  package var isMetaMissing = false
  /// DICOM: the transfer syntax that the dataset's own bytes show when no File Meta Information tells it; nil otherwise.
  package var guessedTransferSyntaxUID: String?
  /// DICOM: where the dataset's elements begin and how they are written, when no decoder is needed to read them: Little Endian, not deflated.
  package var plainElements: PlainElements?
  /// Size of the image that a decoder will produce (TIFF: page 0); nil when the file has none.
  package var geometry: PixelGeometry?
  /// DICOM: there is an element with pixels, native or in fragments, at the top level.
  package var hasPixels = true
  /// TIFF: directories of the main chain that were read, up to the first that cannot be.
  package var pages = 1
  /// TIFF: those of them that have page 0's geometry.
  package var pagesAlike = 1
  /// TIFF: why a later page of page 0's size cannot be decoded. Whoever reads page 0 alone may go on.
  package var pageFault: PrescanError?
  /// DICOM elements, TIFF directories or PNG chunks that were walked.
  package var count = 0
  /// DICOM: bytes behind the last element, zeros mostly, which decoders take for a broken one.
  package var paddingBytes = 0
  /// In order of discovery, each once.
  package var warnings: [ScanWarning] = []

  package init(format: ScanFormat) { self.format = format }

  /// Whether all pages of a TIFF can be decoded together, as the frames of one image.
  ///
  /// - Throws: `pageFault`, or `.tooLarge`: each page alone is within the limit.
  package func checkPages(_ limits: PrescanLimits) throws(PrescanError) {
    if let pageFault { throw pageFault }
    guard let bytes = geometry?.decodedBytes, let all = product([bytes, pagesAlike]), all <= limits.decodedBytes else {
      throw .tooLarge(format, limitBytes: limits.decodedBytes)
    }
  }

  mutating func warn(_ warning: ScanWarning) {
    if !warnings.contains(warning) { warnings.append(warning) }
  }
}

/// Elements that lie in a file as they are.
package struct PlainElements: Sendable, Equatable {
  package var offset: Int
  /// Explicit VR, else implicit.
  package var isExplicit: Bool
}

/// Dimensions that a file claims, checked against its length (native) and against memory.
package struct PixelGeometry: Sendable, Equatable {
  package var rows: Int
  package var columns: Int
  package var frames: Int
  package var samplesPerPixel: Int
  package var bitsAllocated: Int
  /// DICOM Pixel Data in fragments; false for native data and for TIFF and PNG.
  package var isEncapsulated: Bool

  package init(rows: Int, columns: Int, frames: Int = 1, samplesPerPixel: Int = 1, bitsAllocated: Int, isEncapsulated: Bool = false) {
    self.rows = rows
    self.columns = columns
    self.frames = frames
    self.samplesPerPixel = samplesPerPixel
    self.bitsAllocated = bitsAllocated
    self.isEncapsulated = isEncapsulated
  }

  /// Bytes of the decoded samples, whole bytes a sample; nil on overflow.
  package var decodedBytes: Int? {
    product([rows, columns, frames, samplesPerPixel, (bitsAllocated + 7) / 8])
  }
}

/// The product of numbers from a file; nil on overflow or when one is negative.
func product(_ factors: [Int]) -> Int? {
  var result = 1
  for factor in factors {
    guard factor >= 0 else { return nil }
    let (value, overflow) = result.multipliedReportingOverflow(by: factor)
    if overflow { return nil }
    result = value
  }
  return result
}
