import Diagnostics
import ScanCatalog
import ScanDeid
import ScanIO
import ScanImaging
import ScanModel

/// A patient's TIFF or PNG as Secondary Capture objects, one for each frame. PS3.3 section A.8.1.
///
/// Grey and RGB words of 8 and 16 bits stay what they are; other depths become 16-bit grey with the rescale that gives their values back.
struct SecondaryCapture {
  private let item: ExportItem
  private let scan: RawScan
  private let patient: Pseudonym
  /// The series is the patient's images of one origin: acquired and super-resolved ones never share one.
  private let uids: DerivedUID

  /// - Throws: `ExportError.unreadableItem` for an item without patient or pixels.
  init(_ item: ExportItem, _ scan: RawScan) throws {
    guard let patient = item.record.patient, scan.pixels != nil else { throw item.unreadable }
    self.item = item
    self.scan = scan
    self.patient = patient
    uids = DerivedUID(seed: Array("ScanForge export \(patient.text)".utf8))
  }

  func images() throws -> [ExportedImage] {
    let frames = scan.pixels?.frames ?? 0
    return try (0..<frames).map { frame in
      var dataset = frames > 1 ? attributes(of: frame, instanceNumber: "\(frame + 1)") : attributes(of: frame, instanceNumber: "")
      try setPixels(of: frame, in: &dataset)
      let raw = RawScan(source: Redacted("object"), format: .dicom, dataset: dataset)
      return ExportedImage(
        bytes: try DICOMWriter.encode(raw.readmitted(for: item, patient)), fileExtension: "dcm", series: dataset.text(.seriesInstanceUID))
    }
  }

  private func instance(_ digest: ContentDigest, frame: Int) -> String {
    uids.uid(frame == 0 ? "instance/\(digest.hex)" : "instance/\(digest.hex)/\(frame)")
  }

  private func attributes(of frame: Int, instanceNumber: String) -> Dataset {
    let attributes = item.record.attributes
    let isEnhanced = item.record.origin == .enhanced
    var dataset = Dataset()
    dataset.set(.specificCharacterSet, .CS, text: "ISO_IR 192")
    dataset.set(.imageType, .CS, text: "DERIVED\\SECONDARY")
    dataset.set(.sopClassUID, .UI, text: UID.secondaryCaptureImageStorage)
    dataset.set(.sopInstanceUID, .UI, text: instance(item.sha256, frame: frame))
    dataset.set(.syntheticData, .CS, text: item.isSynthetic ? "YES" : "NO")
    for (tag, vr) in Self.emptyAttributes { dataset.set(tag, vr, text: "") }
    dataset.set(.instanceNumber, .IS, text: instanceNumber)
    dataset.set(.modality, .CS, text: attributes.modality ?? "OT")
    dataset.set(.conversionType, .CS, text: "WSD")
    dataset.set(.patientName, .PN, text: patient.text)
    dataset.set(.patientID, .LO, text: patient.text)
    dataset.set(.patientIdentityRemoved, .CS, text: "YES")
    dataset.set(.deidentificationMethod, .LO, text: "ScanForge: metadata of the image file removed")
    dataset.set(.studyInstanceUID, .UI, text: uids.uid("study"))
    dataset.set(
      .seriesInstanceUID, .UI,
      text: uids.uid("series/\(item.record.origin.rawValue)\(item.record.attributes.isSynthetic ? "/synthetic" : "")"))
    dataset.set(.seriesNumber, .IS, text: isEnhanced ? "2" : "1")
    if isEnhanced {
      dataset.set(.derivationDescription, .ST, text: "Super-resolution. Model \(item.model?.hex ?? "unknown"). Not for diagnosis.")
    }
    if isEnhanced, let source = item.source {
      var reference = Dataset()
      reference.set(.referencedSOPClassUID, .UI, text: UID.secondaryCaptureImageStorage)
      reference.set(.referencedSOPInstanceUID, .UI, text: instance(source, frame: frame))
      dataset.set(.sourceImageSequence, sequence: [reference])
    }
    if let spacing = attributes.spacingMillimeters {
      dataset.set(.pixelSpacing, .DS, text: "\(DICOMWriter.decimal(spacing.row))\\\(DICOMWriter.decimal(spacing.column))")
    }
    return dataset
  }

