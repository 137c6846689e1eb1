import Foundation
import ScanDeid
import ScanIO
import ScanModel
import TestSupport
import Testing

@Suite struct WriterDICOMTests {
  static func synthetic(label: String? = "nodule") -> SyntheticScan {
    SyntheticScan(
      pixels: SamplePixels.grey(bits: 16, isSigned: true), label: label.flatMap(Label.init),
      spacingMillimeters: SpacingMillimeters(row: 0.7, column: 0.8),
      modality: "CT", window: WindowSetting(center: 40, width: 80), derivation: "cgan 0123456789abcdef, seed 7, image 3")
  }

  @Test func `a synthetic object declares itself and has no patient`() throws {
    let scan = WriterDICOMTests.synthetic()
    let file = try DICOMWriter.encode(scan, identifiers: SyntheticIdentifiers(run: [1, 2, 3], index: 3))
    let report = try Prescan.scan(file)
    #expect(report.transferSyntaxUID == UID.explicitVRLittleEndian && report.warnings.isEmpty)
    let dataset = try WriterDICOMTests.dataset(of: file)
    #expect(dataset.text(.syntheticData) == "YES")
    #expect(dataset.texts(.imageType) == ["DERIVED", "SECONDARY"])
    #expect(dataset.text(.conversionType) == "SYN")
    #expect(dataset.text(.patientID)?.hasPrefix("SYN") == true)
    #expect(dataset.text(.sopClassUID) == UID.secondaryCaptureImageStorage)
    #expect(dataset[.sourceImageSequence] == nil)
    let equipment = try #require(dataset.items(.contributingEquipmentSequence).first)
    #expect(equipment.items(.purposeOfReferenceCodeSequence).first?.text(.codeValue) == "109100")
    #expect(dataset.numbers(.pixelSpacing) == [0.7, 0.8])
    #expect(dataset.number(.windowCenter) == 40 && dataset.number(.windowWidth) == 80)
    #expect(dataset[.pixelData]?.bytes == scan.pixels.words)
    #expect(dataset.integer(.pixelRepresentation) == 1)
    #expect(dataset.text(.imageComments)?.contains("For research, not for diagnosis.") == true)
    for tag in [Tag.patientBirthDate, .patientSex, .studyDate, .referringPhysicianName, .accessionNumber] {
      #expect(dataset[tag]?.isEmpty == true, "\(tag) is of Type 2: present and empty")
    }
  }

