package import ScanModel

extension CleanScan {
  /// An instance that was de-identified earlier, read back from where only de-identified instances are kept (the workspace's objects).
  ///
  /// A DICOM object must carry the marker that `Deidentifier` writes last; TIFF and PNG carry no attributes at all.
  ///
  /// - Throws: `DeidError.notMarked` for a DICOM object without Patient Identity Removed YES.
  package static func readmitting(_ raw: RawScan, patient: Pseudonym, record: DeidentificationRecord) throws(DeidError) -> CleanScan {
    if raw.format == .dicom, raw.dataset.text(.patientIdentityRemoved) != "YES" { throw .notMarked }
    return CleanScan(
      format: raw.format, dataset: raw.dataset, transferSyntaxUID: raw.transferSyntaxUID, pixels: raw.pixels, photometric: raw.photometric,
      spacingMillimeters: raw.spacingMillimeters, warnings: raw.warnings, patient: patient,
      instance: raw.dataset.text(.sopInstanceUID) ?? "", record: record)
  }
}
