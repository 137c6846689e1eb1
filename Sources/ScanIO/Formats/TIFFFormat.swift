import ScanModel

/// Reads the first page of TIFF and BigTIFF files.
enum TIFFFormat: FormatReading {
  static let format = ScanFormat.tiff

  static func complete(_ scan: inout RawScan, from decoded: DecodedFile, dataset: Dataset) throws {
    scan.spacingMillimeters = decoded.reply.spacingMillimeters
  }
}
