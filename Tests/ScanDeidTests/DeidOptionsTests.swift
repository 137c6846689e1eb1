import Foundation
import ScanDeid
import ScanModel
import TestSupport
import Testing

struct DeidOptionsTests {
  static let built = DeidOption.allCases.filter { ![.cleanPixelData, .cleanRecognizableVisualFeatures].contains($0) }

  @Test(arguments: built)
  func `an option keeps what its column keeps and cleans what it cleans`(option: DeidOption) throws {
    var dataset = Planted.instance()
    let planted = Planted.everyAttribute()
    for element in planted { dataset.set(element) }
    let clean = try Planted.clean(dataset, [option]).dataset
    var kept = 0
    for (index, element) in planted.enumerated() {
      let row = try #require(ConfidentialityTable.row(for: element.tag))
      switch row.options[option] {
      case .keep where element.vr != .SQ:
        #expect(clean[element.tag] == element, "\(element.tag) is kept")
        kept += 1
      case .keep:
        #expect(clean[element.tag]?.items?.count == 1, "\(element.tag) is kept")
      case .clean where element.vr == .DA || element.vr == .DT:
        #expect(clean[element.tag] != element && clean[element.tag]?.isEmpty == false, "\(element.tag) is shifted")
      case .clean where element.vr != .TM:
        #expect(Planted.occurrences(of: Planted.token(index + 1), in: clean) == 0, "\(element.tag) is cleaned")
      default: break
      }
    }
    let expected = planted.count { ConfidentialityTable.row(for: $0.tag)?.options[option] == .keep && $0.vr != .SQ }
    #expect(kept == expected)
    // The others fare as under the Basic Profile.
    let basic = try Planted.clean(dataset).dataset
    for element in planted where ConfidentialityTable.row(for: element.tag)?.options[option] == nil && element.vr != .SQ {
      if option == .retainUIDs, element.vr == .UI { continue }
      #expect(clean[element.tag] == basic[element.tag], "\(element.tag)")
    }
  }

  @Test func `all options combine`() throws {
    let options = Set(DeidOptionsTests.built).subtracting([.retainLongitudinalFullDates])
    var dataset = Planted.patient()
    dataset.set(Tag(0x0018, 0x1203), .DT, text: "20190110120000")
    let clean = try Planted.clean(dataset, options).dataset
    #expect(clean.text(.studyInstanceUID) == dataset.text(.studyInstanceUID))
    #expect(clean.text(.patientAge) == "058Y")
    #expect(clean.text(.institutionName) == "Quuxville Infirmary")
    #expect(clean.text(.studyDescription) == "CT CHEST")
    // Where one option keeps (device) and another cleans (modified dates), cleaning decides.
    #expect(clean.text(Tag(0x0018, 0x1203)) != "20190110120000")
    #expect(Planted.occurrences(of: "Quarlsborough", in: clean) == 0)
  }