  @Test func `UIDs are fresh, equal for equal seeds, and grouped by run and label`() throws {
    func uids(_ run: [UInt8], _ index: Int, _ label: String) throws -> [String] {
      let file = try DICOMWriter.encode(WriterDICOMTests.synthetic(label: label), identifiers: SyntheticIdentifiers(run: run, index: index))
      let dataset = try WriterDICOMTests.dataset(of: file)
      return [Tag.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .patientID].compactMap { dataset.text($0) }
    }
    let first = try uids([1], 0, "cyst")
    #expect(first.count == 4 && Set(first).count == 4)
    #expect(first.prefix(3).allSatisfy { $0.hasPrefix("2.25.") && $0.utf8.count <= 64 })
    #expect(try uids([1], 0, "cyst") == first)
    let second = try uids([1], 1, "cyst")
    #expect(second[0] == first[0] && second[1] == first[1] && second[2] != first[2])
    for other in [try uids([2], 0, "cyst"), try uids([1], 0, "nodule")] { #expect(Set(other).isDisjoint(with: first)) }
  }

  private func told(_ attributes: [ScanAttribute: String]) throws -> Dataset {
    let scan = SyntheticScan(
      pixels: SamplePixels.grey(bits: 16), label: Label("cyst"), attributes: attributes, spacingMillimeters: nil, modality: "OT", window: nil,
      derivation: "test")
    let file = try DICOMWriter.encode(scan, identifiers: SyntheticIdentifiers(run: [1], index: 0))
    if let errors = try Verifier.errors(in: file) { #expect(errors == []) }
    return try WriterDICOMTests.dataset(of: file)
  }

  @Test func `what the generator was told stands in the object, and one patient has one of each`() throws {
    let woman = try told([.sex: "F", .ageBand: "040-049", .modality: "CT", .bodyPart: "CHEST"])
    #expect([Tag.patientSex, .patientAge, .modality, .bodyPartExamined].map { woman.text($0) } == ["F", "045Y", "CT", "CHEST"])
    #expect(woman.text(.imageComments)?.hasSuffix("Made to show modality CT, body_part CHEST, sex F, age_band 040-049.") == true)
    // The numbers of a model of several modalities are no Hounsfield units.
    #expect(woman[.rescaleSlope] == nil)
    let man = try told([.sex: "M", .ageBand: "040-049", .modality: "CT", .bodyPart: "CHEST"])
    for tag in [Tag.patientID, .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID] { #expect(woman.text(tag) != man.text(tag), "\(tag)") }
    let anyone = try told([:])
    #expect(anyone[.patientSex]?.isEmpty == true && anyone[.patientAge] == nil && anyone[.bodyPartExamined] == nil && anyone.text(.modality) == "OT")
  }

  @Test func `the file begins with an empty preamble and our own File Meta Information`() throws {
    let file = try DICOMWriter.encode(WriterDICOMTests.synthetic(), identifiers: SyntheticIdentifiers(run: [], index: 0))
    #expect(file[..<128].allSatisfy { $0 == 0 })
    let length = (0..<4).reduce(0) { $0 | Int(file[140 + $1]) << (8 * $1) }
    let meta = try ExplicitStream.decode(Array(file[144..<144 + length]))
    #expect(meta.text(Tag(0x0002, 0x0012)) == DICOMWriter.implementationClassUID)
    #expect(meta.text(Tag(0x0002, 0x0013)) == "SCANFORGE_1")
    #expect(meta.text(Tag(0x0002, 0x0002)) == UID.secondaryCaptureImageStorage)
  }

  @Test func `float pixels are refused`() {
    let scan = SyntheticScan(
      pixels: SamplePixels.grey(bits: 32, isFloat: true), label: nil, spacingMillimeters: nil, modality: "CT", window: nil, derivation: "")
    #expect(throws: ScanWriteError.unsupportedSamples(.dicom, bits: 32, isSigned: false, isFloat: true)) {
      try DICOMWriter.encode(scan, identifiers: SyntheticIdentifiers(run: [], index: 0))
    }
  }

  @Test func `derived UIDs spread over many roles without a repeat`() {
    let uids = DerivedUID(seed: [7])
    #expect(Set((0..<20_000).map { uids.uid("\($0)") }).count == 20_000)
  }

  /// The dataset behind the File Meta Information.
  static func dataset(of file: [UInt8]) throws -> Dataset {
    let length = (0..<4).reduce(0) { $0 | Int(file[140 + $1]) << (8 * $1) }
    return try ExplicitStream.decode(Array(file[(144 + length)...]))
  }
}

@Suite struct WriterConformanceTests {
  @Test(arguments: ["CT", "MR", "OT"]) func `dciodvfy finds no error in a synthetic object`(modality: String) throws {
    var scan = WriterDICOMTests.synthetic()
    scan = SyntheticScan(
      pixels: SamplePixels.grey(bits: 16), label: scan.label, spacingMillimeters: scan.spacingMillimeters, modality: modality,
      window: scan.window,
      derivation: scan.derivation)
    let file = try DICOMWriter.encode(scan, identifiers: SyntheticIdentifiers(run: [9], index: 0))
    if let errors = try Verifier.errors(in: file) { #expect(errors == []) }
  }
}

/// `dciodvfy` of dicom3tools, where it is installed.
enum Verifier {
  /// Lines that begin with "Error"; nil, and a printed line, without the tool.
  static func errors(in file: [UInt8]) throws -> [String]? {
    let tool = "/usr/bin/dciodvfy"
    guard FileManager.default.isExecutableFile(atPath: tool) else {
      print("SKIPPED: conformance of DICOM outputs: dciodvfy is not installed")
      return nil
    }
    let folder = try TestData.temporaryFolder("dciodvfy")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("object.dcm")
    try Data(file).write(to: path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = [path.path]
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // The tool's dictionary is older than Synthetic Data (0008,001C).
    return text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("Error") && !$0.contains("(0x0008,0x001c)") }
  }
}
