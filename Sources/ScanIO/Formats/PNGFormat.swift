import ScanModel

/// Reads PNG files.
enum PNGFormat: FormatReading {
  static let format = ScanFormat.png

  static func complete(_ scan: inout RawScan, from decoded: DecodedFile, dataset: Dataset) throws {
    scan.spacingMillimeters = decoded.reply.spacingMillimeters
  }
}
