import ScanModel

/// Reads DICOM Part 10 files and bare datasets.
enum DICOMFormat: FormatReading {
  static let format = ScanFormat.dicom

  static func complete(_ scan: inout RawScan, from decoded: DecodedFile, dataset: Dataset) throws {
    scan.dataset = dataset
    scan.transferSyntaxUID = decoded.reply.transferSyntaxUID ?? UID.explicitVRLittleEndian
    scan.fileTransferSyntaxUID = decoded.reply.fileTransferSyntaxUID
  }
}
