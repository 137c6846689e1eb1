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
  package static let fileExtension = "dcm"
  package static let defaultQueries = [ArtifactQuery(origins: [.acquired, .enhanced, .generated], kinds: [.image])]

  package init() {}

  package func encode(_ item: ExportItem, _ bytes: [UInt8]) throws -> [ExportedImage] {
    if item.record.media == "application/dicom" {
      let scan = try ScanReader().read(bytes, source: Redacted("object"), pixels: false)
      return [try marked(scan, bytes, item)]
    }
    let scan = try ScanReader().read(bytes, source: Redacted("object"))
    return item.isGenerated ? [try synthetic(scan, item)] : [try secondaryCapture(scan, item)]
  }

  /// The stored file, with Synthetic Data written where it does not say.
  private func marked(_ scan: RawScan, _ bytes: [UInt8], _ item: ExportItem) throws -> ExportedImage {
    let series = scan.dataset.text(.seriesInstanceUID)
    if scan.dataset.text(.syntheticData) != nil { return ExportedImage(bytes: bytes, series: series) }
    guard let patient = item.record.patient else { throw ExportError.unreadableItem(number: Int(item.record.id.rawValue)) }
    var scan = scan
    scan.dataset.set(.syntheticData, .CS, text: "NO")
    return ExportedImage(bytes: try DICOMWriter.encode(clean(scan, patient, item)), series: series)
  }

  /// A generated TIFF in modality units, of nobody.
  private func synthetic(_ scan: RawScan, _ item: ExportItem) throws -> ExportedImage {
    guard let stored = scan.pixels else { throw ExportError.unreadableItem(number: Int(item.record.id.rawValue)) }
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
    return ExportedImage(bytes: bytes, series: dataset.text(.seriesInstanceUID))
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

  /// A patient's TIFF or PNG as a Secondary Capture object. PS3.3 section A.8.1.
  private func secondaryCapture(_ scan: RawScan, _ item: ExportItem) throws -> ExportedImage {
    guard let patient = item.record.patient, let digest = item.record.sha256, let pixels = scan.pixels else {
      throw ExportError.unreadableItem(number: Int(item.record.id.rawValue))
    }
    // The series is the patient's images of one origin: acquired and super-resolved ones never share one.
    let uids = DerivedUID(seed: Array("ScanForge export \(patient.text)".utf8))
    let attributes = item.record.attributes
    let isEnhanced = item.record.origin == .enhanced
    var dataset = Dataset()
    dataset.set(.specificCharacterSet, .CS, text: "ISO_IR 192")
    dataset.set(.imageType, .CS, text: "DERIVED\\SECONDARY")
    dataset.set(.sopClassUID, .UI, text: UID.secondaryCaptureImageStorage)
    dataset.set(.sopInstanceUID, .UI, text: uids.uid("instance/\(digest.hex)"))
    dataset.set(.syntheticData, .CS, text: item.isSynthetic ? "YES" : "NO")
    for tag in [Tag.studyDate, .studyTime, .accessionNumber, .referringPhysicianName, .patientBirthDate, .patientSex, .studyID, .instanceNumber] {
      dataset.set(tag, Self.valueRepresentation(of: tag), text: "")
    }
    // Patient Orientation and Laterality, Type 2C: unknown.
    dataset.set(Tag(0x0020, 0x0020), .CS, text: "")
    dataset.set(Tag(0x0020, 0x0060), .CS, text: "")
    dataset.set(.modality, .CS, text: attributes.modality ?? "OT")
    dataset.set(.conversionType, .CS, text: "WSD")
    dataset.set(.patientName, .PN, text: patient.text)
    dataset.set(.patientID, .LO, text: patient.text)
    dataset.set(.patientIdentityRemoved, .CS, text: "YES")
    dataset.set(.deidentificationMethod, .LO, text: "ScanForge: metadata of the image file removed")
    dataset.set(.studyInstanceUID, .UI, text: uids.uid("study"))
    dataset.set(.seriesInstanceUID, .UI, text: uids.uid("series/\(item.record.origin.rawValue)"))
    dataset.set(.seriesNumber, .IS, text: isEnhanced ? "2" : "1")
    if isEnhanced { dataset.set(.derivationDescription, .ST, text: "Super-resolution. Model \(item.model?.hex ?? "unknown"). Not for diagnosis.") }
    if isEnhanced, let source = item.source {
      var reference = Dataset()
      reference.set(.referencedSOPClassUID, .UI, text: UID.secondaryCaptureImageStorage)
      reference.set(.referencedSOPInstanceUID, .UI, text: uids.uid("instance/\(source.hex)"))
      dataset.set(.sourceImageSequence, sequence: [reference])
    }
    if let spacing = attributes.spacingMillimeters {
      dataset.set(.pixelSpacing, .DS, text: "\(Self.decimal(spacing.row))\\\(Self.decimal(spacing.column))")
    }
    try Self.setPixels(pixels, scan.photometric ?? .monochrome2, in: &dataset, item)
    let raw = RawScan(source: Redacted("object"), format: .dicom, dataset: dataset)
    return ExportedImage(bytes: try DICOMWriter.encode(clean(raw, patient, item)), series: dataset.text(.seriesInstanceUID))
  }

  private func clean(_ scan: RawScan, _ patient: Pseudonym, _ item: ExportItem) throws -> CleanScan {
    let record = item.record.attributes.deidentification ?? DeidentificationRecord(edition: "", options: [], counts: [:], risks: [])
    return try CleanScan.readmitting(scan, patient: patient, record: record)
  }

  private static func setPixels(_ pixels: PixelBuffer, _ photometric: Photometric, in dataset: inout Dataset, _ item: ExportItem) throws {
    guard [8, 16].contains(pixels.bitsAllocated), !pixels.isFloat, pixels.frames == 1, pixels.rows <= 65535, pixels.columns <= 65535,
      [1, 3].contains(pixels.samplesPerPixel)
    else { throw ExportError.unreadableItem(number: Int(item.record.id.rawValue)) }
    dataset.set(.samplesPerPixel, us: UInt16(pixels.samplesPerPixel))
    dataset.set(.photometricInterpretation, .CS, text: photometric.name)
    if pixels.samplesPerPixel > 1 { dataset.set(.planarConfiguration, us: pixels.isPlanar ? 1 : 0) }
    dataset.set(.rows, us: UInt16(pixels.rows))
    dataset.set(.columns, us: UInt16(pixels.columns))
    dataset.set(.bitsAllocated, us: UInt16(pixels.bitsAllocated))
    dataset.set(.bitsStored, us: UInt16(pixels.bitsStored))
    dataset.set(.highBit, us: UInt16(pixels.bitsStored - 1))
    dataset.set(.pixelRepresentation, us: pixels.isSigned ? 1 : 0)
    dataset.set(Element(.pixelData, pixels.bitsAllocated > 8 ? .OW : .OB, .bytes(pixels.words)))
  }

  private static func valueRepresentation(of tag: Tag) -> VR {
    switch tag {
    case .studyDate, .patientBirthDate: .DA
    case .studyTime: .TM
    case .referringPhysicianName: .PN
    case .patientSex: .CS
    case .instanceNumber: .IS
    default: .SH
    }
  }

  /// At most 16 characters.
  private static func decimal(_ value: Double) -> String {
    let text = CanonicalJSON.number(value).text
    return text.utf8.count <= 16 ? text : CanonicalJSON.number(Double(Float(value))).text
  }
}
