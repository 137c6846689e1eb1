import ScanDeid
import ScanModel
import Testing

/// Where names and numbers come from that text repeats: every text that goes is one. All of them are made up.
struct SourceTests {
  /// Software Versions, which the table leaves alone.
  static let keptText = Tag(0x0018, 0x1020)

  static let textRows: [Tag] = ConfidentialityTable.all.compactMap { coverage, row in
    guard case .tag(let tag) = coverage, ![0, 2, 4].contains(tag.group) else { return nil }
    return [VR.AE, .CS, .LO, .LT, .PN, .SH, .ST, .UC, .UR, .UT].contains(row.vr) ? tag : nil
  }.sorted { $0.packed < $1.packed }

  @Test func `the words of every text attribute of the table go from text that stays`() throws {
    #expect(SourceTests.textRows.count > 250)
    for tag in SourceTests.textRows {
      let vr = try #require(ConfidentialityTable.row(for: tag)?.vr)
      var dataset = Planted.instance()
      dataset.set(Element(tag, vr, .bytes(Element.padded(Array("Wieczorek 55129881".utf8), vr))))
      dataset.set(SourceTests.keptText, .LO, text: "v1 WIECZOREK 55129881 t2")
      let rest = try Planted.clean(dataset).dataset.text(SourceTests.keptText)
      #expect(rest.map { !$0.contains("WIECZOREK") && !$0.contains("55129881") } ?? false, "\(tag) \(vr): \(rest ?? "")")
    }
  }

  /// (attributes that go, text that stays, what is left of it)
  typealias Case = (sources: [Element], text: String, rest: String)

  static let unusual: [Case] = [
    ([creator("ACME"), element(0x0009_1001, .PN, "Wieczorek^Anna")], "v1 wieczorek", "v1"),
    ([creator("ACME"), element(0x0009_1001, .UN, "Wieczorek Anna")], "v1 Wieczorek", "v1"),
    ([creator("ACME Wieczorek")], "v1 Wieczorek", "v1"),
    (
      [creator("ACME"), Element(Tag(0x0009, 0x1001), .SQ, .sequence([Dataset([element(0x0018_1020, .LO, "Wieczorek")])]))], "v1 Wieczorek",
      "v1"
    ),
    ([element(0x0040_4034, .PN, "Wieczorek^Anna")], "v1 Wieczorek", "v1"),
    ([element(0x0018_0050, .LO, "Wieczorek ")], "v1 Wieczorek", "v1"),
    ([element(0x0012_FFEE, .LO, "Wieczorek")], "v1 Wieczorek", "v1"), ([element(0x6000_1500, .LO, "Wieczorek")], "v1 Wieczorek", "v1"),
    ([element(0x0010_2155, .LT, "anna.wieczorek@mail.example")], "v1 anna.wieczorek", "v1"),
    ([element(0x0008_0094, .SH, "wieczorek77@m.example")], "v1 Wieczorek", "v1"),
    ([element(0x0010_4000, .LT, "beck@m.example")], "v1 beck", "v1"),
    ([element(0x0010_4000, .LT, "call 089 555 1234 first")], "t2 0895551234", "t2"),
    ([element(0x0010_4000, .LT, "born 7.3.1951")], "b 1951-03-07", "b"),
    ([element(0x0010_0030, .LO, "07.03.1951")], "b 1951-03-07", "b"),
    ([element(0x0010_1040, .LO, "Lindenstrasse 12")], "v1 Lindenstr.", "v1 ."),
    ([element(0x0018_1030, .LO, "Wieczorek_knee")], "v1 Wieczorek", "v1"),
    ([element(0x0018_1030, .LO, "kontrolle B\u{E4}ckermeister")], "Baeckermeister", "ANONYMIZED"),
    (
      [
        Element(
          Tag(0x0040, 0x1101), .SQ, .sequence([Dataset([element(0x0008_0100, .SH, "8841290"), element(0x0008_0104, .LO, "Wieczorek")])]))
      ],
      "v1 Wieczorek 8841290", "v1"
    ),
  ]

