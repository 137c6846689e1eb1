import ScanModel

/// What the File Meta Information knows of an object whose dataset does not say its class or instance. PS3.10 section 7.1.
///
/// Some writers leave SOP Class UID and SOP Instance UID to the meta group, where they stand a second time. Put back into the dataset they are
/// treated like any others: the instance is replaced like every reference to it.
enum MediaStorageIdentity {
  /// Completes a scan whose dataset lacks them. What is in the dataset counts, and what is no UID is left out.
  ///
  /// An image of that class without its pixels is a fragment and stays nameless.
  static func complete(_ scan: inout RawScan, _ report: PrescanReport) {
    guard !report.warnings.contains(.truncated) else { return }
    let known: [(Tag, String?)] = [(.sopClassUID, report.mediaStorageSOPClassUID), (.sopInstanceUID, report.mediaStorageSOPInstanceUID)]
    for (tag, uid) in known {
      guard scan.dataset.text(tag) == nil, let uid, isUID(uid) else { continue }
      scan.dataset.set(tag, .UI, text: uid)
    }
  }

  /// Digits and dots, at most 64 (PS3.5 section 9.1).
  private static func isUID(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy { (48...57).contains($0) || $0 == 0x2E } && text.first != "."
  }
}
