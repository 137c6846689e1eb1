package import ScanModel

extension CleanScan {
  /// An image that was de-identified earlier and comes back from the catalog, whose objects are nothing but written clean scans.
  ///
  /// - Parameters:
  ///   - scan: read from an object of the catalog, never from a file of the user's.
  ///   - patient: the pseudonym that the catalog holds for it.
  ///   - record: what de-identification did then.
  package static func readmitting(_ scan: RawScan, patient: Pseudonym, record: DeidentificationRecord) -> CleanScan {
    CleanScan(
      format: scan.format, dataset: scan.dataset, transferSyntaxUID: scan.transferSyntaxUID, pixels: scan.pixels, photometric: scan.photometric,
      spacingMillimeters: scan.spacingMillimeters, warnings: scan.warnings, patient: patient,
      instance: scan.dataset.text(.sopInstanceUID) ?? "", record: record)
  }
}