  static let mixtures: [Case] = [
    ([element(0x0010_4000, .LT, "case AB12CD34")], "v1 ab-12-cd-34", "v1"), ([element(0x0010_4000, .LT, "room 4711A")], "t2 4711a", "t2"),
    ([element(0x0010_4000, .LT, "car 7H2X9 parked")], "t2 7h2x9", "t2"), ([element(0x0010_4000, .LT, "MRNQ4711 new")], "t2 mrnq4711", "t2"),
    ([element(0x0008_103E, .LO, "fl3d1r2t70 b1000")], "fl3d1r2t b1000", "fl3d1r2t b1000"),
    ([element(0x0008_103E, .LO, "TE0100 1000s")], "te0100 1000s", "te0100 1000s"),
  ]

  @Test(arguments: unusual + mixtures)
  func `a name is found wherever it stood`(example: Case) throws {
    var dataset = Planted.instance()
    for element in example.sources { dataset.set(element) }
    dataset.set(SourceTests.keptText, .LO, text: example.text)
    #expect(try Planted.clean(dataset, [.retainSafePrivate]).dataset.text(SourceTests.keptText) == example.rest)
    #expect(try Planted.clean(dataset).dataset.text(SourceTests.keptText) == example.rest)
  }

  /// (description or private text, text that stays)
  static let harmless: [(String, String)] = [
    ("MR Whole Body w/o MPRAGE", "WHOLEBODY"), ("t1_tfl3d1_ns BONEPLUS", "BONEPLUS"), ("Wirbels\u{E4}ule seitlich", "WIRBELSAEULE"),
    ("ECHOCARDIOGRAM adult", "Echocardiogram"), ("Abdomen axiaal VIBE caipirinha", "VIBE"), ("LightSpeed series", "LightSpeed Plus"),
    ("ISOCENTER", "ISOCENTER"), ("MDDW diff", "ep2d_diff_mddw"),
  ]

  @Test(arguments: harmless)
  func `words that name nobody stay`(description: String, text: String) throws {
    var dataset = Planted.instance()
    dataset.set(.seriesDescription, .LO, text: description)
    dataset.set(creatorElement)
    dataset.set(Tag(0x0009, 0x1001), .LO, text: description)
    dataset.set(SourceTests.keptText, .LO, text: text)
    #expect(try Planted.clean(dataset).dataset.text(SourceTests.keptText) == text)
  }

  @Test(arguments: ["LightSpeedApps2.4.1_H3.1M5", "*epfid2d1_64", "syngo_quuxmr2 1.2", "SIEMENS CSA HEADER"])
  func `technical names in private attributes stay where a standard attribute repeats them`(text: String) throws {
    var dataset = Planted.instance()
    dataset.set(creatorElement)
    dataset.set(Tag(0x0009, 0x1001), .LO, text: text)
    dataset.set(SourceTests.keptText, .LO, text: text)
    #expect(try Planted.clean(dataset).dataset.text(SourceTests.keptText) == text)
  }

  @Test func `a code of a published scheme stays where a local code is the same`() throws {
    func code(_ scheme: String) -> Dataset {
      Dataset([element(0x0008_0100, .SH, "121071"), element(0x0008_0102, .SH, scheme), element(0x0008_0104, .LO, "Finding")])
    }
    var dataset = Planted.instance()
    dataset.set(Tag(0x0040, 0x1101), sequence: [code("99LOCAL")])
    dataset.set(Tag(0x0054, 0x0220), sequence: [code("DCM")])
    #expect(try Planted.clean(dataset).dataset.items(Tag(0x0054, 0x0220)).first?.text(.codeValue) == "121071")
  }

  @Test(arguments: [
    (Tag(0x0018, 0x0050), VR.DS, "77.3419920"), (Tag(0x0018, 0x0050), .DS, "7.7341992e8"), (Tag(0x0018, 0x1152), .IS, "773419920"),
    (Tag(0x0018, 0x1152), .IS, "19470823"),
  ])
  func `a number that is a record number or a date goes`(tag: Tag, vr: VR, text: String) throws {
    var dataset = Planted.patient("HX-7734-19920")
    dataset.set(.patientBirthDate, .DA, text: "19470823")
    dataset.set(tag, vr, text: text)
    #expect(try Planted.clean(dataset).dataset[tag]?.bytes == [])
    dataset.set(tag, vr, text: "77.5")
    #expect(try Planted.clean(dataset).dataset.text(tag) == "77.5")
  }