  /// Type 2 and 2C, unknown: an invented value would look like a fact.
  private static let emptyAttributes: [(Tag, VR)] = [
    (.studyDate, .DA), (.studyTime, .TM), (.accessionNumber, .SH), (.referringPhysicianName, .PN), (.patientBirthDate, .DA),
    (.patientSex, .CS), (.studyID, .SH), (Tag(0x0020, 0x0020), .CS), (Tag(0x0020, 0x0060), .CS),
  ]

  private func setPixels(of frame: Int, in dataset: inout Dataset) throws {
    guard let stored = scan.pixels, stored.rows <= 65535, stored.columns <= 65535 else { throw item.unreadable }
    let isColor = scan.photometric == .rgb && stored.samplesPerPixel >= 3
    let isGrey = [.monochrome1, .monochrome2].contains(scan.photometric ?? .monochrome2)
    if [8, 16].contains(stored.bitsAllocated), !stored.isFloat, isColor || isGrey,
      let pixels = stored.frame(frame, samples: isColor ? 3 : 1)
    {
      Self.set(pixels, isColor ? .rgb : scan.photometric ?? .monochrome2, in: &dataset)
      if isGrey, !stored.isSigned, let units = item.record.attributes.intensity {
        Self.setRescale(low: units.lowerBound, high: units.upperBound, maximum: stored.bitsAllocated == 8 ? 255 : 65535, in: &dataset)
      }
      return
    }
    let slice = try Slice(pixels: stored, photometric: scan.photometric, dataset: scan.dataset, frame: frame)
    let (low, high) = (slice.values.min() ?? 0, slice.values.max() ?? 0)
    let gain = high > low ? 65535 / (Double(high) - Double(low)) : 0
    let words = slice.values.flatMap { value -> [UInt8] in
      let word = UInt16(clamping: Int(((Double(value) - Double(low)) * gain).rounded(.toNearestOrEven)))
      return [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)]
    }
    Self.set(PixelBuffer(rows: slice.rows, columns: slice.columns, bitsAllocated: 16, words: words), .monochrome2, in: &dataset)
    Self.setRescale(low: Double(low), high: high > low ? Double(high) : Double(low) + 65535, maximum: 65535, in: &dataset)
  }

  private static func set(_ pixels: PixelBuffer, _ photometric: Photometric, in dataset: inout Dataset) {
    dataset.set(.samplesPerPixel, us: UInt16(pixels.samplesPerPixel))
    dataset.set(.photometricInterpretation, .CS, text: photometric.name)
    if pixels.samplesPerPixel > 1 { dataset.set(.planarConfiguration, us: 0) }
    dataset.set(.rows, us: UInt16(pixels.rows))
    dataset.set(.columns, us: UInt16(pixels.columns))
    dataset.set(.bitsAllocated, us: UInt16(pixels.bitsAllocated))
    dataset.set(.bitsStored, us: UInt16(pixels.bitsStored))
    dataset.set(.highBit, us: UInt16(pixels.bitsStored - 1))
    dataset.set(.pixelRepresentation, us: pixels.isSigned ? 1 : 0)
    dataset.set(Element(.pixelData, pixels.bitsAllocated > 8 ? .OW : .OB, .bytes(pixels.words)))
  }

  /// Words 0 and `maximum` mean `low` and `high`. PS3.3 section C.11.1; the unit is said to be unspecified.
  private static func setRescale(low: Double, high: Double, maximum: Double, in dataset: inout Dataset) {
    dataset.set(.rescaleIntercept, .DS, text: DICOMWriter.decimal(low))
    dataset.set(.rescaleSlope, .DS, text: DICOMWriter.decimal((high - low) / maximum))
    dataset.set(.rescaleType, .LO, text: "US")
  }
}

extension ExportItem {
  var unreadable: ExportError { .unreadableItem(number: Int(record.id.rawValue)) }
}

extension RawScan {
  /// The same as the workspace's own de-identified instance.
  func readmitted(for item: ExportItem, _ patient: Pseudonym) throws -> CleanScan {
    let record = item.record.attributes.deidentification ?? DeidentificationRecord(edition: "", options: [], counts: [:], risks: [])
    return try CleanScan.readmitting(self, patient: patient, record: record)
  }
}
