package import Diagnostics

/// A file as it came: identified, unchanged. It never leaves the ingest path; only ScanDeid turns it into something that does.
package struct RawScan: Sendable {
  /// Where it came from. Identified: file names hold patient names.
  package var source: Redacted<String>
  package var format: ScanFormat
  /// DICOM attributes without group 0002 and without decoded pixels: (7FE0,0010) holds the bytes of the file, native or
  /// encapsulated. Empty for TIFF and PNG.
  package var dataset: Dataset
  /// Transfer syntax of (7FE0,0010) as it stands in `dataset`: Explicit VR Little Endian or an encapsulated one.
  package var transferSyntaxUID: String
  /// Transfer syntax of the file; nil for TIFF and PNG, and when the file had no File Meta Information.
  package var fileTransferSyntaxUID: String?
  /// Decoded samples; nil when the file has none or when decoding was not asked for.
  package var pixels: PixelBuffer?
  package var photometric: Photometric?
  /// TIFF resolution or PNG pHYs converted to millimeters, row spacing then column spacing; nil for DICOM (see its attributes) or when unknown.
  package var spacingMillimeters: [Double]?
  package var warnings: [ScanWarning]

  package init(
    source: Redacted<String>, format: ScanFormat, dataset: Dataset = Dataset(), transferSyntaxUID: String = UID.explicitVRLittleEndian,
    fileTransferSyntaxUID: String? = nil, pixels: PixelBuffer? = nil, photometric: Photometric? = nil, spacingMillimeters: [Double]? = nil,
    warnings: [ScanWarning] = []
  ) {
    self.source = source
    self.format = format
    self.dataset = dataset
    self.transferSyntaxUID = transferSyntaxUID
    self.fileTransferSyntaxUID = fileTransferSyntaxUID
    self.pixels = pixels
    self.photometric = photometric
    self.spacingMillimeters = spacingMillimeters
    self.warnings = warnings
  }
}
