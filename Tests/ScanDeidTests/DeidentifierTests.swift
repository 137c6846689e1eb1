import Diagnostics
import ScanDeid
import ScanModel
import Testing

struct DeidentifierTests {
  @Test func `UIDs map alike everywhere and in every file of a key`() throws {
    var first = Planted.patient(instance: 1)
    var second = Planted.patient(instance: 2)
    var reference = Dataset()
    reference.set(.referencedSOPClassUID, .UI, text: UID.ctImageStorage)
    reference.set(.referencedSOPInstanceUID, .UI, text: try #require(first.text(.sopInstanceUID)))
    second.set(.sourceImageSequence, sequence: [reference])
    first.set(Tag(0x0008, 0x1199), sequence: [reference])
    let (a, b) = (try Planted.clean(first).dataset, try Planted.clean(second).dataset)
    #expect(a.text(.studyInstanceUID) == b.text(.studyInstanceUID))
    #expect(a.text(.sopInstanceUID) != b.text(.sopInstanceUID))
    #expect(b.items(.sourceImageSequence)[0].text(.referencedSOPInstanceUID) == a.text(.sopInstanceUID))
    #expect(a.items(Tag(0x0008, 0x1199))[0].text(.referencedSOPInstanceUID) == a.text(.sopInstanceUID))
    #expect(b.items(.sourceImageSequence)[0].text(.referencedSOPClassUID) == UID.ctImageStorage)
    #expect(a.text(.sopClassUID) == UID.ctImageStorage)
  }

  @Test func `one patient has one pseudonym, another another`() throws {
    let a = try Planted.clean(Planted.patient("FAKE-1", name: "Quarlsborough^Zinnia"))
    let b = try Planted.clean(Planted.patient(" FAKE-1 ", name: "QUARLSBOROUGH^Z"))
    let c = try Planted.clean(Planted.patient("FAKE-2", name: "Quarlsborough^Zinnia"))
    #expect(a.patient == b.patient)
    #expect(a.patient != c.patient)
    #expect(a.dataset.text(.patientID) == a.patient.text)
    #expect(a.dataset.text(.patientName) == a.patient.text)
  }

  @Test func `patients without an id are told apart by name, then by study`() throws {
    func patient(_ name: String, _ study: String) throws -> Pseudonym {
      var dataset = Planted.patient("", name: name)
      dataset.set(.studyInstanceUID, .UI, text: study)
      return try Planted.clean(dataset).patient
    }
    #expect(try patient("Quarlsborough^Zinnia", "1.9.1") == patient("Quarlsborough^Zinnia", "1.9.2"))
    #expect(try patient("Quarlsborough^Zinnia", "1.9.1") != patient("Quarlsborough^Zeno", "1.9.1"))
    #expect(try patient("^^^^", "1.9.1") != patient("^^^^", "1.9.2"))
    // However it is written.
    for name in ["QUARLSBOROUGH^ZINNIA", "Quarlsborough^Zinnia^^^", " Quarlsborough ^Zinnia^ =", "Quarlsborough^Zinnia=="] {
      #expect(try patient(name, "1.9.3") == patient("Quarlsborough^Zinnia", "1.9.1"), "\(name)")
    }
    func patient(_ set: String, _ name: [UInt8]) throws -> Pseudonym {
      var dataset = Planted.patient("", name: "")
      dataset.set(.specificCharacterSet, .CS, text: set)
      dataset.set(Element(.patientName, .PN, .bytes(Element.padded(name, .PN))))
      return try Planted.clean(dataset).patient
    }
    let umlaut = try patient("ISO_IR 192", Array("Gr\u{FC}n^Ute".utf8))
    #expect(try patient("ISO_IR 100", [0x47, 0x72, 0xFC, 0x6E] + Array("^UTE".utf8)) == umlaut)
    #expect(try patient("ISO_IR 192", Array("Gru\u{308}n^Ute".utf8)) == umlaut)
    #expect(try patient("ISO_IR 192", Array("Grun^Ute".utf8)) != umlaut)
    #expect(try patient("", "1.9.1") == patient("", "1.9.1"))
  }

  @Test func `the same key gives the same result, another key another`() throws {
    let dataset = Planted.patient()
    #expect(try Planted.clean(dataset).dataset == Planted.clean(dataset).dataset)
    let other = try Planted.clean(dataset, key: Planted.otherKey)
    #expect(try Planted.clean(dataset).patient != other.patient)
    #expect(try Planted.clean(dataset).dataset.text(.studyInstanceUID) != other.dataset.text(.studyInstanceUID))
  }

  @Test func `a second pass removes nothing more and keeps one mark`() throws {
    let once = try Planted.clean(Planted.patient()).dataset
    let twice = try Planted.clean(once).dataset
    #expect(once.elements.map(\.tag) == twice.elements.map(\.tag))
    let keyed: Set<Tag> = [.patientID, .patientName, .sopInstanceUID, .studyInstanceUID, .seriesInstanceUID, .frameOfReferenceUID]
    for element in once.elements where !keyed.contains(element.tag) { #expect(twice[element.tag] == element, "\(element.tag)") }
  }

  @Test func `markers say what was done`() throws {
    let options: Set<DeidOption> = [.retainPatientCharacteristics, .cleanDescriptors, .retainLongitudinalModifiedDates]
    let clean = try Planted.clean(Planted.patient(), options).dataset
    #expect(clean.text(.patientIdentityRemoved) == "YES")
    let codes = clean.items(.deidentificationMethodCodeSequence).map { $0.text(.codeValue) }
    #expect(codes == ["113100", "113105", "113107", "113108"])
    #expect(clean.text(.longitudinalTemporalInformationModified) == "MODIFIED")
    #expect(clean[.burnedInAnnotation] == nil)
    let equipment = try #require(clean.items(.contributingEquipmentSequence).first)
    #expect(equipment.items(.purposeOfReferenceCodeSequence).first?.text(.codeValue) == "109104")
    #expect(try Planted.clean(Planted.patient()).dataset.text(.longitudinalTemporalInformationModified) == "REMOVED")
    #expect(
      try Planted.clean(Planted.patient(), [.retainLongitudinalFullDates]).dataset.text(.longitudinalTemporalInformationModified)
        == "UNMODIFIED")
  }

  @Test func `every option writes its own code of CID 7050`() throws {
    for option in DeidOption.allCases where ![.cleanPixelData, .cleanRecognizableVisualFeatures].contains(option) {
      let codes = try Planted.clean(Planted.patient(), [option]).dataset.items(.deidentificationMethodCodeSequence).map {
        $0.text(.codeValue)
      }
      #expect(codes == ["113100", option.codeValue])
    }
    #expect(Set(DeidOption.allCases.map(\.codeValue)) == Set((113_101...113_112).map(String.init)))
  }

  @Test func `pixel data stays bit for bit, native and encapsulated`() throws {
    var dataset = Planted.patient()
    let fragments = Element(.pixelData, .OB, .fragments([[], [0xFF, 0xD8, 1, 2, 3, 4, 0xFF, 0xD9]]))
    dataset.set(fragments)
    #expect(try Planted.clean(dataset).dataset[.pixelData] == fragments)
  }

  @Test func `an identifier inside the codestream stops the release`() throws {
    var dataset = Planted.patient()
    dataset.set(Element(.pixelData, .OB, .fragments([[], Array("....Quarlsborough....".utf8)])))
    let scan = Planted.scan(dataset)
    let deidentifier = try Deidentifier(key: Planted.key)
    #expect(throws: DeidError.identifiersRemain(1)) { try deidentifier.clean(scan) }
    let error = DeidError.identifiersRemain(1)
    #expect(
      error.description == "the result still held 1 of the identifiers of its input, so it was not released. Look at the file by hand: its "
        + "pixels or kept values repeat a name, number or UID.")
  }