  @Test(arguments: [VR.DS, .DA, .UI, .TM, .OB, .UN])
  func `text is searched whatever VR the file gives it`(vr: VR) throws {
    var dataset = Planted.patient(name: "Quarlsborough^Zinnia")
    dataset.set(Tag(0x0010, 0x4000), .LT, text: "Kontrolle Wieczorek")
    dataset.set(Element(SourceTests.keptText, vr, .bytes(Array("v1 Quarlsborough and Wieczorek".utf8))))
    let clean = try Planted.clean(dataset).dataset
    #expect(Planted.occurrences(of: "quarlsborough", in: clean) == 0)
    #expect(Planted.occurrences(of: "wieczorek", in: clean) == 0)
  }

  @Test func `a class UID that holds a record number is replaced`() throws {
    var dataset = Planted.patient("773419920")
    let uid = "1.2.826.0.1.773419920.1"
    dataset.set(Tag(0x0008, 0x001A), .UI, text: uid)
    #expect(try Planted.clean(dataset).dataset.text(Tag(0x0008, 0x001A))?.hasPrefix("2.25.") == true)
    dataset.set(.patientID, .LO, text: "773419921")
    #expect(try Planted.clean(dataset).dataset.text(Tag(0x0008, 0x001A)) == uid)
  }

  @Test(arguments: [true, false])
  func `a name in UTF-16 inside a value of bytes is blanked`(isBigEndian: Bool) throws {
    var dataset = Planted.patient(name: "Quarlsborough^Zinnia")
    let text = "Display of Quarlsborough".utf8.flatMap { (byte: UInt8) -> [UInt8] in isBigEndian ? [0, byte] : [byte, 0] }
    dataset.set(Element(Tag(0x0028, 0x2000), .OB, .bytes([1, 2, 3, 4, 0, 0] + text + [0, 0, 0, 0])))
    let profile = try #require(try Planted.clean(dataset).dataset[Tag(0x0028, 0x2000)]?.bytes)
    #expect(!String(decoding: profile.filter { $0 >= 0x20 }, as: UTF8.self).contains("Quarlsborough"))
  }

  @Test func `an institution that stays does not keep the name of a person`() throws {
    var dataset = Planted.patient(name: "Quarlsborough^Zinnia")
    dataset.set(.institutionName, .LO, text: "Quarlsborough Infirmary")
    dataset.set(SourceTests.keptText, .LO, text: "v1 quarlsborough infirmary")
    let clean = try Planted.clean(dataset, [.retainInstitutionIdentity]).dataset
    #expect(clean.text(.institutionName) == "Infirmary")
    #expect(clean.text(SourceTests.keptText) == "v1  infirmary")
  }

  @Test func `a private creator stays as the table spells it`() throws {
    var dataset = Planted.instance()
    dataset.set(Element(Tag(0x2001, 0x0010), .LO, .bytes(Array("  Philips Imaging DD 001\0\0".utf8))))
    dataset.set(Tag(0x2001, 0x1063), .CS, text: "ELSEWHERE")
    let clean = try Planted.clean(dataset, [.retainSafePrivate]).dataset
    #expect(clean[Tag(0x2001, 0x0010)]?.bytes == Array("Philips Imaging DD 001".utf8))
    #expect(clean.text(Tag(0x2001, 0x1063)) == "ELSEWHERE")
  }

  private var creatorElement: Element { SourceTests.creator("ACME 1.1") }
  private static func creator(_ name: String) -> Element { element(0x0009_0010, .LO, name) }
  private static func element(_ tag: UInt32, _ vr: VR, _ text: String) -> Element { Element(Tag(packed: tag), vr, text: text) }
  private func element(_ tag: UInt32, _ vr: VR, _ text: String) -> Element { SourceTests.element(tag, vr, text) }
}

/// The time of a search must grow with the text alone, whoever wrote the text that goes.
struct LongSourceTests {
  @Test(.timeLimit(.minutes(1)), arguments: ["a", "mar 1 ", "ab@", "1-22-333 ", "7H2X", "Aa1"])
  func `long descriptions are read in linear time`(piece: String) throws {
    let text = String(repeating: piece, count: 600_000 / piece.utf8.count)
    for tag in [Tag(0x0010, 0x0016), Tag(0x0010, 0x1001)] {
      var dataset = Planted.instance()
      dataset.set(Element(tag, .UT, .bytes(Element.padded(Array(text.utf8), .UT))))
      dataset.set(Tag(0x0018, 0x9941), .UT, text: text + " quarlsborough")
      dataset.set(.patientName, .PN, text: "Quarlsborough^Zinnia")
      #expect(Planted.occurrences(of: "quarlsborough", in: try Planted.clean(dataset).dataset) == 0)
    }
  }
}
