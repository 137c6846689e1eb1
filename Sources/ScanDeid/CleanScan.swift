package import ScanModel

/// A de-identified image. Only `Deidentifier` makes one, and only `CleanScan.enhanced` makes an `EnhancedScan`, so whatever
/// accepts these types cannot be handed an identified scan: a leak is a compile error.
package struct CleanScan: Sendable {
  package let format: ScanFormat
  /// DICOM attributes after the profile, markers written; Pixel Data as in the file. Empty for TIFF and PNG.
  package let dataset: Dataset
  package let transferSyntaxUID: String
  package let pixels: PixelBuffer?
  package let photometric: Photometric?
  package let spacingMillimeters: [Double]?
  package let warnings: [ScanWarning]
  /// Keyed pseudonym of the patient or subject.
  package let patient: Pseudonym
  /// A keyed id of this instance: the new SOP Instance UID, or for TIFF and PNG one that follows from the pixels.
  package let instance: String
  /// What was done, as counts per action; never values.
  package let record: DeidentificationRecord

  init(
    format: ScanFormat, dataset: Dataset, transferSyntaxUID: String, pixels: PixelBuffer?, photometric: Photometric?,
    spacingMillimeters: [Double]?, warnings: [ScanWarning], patient: Pseudonym, instance: String,
    record: DeidentificationRecord
  ) {
    self.format = format
    self.dataset = dataset
    self.transferSyntaxUID = transferSyntaxUID
    self.pixels = pixels
    self.photometric = photometric
    self.spacingMillimeters = spacingMillimeters
    self.warnings = warnings
    self.patient = patient
    self.instance = instance
    self.record = record
  }

  /// The same image with pixels made by a super-resolution model. It stays this patient's data.
  ///
  /// - Parameters:
  ///   - pixels: same depth, signedness and samples as the source; other rows and columns.
  ///   - scale: how many output pixels stand for one input pixel along each axis.
  ///   - derivation: what made it; goes into Derivation Description. Names a model and its digest, never a path.
  package func enhanced(pixels: PixelBuffer, scale: Double, derivation: String) -> EnhancedScan {
    EnhancedScan(source: self, pixels: pixels, scale: scale, derivation: derivation)
  }

  /// The same, for one grey image that is too large to hold: its words are read while they are written.
  ///
  /// - Parameters:
  ///   - rows: of the enhanced image, as `columns`. Depth and signedness are the source's.
  ///   - read: fills a buffer with the image's words from a byte offset on; false when it cannot.
  package func enhanced(
    rows: Int, columns: Int, scale: Double, read: @escaping (_ offset: Int, UnsafeMutableRawBufferPointer) -> Bool
  ) -> EnhancedStream {
    EnhancedStream(source: self, rows: rows, columns: columns, scale: scale, read: read)
  }
}

/// A super-resolved image of a de-identified patient.
package struct EnhancedScan: Sendable {
  package let source: CleanScan
  package let pixels: PixelBuffer
  package let scale: Double
  package let derivation: String

  fileprivate init(source: CleanScan, pixels: PixelBuffer, scale: Double, derivation: String) {
    self.source = source
    self.pixels = pixels
    self.scale = scale
    self.derivation = derivation
  }
}

/// A super-resolved image of a de-identified patient whose pixels are read while they are written.
package struct EnhancedStream {
  package let source: CleanScan
  package let rows: Int
  package let columns: Int
  package let scale: Double
  package let read: (_ offset: Int, UnsafeMutableRawBufferPointer) -> Bool

  fileprivate init(
    source: CleanScan, rows: Int, columns: Int, scale: Double, read: @escaping (Int, UnsafeMutableRawBufferPointer) -> Bool
  ) {
    self.source = source
    self.rows = rows
    self.columns = columns
    self.scale = scale
    self.read = read
  }
}

/// Counts of what the profile did to one object: action code -> how often. Goes into the catalog.
package struct DeidentificationRecord: Sendable, Equatable, Codable {
  /// Edition of PS3.15 Table E.1-1, `2026d`.
  package var edition: String
  /// Profile and options in CLI spelling, sorted.
  package var options: [String]
  /// Keys: `removed`, `emptied`, `replaced`, `uidReplaced`, `kept`, `cleaned`, `privateRemoved` …
  package var counts: [String: Int]
  /// Pixels may show identifying text or a face: `burnedIn`, `face`. Never silent.
  package var risks: [String]

  package init(edition: String, options: [String], counts: [String: Int], risks: [String]) {
    self.edition = edition
    self.options = options
    self.counts = counts
    self.risks = risks
  }
}
