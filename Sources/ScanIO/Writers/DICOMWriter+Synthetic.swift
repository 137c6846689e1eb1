package import ScanDeid
import ScanModel

/// Where a synthetic image belongs: one fictional patient, study and series for each run, label and combination of attributes.
package struct SyntheticIdentifiers: Sendable {
  /// Digest of what the run is: model, seed, parameters. Equal for all images of a run.
  package let run: [UInt8]
  /// Number of the image in its run and label, from 0.
  package let index: Int

  package init(run: [UInt8], index: Int) {
    self.run = run
    self.index = index
  }
}

extension DICOMWriter {
  /// A Secondary Capture image of nobody: PatientID `SYN…`, Synthetic Data YES, Conversion Type SYN, fresh UIDs.
  ///
  /// Integer samples are in modality units: for CT, Hounsfield units with a rescale of 1 and 0. It imitates no scanner: the program that made it
  /// stands in Contributing Equipment with purpose 109100. PS3.3 section A.8.1.
  /// - Throws: `.unsupportedSamples` for float pixels, which this object cannot hold.
  package static func encode(_ scan: SyntheticScan, identifiers: SyntheticIdentifiers) throws(ScanWriteError) -> [UInt8] {
    try file(dataset(scan, identifiers), transferSyntaxUID: UID.explicitVRLittleEndian)
  }

  private static func dataset(_ scan: SyntheticScan, _ identifiers: SyntheticIdentifiers) throws(ScanWriteError) -> Dataset {
    let uids = DerivedUID(seed: identifiers.run)
    let told = ScanAttribute.allCases.compactMap { attribute in scan.attributes[attribute].map { (attribute, $0) } }
    // One patient has one sex and one age.
    let group = ([scan.label?.name ?? ""] + told.map { "\($0.rawValue)=\($1)" }).joined(separator: "/")
    let patient = "SYN" + padded(String(uids.number("patient/\(group)"), radix: 16, uppercase: true), to: 16)
    var dataset = Dataset()
    dataset.set(.specificCharacterSet, .CS, text: "ISO_IR 192")
    dataset.set(.imageType, .CS, text: "DERIVED\\SECONDARY")
    dataset.set(.sopClassUID, .UI, text: UID.secondaryCaptureImageStorage)
    dataset.set(.sopInstanceUID, .UI, text: uids.uid("instance/\(identifiers.index)/\(group)"))
    dataset.set(.syntheticData, .CS, text: "YES")
    // Type 2: present, empty. An invented date would look like a fact.
    for (tag, vr) in emptyAttributes { dataset.set(tag, vr, text: "") }
    dataset.set(.modality, .CS, text: text(scan.attributes[.modality] ?? scan.modality, limit: 16))
    setPatient(scan, in: &dataset)
    dataset.set(.conversionType, .CS, text: "SYN")
    dataset.set(.manufacturer, .LO, text: "ScanForge")
    dataset.set(.seriesDescription, .LO, text: "Synthetic, not for diagnosis")
    dataset.set(.derivationDescription, .ST, text: text("Made by a generative model. \(scan.derivation)", limit: 1024))
    dataset.set(.patientName, .PN, text: patient + "^SYNTHETIC")
    dataset.set(.patientID, .LO, text: patient)
    dataset.set(.contributingEquipmentSequence, sequence: [equipment(code("109100", "Synthesizing Equipment"))])
    dataset.set(.studyInstanceUID, .UI, text: uids.uid("study/\(group)"))
    dataset.set(.seriesInstanceUID, .UI, text: uids.uid("series/\(group)"))
    dataset.set(.seriesNumber, .IS, text: "1")
    dataset.set(.instanceNumber, .IS, text: "\(identifiers.index + 1)")
    let label = scan.label.map { " Label: \($0.name)." } ?? ""
    let conditions = told.isEmpty ? "" : " Made to show " + told.map { "\($0.column) \($1)" }.joined(separator: ", ") + "."
    dataset.set(
      .imageComments, .LT, text: "Synthetic image of no person, made by a generative model. For research, not for diagnosis." + label + conditions)
    if let spacing = scan.spacingMillimeters {
      dataset.set(.pixelSpacing, .DS, text: "\(decimal(spacing.row))\\\(decimal(spacing.column))")
    }
    if let window = scan.window {
      dataset.set(.windowCenter, .DS, text: decimal(Double(window.center)))
      dataset.set(.windowWidth, .DS, text: decimal(Double(window.width)))
    }
    if scan.modality == "CT" {
      dataset.set(.rescaleIntercept, .DS, text: "0")
      dataset.set(.rescaleSlope, .DS, text: "1")
      dataset.set(.rescaleType, .LO, text: "HU")
    }
    guard scan.pixels.samplesPerPixel == 1, scan.pixels.frames == 1 else { throw .multipleFrames(.dicom, frames: scan.pixels.frames) }
    try setPixels(scan.pixels, photometric: "MONOCHROME2", in: &dataset)
    return dataset
  }

  /// Sex, age and body part that the generator was told; the age is the middle of its band, which Image Comments names.
  private static func setPatient(_ scan: SyntheticScan, in dataset: inout Dataset) {
    if let sex = scan.attributes[.sex] { dataset.set(.patientSex, .CS, text: sex) }
    if let band = scan.attributes[.ageBand].flatMap({ AgeBand($0) }) { dataset.set(.patientAge, .AS, text: band.age) }
    guard let bodyPart = scan.attributes[.bodyPart] else { return }
    dataset.set(.bodyPartExamined, .CS, text: text(bodyPart, limit: 16))
    // Laterality is of Type 2C: there, and empty for unknown, for paired parts alone. PS3.3 section C.7.3.1.
    if !pairedParts.contains(bodyPart) { dataset.remove(laterality) }
  }

  private static let laterality = Tag(0x0020, 0x0060)

  /// Terms of Body Part Examined that are paired. PS3.16 annex L.
  private static let pairedParts: Set<String> = [
    "ANKLE", "ARM", "AXILLA", "BREAST", "BUTTOCK", "CALCANEUS", "CALF", "CAROTID", "CLAVICLE", "EAR", "ELBOW", "EXTREMITY", "EYE", "EYELID",
    "FEMUR", "FINGER", "FOOT", "FOREARM", "HAND", "HIP", "HUMERUS", "KIDNEY", "KNEE", "LEG", "LUNG", "OVARY", "RADIUS", "SCAPULA", "SHOULDER",
    "THIGH", "THUMB", "TOE", "ULNA", "WRIST", "ZYGOMA",
  ]

  private static let emptyAttributes: [(Tag, VR)] = [
    (.studyDate, .DA), (.studyTime, .TM), (.accessionNumber, .SH), (.referringPhysicianName, .PN), (.patientBirthDate, .DA),
    (.patientSex, .CS),
    (.studyID, .SH), (Tag(0x0020, 0x0020), .CS), (laterality, .CS),
  ]

  private static func padded(_ digits: String, to count: Int) -> String {
    String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }
}
