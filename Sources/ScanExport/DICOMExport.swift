import Diagnostics
package import ScanCatalog
import ScanDeid
import ScanIO
import ScanModel

/// `dicom/SPLIT/LABEL/*.dcm`: Explicit VR (or the source's own encapsulated syntax), Synthetic Data YES or NO in every file.
///
/// DICOM originals and their super-resolved images leave as they are stored; TIFF and PNG images become Secondary Capture.
package struct DICOMExport: ExportFormat {
  package static let name = "dicom"
  package static let defaultQueries = [ArtifactQuery(origins: [.acquired, .enhanced, .generated], kinds: [.image])]

  package init() {}

  package func encode(_ item: ExportItem, from objects: ObjectStore) throws -> [ExportedImage] {
    let bytes = try objects.read(item.sha256)
    if item.record.media == "application/dicom" {
      let scan = try ScanReader().read(bytes, source: Redacted("object"), pixels: false)
      return [try marked(scan, bytes, item)]
    }
    let scan = try ScanReader().read(bytes, source: Redacted("object"))
    return item.isGenerated ? [try synthetic(scan, item)] : try SecondaryCapture(item, scan).images()
  }

  /// The stored file, with Synthetic Data written where it does not say.
  private func marked(_ scan: RawScan, _ bytes: [UInt8], _ item: ExportItem) throws -> ExportedImage {
    let series = scan.dataset.text(.seriesInstanceUID)
    if let mark = scan.dataset.text(.syntheticData), mark == "YES" || mark == "NO" {
      return ExportedImage(bytes: bytes, fileExtension: "dcm", series: series, mark: mark == "YES")
    }
    guard let patient = item.record.patient else { throw item.unreadable }
    var scan = scan
    scan.dataset.set(.syntheticData, .CS, text: item.isSynthetic ? "YES" : "NO")
    return ExportedImage(
      bytes: try DICOMWriter.encode(scan.readmitted(for: item, patient)), fileExtension: "dcm", series: series, mark: item.isSynthetic)
  }

  /// A generated TIFF in modality units, of nobody.
  private func synthetic(_ scan: RawScan, _ item: ExportItem) throws -> ExportedImage {
    guard let stored = scan.pixels else { throw item.unreadable }
    let attributes = item.record.attributes
    let told = item.toldAttributes
    let synthetic = SyntheticScan(
      pixels: Self.inModalityUnits(stored, attributes) ?? stored, label: item.record.label,
      attributes: told, spacingMillimeters: attributes.spacingMillimeters,
      modality: told[.modality] == nil ? attributes.modality ?? "OT" : "OT",
      window: attributes.window,
      derivation: "ScanForge model \(item.model?.hex ?? "unknown"), seed \(attributes.seed ?? 0), image \(attributes.sampleIndex ?? 0)")
    let identifiers = SyntheticIdentifiers(run: item.run.bytes, index: attributes.sampleIndex ?? Int(item.record.id.rawValue))
    let bytes = try DICOMWriter.encode(synthetic, identifiers: identifiers)
    let dataset = try ScanReader().read(bytes, source: Redacted("export"), pixels: false).dataset
    return ExportedImage(bytes: bytes, fileExtension: "dcm", series: dataset.text(.seriesInstanceUID))
  }

  /// 16-bit words of a window become signed modality units when they fit; nil when they do not or are 8-bit already.
  private static func inModalityUnits(_ pixels: PixelBuffer, _ attributes: ArtifactAttributes) -> PixelBuffer? {
    guard pixels.bitsAllocated == 16, !pixels.isSigned, !pixels.isFloat, let range = attributes.intensity, range.lowerBound >= -32768,
      range.upperBound <= 32767
    else { return nil }
    var result = pixels
    result.isSigned = true
    result.bitsStored = 16
    let gain = (range.upperBound - range.lowerBound) / 65535
    for index in 0..<pixels.words.count / 2 {
      let word = UInt16(pixels.words[2 * index]) | UInt16(pixels.words[2 * index + 1]) << 8
      let value = Int16(clamping: Int((Double(word) * gain + range.lowerBound).rounded(.toNearestOrEven)))
      result.words[2 * index] = UInt8(truncatingIfNeeded: value)
      result.words[2 * index + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
    return result
  }
}
