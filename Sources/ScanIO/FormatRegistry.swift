import ScanModel

/// What reading a file format adds to the worker's answer. One file per format in `Formats/`, one line in `FormatRegistry`.
protocol FormatReading: Sendable {
  static var format: ScanFormat { get }
  /// Puts the parts of a `RawScan` that this format has into `scan`, whose source, pixels and warnings are set already.
  static func complete(_ scan: inout RawScan, from decoded: DecodedFile, dataset: Dataset) throws
}

/// The formats that ScanForge reads.
enum FormatRegistry {
  static let readers: [any FormatReading.Type] = [DICOMFormat.self, TIFFFormat.self, PNGFormat.self]

  static func reader(of format: ScanFormat) -> any FormatReading.Type {
    guard let reader = readers.first(where: { $0.format == format }) else {
      preconditionFailure("FormatRegistry: no reader for \(format.rawValue)")
    }
    return reader
  }
}