  @Test func `what an option keeps stays where another attribute repeats it`() throws {
    var dataset = Planted.patient()
    dataset.set(Tag(0x0018, 0x1200), .DA, text: "20200229")
    dataset.set(Tag(0x0040, 0xA124), .UI, text: try #require(dataset.text(.studyInstanceUID)))
    dataset.set(Tag(0x0032, 0x1033), .LO, text: "Quuxville Infirmary")
    let clean = try Planted.clean(dataset, [.retainDeviceIdentity, .retainUIDs, .retainInstitutionIdentity]).dataset
    #expect(clean.text(Tag(0x0018, 0x1200)) == "20200229")
    #expect(clean.text(.studyDate) == nil)
    #expect(clean.text(.studyInstanceUID) == dataset.text(.studyInstanceUID))
    #expect(clean.text(.institutionName) == "Quuxville Infirmary")
    #expect(clean[Tag(0x0032, 0x1033)] == nil)
  }

  @Test func `modified dates keep every interval of a patient`() throws {
    var item = Dataset()
    item.set(.acquisitionDate, .DA, text: "20200301")
    var dataset = Planted.patient()
    dataset.set(Tag(0x0008, 0x002A), .DT, text: "20200229101112.500+0100")
    dataset.set(Tag(0x0018, 0x9477), sequence: [item])
    let clean = try Planted.clean(dataset, [.retainLongitudinalModifiedDates])
    let days = Planted.key.dateShiftDays(of: clean.patient)
    #expect((-3652 ... -365).contains(days))
    let study = try #require(clean.dataset.text(.studyDate))
    #expect(try distance("20200229", study) == days)
    #expect(clean.dataset.text(.studyTime) == "101112.5")
    #expect(clean.dataset.text(Tag(0x0008, 0x002A)) == study + "101112.500+0100")
    let inner = try #require(clean.dataset.items(Tag(0x0018, 0x9477)).first?.text(.acquisitionDate))
    #expect(try distance(study, inner) == 1)
    // The same patient in another file, another patient otherwise.
    let again = try Planted.clean(Planted.patient(instance: 2), [.retainLongitudinalModifiedDates])
    #expect(again.dataset.text(.studyDate) == study)
    let other = try Planted.clean(Planted.patient("FAKE-2"), [.retainLongitudinalModifiedDates])
    #expect(other.dataset.text(.studyDate) != study)
    #expect(clean.dataset.text(.patientBirthDate) == nil)
  }

  @Test func `a value that is no date is not kept by shifting`() throws {
    var dataset = Planted.patient()
    dataset.set(.studyDate, .DA, text: "zqnodate")
    dataset.set(.studyTime, .TM, text: "zq at noon")
    dataset.set(Tag(0x0008, 0x002A), .DT, text: "2020zqx")
    let clean = try Planted.clean(dataset, [.retainLongitudinalModifiedDates]).dataset
    #expect(Planted.occurrences(of: "zq", in: clean) == 0)
  }

  @Test(arguments: [
    ("CT HEAD Quibble 5mm axial W/O", "CT HEAD 5mm axial W/O"), ("T2 flair sag, Dr. Zyx 12/05/1970", "T2 flair sag"),
    ("tse_t1_cor p2 4711", "tse t1 cor"),
    ("1970", ""), ("slice 3 mm", "slice 3 mm"), ("555 1234", ""), ("ABD/PELVIS 3x3", "PELVIS 3x3"),
  ])
  func `clean descriptors keeps known words alone`(text: String, expected: String) throws {
    var dataset = Planted.instance()
    dataset.set(.seriesDescription, .LO, text: text)
    let clean = try Planted.clean(dataset, [.cleanDescriptors]).dataset
    #expect(clean.text(.seriesDescription) ?? "" == expected)
  }

  @Test(arguments: [
    "Distance", "Mean CTDIvol", "millimeter", "Lung structure", "Finding Site", "Length", "Diagnostic imaging report", "Source of Measurement",
    "Tracking Identifier", "CT Dose Length Product Total", "Observer Type", "Procedure reported", "Derivation", "Imaging Measurements",
  ])
  func `clean structured content keeps the meanings of published codes`(meaning: String) throws {
    var concept = Dataset()
    concept.set(.codeValue, .SH, text: "121206")
    concept.set(.codingSchemeDesignator, .SH, text: "DCM")
    concept.set(.codeMeaning, .LO, text: meaning)
    var item = Dataset()
    item.set(Tag(0x0040, 0xA043), sequence: [concept])
    var dataset = Planted.instance(sopClass: "1.2.840.10008.5.1.4.1.1.88.11", modality: "SR")
    dataset.set(Tag(0x0040, 0xA730), sequence: [item])
    let cleaned = try #require(try Planted.clean(dataset, [.cleanStructuredContent]).dataset.items(Tag(0x0040, 0xA730)).first)
    #expect(cleaned.items(Tag(0x0040, 0xA043)).first?.text(.codeMeaning) == meaning)
  }

  @Test func `clean structured content keeps codes of published schemes and numbers`() throws {
    var concept = Dataset()
    concept.set(.codeValue, .SH, text: "121071")
    concept.set(.codingSchemeDesignator, .SH, text: "DCM")
    concept.set(.codeMeaning, .LO, text: "Finding of Quibble")
    var local = concept
    local.set(.codingSchemeDesignator, .SH, text: "99QUIBBLE")
    var item = Dataset()
    item.set(Tag(0x0040, 0xA040), .CS, text: "TEXT")
    item.set(Tag(0x0040, 0xA043), sequence: [concept])
    item.set(Tag(0x0040, 0xA168), sequence: [local])
    item.set(Tag(0x0040, 0xA160), .UT, text: "Nodule of the left lung, says Quibble")
    item.set(Tag(0x0040, 0xA30A), .DS, text: "12.5")
    item.set(Tag(0x0040, 0xA123), .PN, text: "Quibble^Q")
    var dataset = Planted.instance(sopClass: "1.2.840.10008.5.1.4.1.1.88.11", modality: "SR")
    dataset.set(Tag(0x0040, 0xA730), sequence: [item])
    let cleaned = try #require(try Planted.clean(dataset, [.cleanStructuredContent]).dataset.items(Tag(0x0040, 0xA730)).first)
    #expect(cleaned.items(Tag(0x0040, 0xA043)).first?.text(.codeValue) == "121071")
    #expect(cleaned.items(Tag(0x0040, 0xA168)).first?.text(.codeValue) == "ANONYMIZED")
    #expect(cleaned.text(Tag(0x0040, 0xA160)) == "Nodule of left lung")
    #expect(cleaned.text(Tag(0x0040, 0xA30A)) == "12.5")
    let basic = try #require(try Planted.clean(dataset).dataset.items(Tag(0x0040, 0xA730)).first)
    #expect(basic.text(Tag(0x0040, 0xA160)) == "ANONYMIZED")
    #expect(basic.text(Tag(0x0040, 0xA040)) == "TEXT")
    for result in [cleaned, basic] { #expect(Planted.occurrences(of: "quibble", in: result) == 0) }
  }

  @Test func `a code that becomes a dummy keeps its version as the table says`() throws {
    var code = Dataset()
    code.set(.codeValue, .SH, text: "QX17")
    code.set(.codingSchemeDesignator, .SH, text: "99QUUX")
    code.set(.codeMeaning, .LO, text: "Quux room")
    code.set(Tag(0x0008, 0x0106), .DT, text: "20190704")
    code.set(Tag(0x0008, 0x0117), .UI, text: "1.2.840.10008.6.1.1")
    code.set(Tag(0x0008, 0x0121), sequence: [code])
    var dataset = Planted.patient()
    // Anatomic Region Sequence inside Content Sequence, which D replaces.
    var item = Dataset()
    item.set(Tag(0x0008, 0x2218), sequence: [code])
    dataset.set(Tag(0x0040, 0xA730), sequence: [item])
    let clean = try Planted.clean(dataset).dataset
    let kept = try #require(clean.items(Tag(0x0040, 0xA730)).first?.items(Tag(0x0008, 0x2218)).first)
    #expect(kept.text(.codeValue) == "ANONYMIZED")
    #expect(kept.text(Tag(0x0008, 0x0106)) == "19000101000000")
    #expect(kept.text(Tag(0x0008, 0x0117)) == "1.2.840.10008.6.1.1")
    #expect(kept.items(Tag(0x0008, 0x0121)).first?.text(.codeValue) == "ANONYMIZED")
    #expect(Planted.occurrences(of: "quux", in: clean) == 0)
    let full = try Planted.clean(dataset, [.retainLongitudinalFullDates]).dataset
    #expect(full.items(Tag(0x0040, 0xA730)).first?.items(Tag(0x0008, 0x2218)).first?.text(Tag(0x0008, 0x0106)) == "20190704")
  }

  @Test func `a UID that goes may be the root of one that stays`() throws {
    var dataset = Planted.patient()
    var item = Dataset()
    // UID (0040,A124) has no K under Retain UIDs.
    item.set(Tag(0x0040, 0xA124), .UI, text: "1.3.6.1.4.1.99999.1.9.2")
    dataset.set(.seriesInstanceUID, .UI, text: "1.3.6.1.4.1.99999.1.9.3")
    dataset.set(Tag(0x0040, 0xA730), sequence: [item])
    let clean = try Planted.clean(dataset, [.retainUIDs, .cleanStructuredContent]).dataset
    #expect(clean.text(.sopInstanceUID) == dataset.text(.sopInstanceUID))
    #expect(clean.items(Tag(0x0040, 0xA730)).first?.text(Tag(0x0040, 0xA124))?.hasPrefix("2.25.") == true)
  }

  @Test func `clean graphics keeps lines without their text and regions without their names`() throws {
    var object = Dataset()
    object.set(Element(Tag(0x0070, 0x0022), .FL, .bytes([1, 2, 3, 4])))
    var text = Dataset()
    text.set(Tag(0x0070, 0x0006), .ST, text: "zqhidden")
    var annotation = Dataset()
    annotation.set(Tag(0x0070, 0x0009), sequence: [object])
    annotation.set(Tag(0x0070, 0x0008), sequence: [text])
    var dataset = Planted.instance()
    dataset.set(Tag(0x0070, 0x0001), sequence: [annotation])
    for (group, type) in [(UInt16(0x6000), "R"), (0x6002, "G"), (0x6004, "R")] {
      dataset.set(Tag(group, 0x0010), us: 2)
      dataset.set(Tag(group, 0x0040), .CS, text: type)
      dataset.set(Tag(group, 0x0022), .LO, text: "zqhidden")
      dataset.set(Element(Tag(group, 0x3000), .OW, .bytes([15, 0])))
    }
    // Bits that are a text.
    dataset.set(Element(Tag(0x6004, 0x3000), .OW, .bytes(Array("zqhidden".utf8))))
    let clean = try Planted.clean(dataset, [.cleanGraphics]).dataset
    #expect(Planted.occurrences(of: "zq", in: clean) == 0)
    let kept = try #require(clean.items(Tag(0x0070, 0x0001)).first)
    #expect(kept.items(Tag(0x0070, 0x0009)).first == object)
    #expect(clean[Tag(0x6000, 0x3000)] != nil)
    #expect(clean[Tag(0x6002, 0x3000)] == nil)
    #expect(clean[Tag(0x6004, 0x3000)] == nil && clean[Tag(0x6004, 0x0010)] == nil)
    let basic = try Planted.clean(dataset).dataset
    #expect(basic[Tag(0x6000, 0x3000)] == nil)
    #expect(basic.items(Tag(0x0070, 0x0001)).first?.items(Tag(0x0070, 0x0009)).first?[Tag(0x0070, 0x0022)]?.bytes == [0, 0, 0, 0])
  }

  @Test func `safe private attributes stay with their creator, in any block`() throws {
    var dataset = Planted.instance()
    dataset.set(Tag(0x0019, 0x0011), .LO, text: "GEMS_ACQU_01")
    dataset.set(Tag(0x0019, 0x1123), .DS, text: "2.5")
    dataset.set(Tag(0x0019, 0x1199), .LO, text: "zqhidden")
    dataset.set(Tag(0x0019, 0x0012), .LO, text: "zqhidden")
    dataset.set(Tag(0x0019, 0x1223), .DS, text: "2.5")
    let clean = try Planted.clean(dataset, [.retainSafePrivate]).dataset
    #expect(clean.elements.filter { $0.tag.isPrivate }.map(\.tag) == [Tag(0x0019, 0x0011), Tag(0x0019, 0x1123)])
    #expect(Planted.occurrences(of: "zq", in: clean) == 0)
  }

  @Test func `the conformance statement lists every option with what it does`() throws {
    let text = try String(contentsOf: TestData.root.appendingPathComponent("docs/deidentification.md"), encoding: .utf8)
    for option in DeidOption.allCases {
      #expect(text.contains("| `\(option.rawValue)` | \(option.codeValue) | \(option.describeActions()) |"), "\(option.rawValue)")
    }
  }

  private func distance(_ a: String, _ b: String) throws -> Int {
    let formatter = DateFormatter()
    formatter.dateFormat = "yyyyMMdd"
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.locale = Locale(identifier: "en_US_POSIX")
    let (first, second) = (try #require(formatter.date(from: a)), try #require(formatter.date(from: b)))
    return Int((second.timeIntervalSince(first) / 86_400).rounded())
  }
}