  @Test func `the self-check finds what it is asked for, and only that`() throws {
    let raw = Planted.scan(Planted.patient())
    let deidentifier = try Deidentifier(key: Planted.key)
    let check = SelfCheck(of: raw, with: deidentifier)
    #expect(check.leaks(in: ExplicitStream.encode(raw.dataset)) >= 8)
    #expect(check.leaks(in: try deidentifier.clean(raw)) == 0)
    #expect(check.leaks(in: Array("nothing of anybody, CT CHEST 2.5 mm".utf8)) == 0)
    #expect(check.leaks(in: Array("xx quarlsBorough xx".utf8)) == 1)
  }

  @Test func `options that are not built or contradict are refused`() {
    #expect(throws: DeidError.notBuilt(.cleanPixelData)) { try Deidentifier(options: [.cleanPixelData], key: Planted.key) }
    #expect(throws: DeidError.contradiction(.retainLongitudinalFullDates, .retainLongitudinalModifiedDates)) {
      try Deidentifier(options: [.retainLongitudinalFullDates, .retainLongitudinalModifiedDates], key: Planted.key)
    }
    #expect(throws: DeidError.unknownOption("keepEverything")) {
      try Deidentifier(profile: "basic", options: ["keepEverything"], key: Planted.key)
    }
    #expect(DeidError.notBuilt(.cleanPixelData).kind == .request)
  }

  @Test func `a DICOM directory is no image`() throws {
    let directory = Planted.scan(Planted.instance(sopClass: "1.2.840.10008.1.3.10"))
    #expect(throws: DeidError.directory) { try Deidentifier(key: Planted.key).clean(directory) }
  }

  @Test func `TIFF and PNG carry pixels alone`() throws {
    let pixels = PixelBuffer(rows: 1, columns: 2, bitsAllocated: 8, words: [1, 2])
    var named = Dataset()
    named.set(.patientName, .PN, text: "Quarlsborough^Zinnia")
    let raw = RawScan(source: Redacted("Quarlsborough.tif"), format: .tiff, dataset: named, pixels: pixels, spacingMillimeters: [1, 2])
    let deidentifier = try Deidentifier(key: Planted.key)
    let clean = try deidentifier.clean(raw)
    #expect(clean.dataset.isEmpty)
    #expect(clean.pixels == pixels)
    #expect(clean.spacingMillimeters == [1, 2])
    #expect(try deidentifier.clean(raw, subject: "someone").patient == Planted.key.pseudonym(of: "someone"))
    #expect(try deidentifier.clean(raw).patient == clean.patient)
    var other = raw
    other.pixels?.words = [1, 3]
    #expect(try deidentifier.clean(other).patient != clean.patient)
  }

  @Test func `risky pixels are named`() throws {
    var ultrasound = Planted.instance(sopClass: "1.2.840.10008.5.1.4.1.1.6.1", modality: "US")
    #expect(try Planted.clean(ultrasound).record.risks == ["burnedIn"])
    ultrasound.set(.burnedInAnnotation, .CS, text: "NO")
    #expect(try Planted.clean(ultrasound).record.risks == ["burnedIn"])
    var head = Planted.instance()
    #expect(try Planted.clean(head).record.risks == [])
    head.set(.bodyPartExamined, .CS, text: "HEAD")
    let clean = try Planted.clean(head)
    #expect(clean.record.risks == ["face"])
    #expect(clean.dataset.text(.recognizableVisualFeatures) == "YES")
    head.set(Tag(0x6000, 0x0010), us: 2)
    #expect(try Planted.clean(head).record.risks == ["face", "overlayBits"])
  }

  @Test func `the mapping knows old and new`() throws {
    let mapping = IdentifierMapping()
    let deidentifier = try Deidentifier(key: Planted.key)
    let clean = try deidentifier.clean(Planted.scan(Planted.patient()), mapping: mapping)
    #expect(mapping.patientCSV == "id_old,id_new\nFAKE-4711,\(clean.patient.text)\n")
    #expect(mapping.uidCSV.contains("1.3.6.1.4.1.99999.1.9,\(try #require(clean.dataset.text(.studyInstanceUID)))\n"))
    #expect(mapping.uidCSV.split(separator: "\n").count == 5)
  }
}
