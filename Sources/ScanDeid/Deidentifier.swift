import Crypto
import Foundation
package import ScanModel

/// Makes `CleanScan`s: the Basic Application Level Confidentiality Profile of PS3.15 annex E, with its options.
///
/// Safe to use from many threads at once; the same key, options and input give the same result.
package struct Deidentifier: Sendable {
  package enum Profile: String, Sendable, CaseIterable {
    case basic
  }

  /// Edition of PS3.15 Table E.1-1.
  package static var edition: String { ConfidentialityTable.edition }

  package let profile: Profile
  package let options: Set<DeidOption>
  package let key: PseudonymKey
  let actions: ProfileActions
  private let types = TypeCache()

  /// - Throws: `DeidError` for options that are not built yet or that contradict each other.
  package init(profile: Profile = .basic, options: Set<DeidOption> = [], key: PseudonymKey) throws(DeidError) {
    for option in [DeidOption.cleanPixelData, .cleanRecognizableVisualFeatures] where options.contains(option) { throw .notBuilt(option) }
    if options.isSuperset(of: [.retainLongitudinalFullDates, .retainLongitudinalModifiedDates]) {
      throw .contradiction(.retainLongitudinalFullDates, .retainLongitudinalModifiedDates)
    }
    self.profile = profile
    self.options = options
    self.key = key
    actions = ProfileActions(options: options)
  }

  /// From names as on the command line.
  package init(profile: String, options: [String], key: PseudonymKey) throws(DeidError) {
    guard let known = Profile(rawValue: profile) else { throw .unknownProfile(profile) }
    var chosen: Set<DeidOption> = []
    for name in options {
      guard let option = DeidOption(rawValue: name) else { throw .unknownOption(name) }
      chosen.insert(option)
    }
    try self.init(profile: known, options: chosen, key: key)
  }

  /// De-identifies one object. Samples stay as they are; texts inside compressed pixel data are overwritten.
  ///
  /// - Parameters:
  ///   - subject: whose image it is, when the caller knows better than the file; for TIFF and PNG, which name nobody. Without it a TIFF or PNG is
  ///     its own subject, by content.
  ///   - mapping: takes note of old and new identifiers.
  /// - Throws: `DeidError.directory`, `DeidError.identifiersRemain`: nothing of the object may be released then.
  package func clean(_ raw: RawScan, subject: String? = nil, mapping: IdentifierMapping? = nil) throws(DeidError) -> CleanScan {
    switch raw.format {
    case .dicom: try cleanDICOM(raw, subject: subject, mapping: mapping)
    case .tiff, .png: cleanPixels(raw, subject: subject, mapping: mapping)
    }
  }

  private func cleanDICOM(_ raw: RawScan, subject: String?, mapping: IdentifierMapping?) throws(DeidError) -> CleanScan {
    guard raw.dataset.text(.sopClassUID) != "1.2.840.10008.1.3.10" else { throw .directory }
    let identified = UnknownVR.resolved(raw.dataset)
    let identity = subject ?? Deidentifier.identity(of: identified)
    let patient = key.pseudonym(of: identity)
    if let subject { mapping?.addPatient(subject, patient.text) }
    let identifiers = IdentifierSet(in: identified, actions: actions)
    var cleaner = DatasetCleaner(
      actions: actions, key: key, patient: patient, patientName: DatasetCleaner.trimmed(identified[.patientName]?.bytes ?? []),
      identifiers: identifiers, mapping: mapping)
    var dataset = cleaner.clean(identified, types: types.tree(for: identified))
    var counts = cleaner.counts
    let pixels = try PixelText.remove(from: &dataset, transferSyntaxUID: raw.transferSyntaxUID)
    counts.merge(pixels.counts) { $0 + $1 }
    let warnings = raw.warnings + pixels.warnings.filter { !raw.warnings.contains($0) }
    let instance = dataset.text(.sopInstanceUID) ?? key.contentUID(Deidentifier.digest(raw))
    // A file without its own name gets one: no DICOM file can be without.
    dataset.set(.sopInstanceUID, .UI, text: instance)
    let risks = PixelRisk.assess(identified)
    DeidMarkers.write(into: &dataset, options: options, showsFace: risks.contains(.face))
    let clean = CleanScan(
      format: .dicom, dataset: dataset, transferSyntaxUID: raw.transferSyntaxUID, pixels: raw.pixels, photometric: raw.photometric,
      spacingMillimeters: raw.spacingMillimeters, warnings: warnings, patient: patient,
      instance: instance, record: record(counts: counts, risks: risks))
    let remaining = SelfCheck(
      identifiers: identifiers, options: options, wasBigEndian: raw.fileTransferSyntaxUID == UID.explicitVRBigEndian
    ).leaks(in: clean)
    guard remaining == 0 else { throw .identifiersRemain(remaining) }
    return clean
  }

  /// TIFF and PNG have no profile: pixels and structural facts pass, and no text can, since none is carried on.
  private func cleanPixels(_ raw: RawScan, subject: String?, mapping: IdentifierMapping?) -> CleanScan {
    let instance = key.contentUID(Deidentifier.digest(raw))
    let patient = key.pseudonym(of: subject ?? "content:" + instance)
    if let subject { mapping?.addPatient(subject, patient.text) }
    return CleanScan(
      format: raw.format, dataset: Dataset(), transferSyntaxUID: raw.transferSyntaxUID, pixels: raw.pixels, photometric: raw.photometric,
      spacingMillimeters: raw.spacingMillimeters, warnings: raw.warnings, patient: patient, instance: instance,
      record: record(counts: [:], risks: []))
  }

  private func record(counts: [String: Int], risks: [PixelRisk]) -> DeidentificationRecord {
    DeidentificationRecord(
      edition: ConfidentialityTable.edition, options: ([profile.rawValue] + options.map(\.rawValue)).sorted(), counts: counts,
      risks: risks.map(\.rawValue).sorted())
  }

  /// What tells patients apart: Patient ID; without one the name and birth date; without these the study, then the instance.
  static func identity(of dataset: Dataset) -> String {
    if let id = dataset.text(.patientID) { return id }
    // A name of signs alone (`^^^^`) is nobody's.
    if let name = dataset.text(.patientName), name.unicodeScalars.contains(where: { $0.value > 0x7F || $0.properties.isAlphabetic }) {
      return "name:\(name)\0\(dataset.text(.patientBirthDate) ?? "")"
    }
    if let study = dataset.text(.studyInstanceUID) { return "study:" + study }
    return "instance:" + (dataset.text(.sopInstanceUID) ?? "")
  }

  private static func digest(_ raw: RawScan) -> SHA256.Digest {
    var hash = SHA256()
    if let pixels = raw.pixels {
      let shape = [pixels.rows, pixels.columns, pixels.frames, pixels.samplesPerPixel, pixels.bitsAllocated]
      hash.update(data: Array("\(shape)".utf8))
      hash.update(data: pixels.words)
    } else {
      hash.update(data: ExplicitStream.encode(raw.dataset))
    }
    return hash.finalize()
  }
}

/// Type trees by the kind of instance; a batch has few kinds.
private final class TypeCache: Sendable {
  private let lock = NSLock()
  private nonisolated(unsafe) var trees: [AttributeTypes.Key: AttributeTypes.Node] = [:]

  func tree(for dataset: Dataset) -> AttributeTypes.Node {
    guard let key = AttributeTypes.key(for: dataset) else { return .none }
    if let tree = lock.withLock({ trees[key] }) { return tree }
    let tree = AttributeTypes.tree(for: key)
    lock.withLock { trees[key] = tree }
    return tree
  }
}
