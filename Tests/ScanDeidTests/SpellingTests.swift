import ScanDeid
import ScanModel
import Testing

/// Identifiers that kept text spells otherwise than the attribute that is taken away. All names and numbers are made up.
struct SpellingTests {
  /// Software Versions and Sequence Name, which the table leaves alone.
  static let keptText = [Tag(0x0018, 0x1020), Tag(0x0018, 0x0024)]

  /// (attribute, its value, kept text, what is left of the text)
  typealias Case = (tag: Tag, vr: VR, value: String, text: String, rest: String)

  static let numbers: [Case] = [
    (.patientID, .LO, "MRNX4477881", "4477881", "ANONYMIZED"), (.patientID, .LO, "MRNX4477881", "X4477881", "ANONYMIZED"),
    (.patientID, .LO, "MRNX4477881", "MRN-X-4477881", "ANONYMIZED"), (.patientID, .LO, "MRNX4477881", "t1 mrnx 447 7881 se", "t1  se"),
    (.patientID, .LO, "MRNX4477881", "tse004477881", "ANONYMIZED"), (.patientID, .LO, "0004477881", "t2 4477881", "t2"),
    (.patientID, .LO, "44-77-881", "44 77 881", "ANONYMIZED"), (.patientID, .LO, "44-77-881", "44.77.881", "ANONYMIZED"),
    (.patientID, .LO, "44-77-881", "no 4477881!", "no !"), (.patientID, .LO, "QX-17", "t1 qx17", "t1"),
    (.accessionNumber, .SH, "77554433", "acc 7755 4433", "acc"), (.accessionNumber, .SH, "77554433", "ACC#7755_4433", "ACC#"),
    (.accessionNumber, .SH, "A/77554433", "a77554433", "ANONYMIZED"),
    (Tag(0x0010, 0x2154), .SH, "+49 30 5550147", "tel 030 5550147", "tel 030"),
  ]

  static let names: [Case] = [
    (.institutionName, .LO, "Quackenbush Memorial (Hospital)", "Quackenbush t1", "t1"),
    (.institutionName, .LO, "Quackenbush Memorial (Hospital)", "QUACKENBUSHMEMORIAL", "ANONYMIZED"),
    (.institutionName, .LO, "Quackenbush Memorial (Hospital)", "v1 Quackenbush", "v1"),
    (.institutionName, .LO, "Quackenbush Memorial (Hospital)", "quacken-bush_t2", "_t2"),
    (.institutionName, .LO, "St. Ives Hospital", "t1_StIves", "t1_"), (.institutionName, .LO, "Krankenhaus Nordquux", "NORDQUUX01", "01"),
    (.institutionName, .LO, "H\u{F4}pital Qu\u{E9}bert", "quebert se", "se"),
    (.institutionName, .LO, "Hopital Quebert", "Qu\u{E9}bert se", "se"),
    (.patientName, .PN, "Qu\u{FC}ller^Zo\u{EB}", "t1 Queller", "t1 Queller"),
    (.patientName, .PN, "Qu\u{FC}ller^Zo\u{EB}", "t1 QUUELLER", "t1"),
    (.patientName, .PN, "Quueller^Zoe", "t1 Qu\u{FC}ller", "t1"), (.patientName, .PN, "Qu\u{FC}ller^Zo\u{EB}", "zoe_quuller", "ANONYMIZED"),
    (.patientName, .PN, "Quux^Ada", "Q U U X head", "head"), (.patientName, .PN, "Quux^Ada", "quux2 head", "2 head"),
    (.patientName, .PN, "Li^Qan", "LiQan t1", "t1"), (.referringPhysicianName, .PN, "Vantongue^Q", "se (van tongue)", "se ()"),
    (Tag(0x0008, 0x1070), .PN, "Opquist^Bo", "by_OPQUIST_bo", "by_"), (Tag(0x0010, 0x1040), .LO, "7 Zuqsell Lane", "zuqsell", "ANONYMIZED"),
    (Tag(0x0040, 0x0001), .AE, "QUUXSCAN1", "quux-scan-1 se", "se"), (Tag(0x0040, 0xA075), .PN, "Vantongue^Q", "vantongue", "ANONYMIZED"),
    (.patientName, .PN, "Παπαδόπουλος^Γ", "t1 PAPADOPOULOS", "t1"), (.patientName, .PN, "Щербаков^Юрий", "t1 shcherbakov", "t1"),
    (.patientName, .PN, "Щербаков^Юрий", "t1 Yuri", "t1"), (.patientName, .PN, "Doe^Jane", "t1 J. DOE", "t1 J."), (.patientName, .PN, "Doe^Jane", "t1 doer", "t1 doer"),
    (.patientName, .PN, "Wu^Ho", "t1 wu ho", "t1"),
    (.patientName, .PN, "Max^Pat", "t1 PAT2 max", "t1 PAT2 max"),
    (.patientName, .PN, "\u{110}or\u{111}evi\u{107}^X", "t1 Djordjevic", "t1"),
    (.patientName, .PN, "Papad\u{3BF}\u{3C2}\u{3C2}^X", "t1 PAPAD\u{39F}\u{3A3}\u{3A3}", "t1"),
    (.patientName, .PN, "X=\u{5C71}\u{7530}=\u{3084}\u{307E}\u{3060}", "t1 \u{FF94}\u{FF8F}\u{FF80}\u{FF9E}", "t1"),
  ]

  /// Escaped, encoded, backwards, in letters that look alike.
  static let disguises: [Case] = [
    "t1 Quack%65nbush", "t1 %51%75%61%63%6B%65%6E%62%75%73%68", "t1 =51=75=61=63=6b=65=6e=62=75=73=68", "t1 &#81;uackenbush", "t1 Quackenb&#x75;sh",
    "t1 \\u0051uackenbush", "t1 \\x51uackenbush", "t1 UXVhY2tlbmJ1c2g=", "t1 UXVhY2tlbmJ1c2g", "t1 QWRhIFF1YWNrZW5idXNo", "t1 515561636b656e62757368",
    "t1 hsubnekcauQ", "t1 HSUB-NEKCAUQ", "t1 Qu\u{430}ck\u{435}nbush", "t1 Qu\u{3B1}ck\u{435}nbu\u{455}h", "t1 QU\u{410}CKE\u{39D}BUS\u{41D}",
  ].map { (.patientName, .PN, "Quackenbush^Ada", $0, "t1") } + [
    (.patientName, .PN, "Qu\u{FC}ller^X", "t1 Qu&uuml;ller", "t1"), (.patientName, .PN, "Qu\u{FC}ller^X", "t1 qu%C3%BCller", "t1"),
    (.patientName, .PN, "Qu\u{FC}ller^X", "t1 qu%FCller", "t1"), (.patientID, .LO, "44-77-881", "t1 188774 4", "t1"),
    (.patientID, .LO, "44-77-881", "t1 NDQ3Nzg4MQ==", "t1"), (.patientName, .PN, "Quackenbush^Ada", "t1 50%20 %2x &x; =", "t1 50%20 %2x &x; ="),
    (.patientName, .PN, "Quux^Ada", "t1 xuuq Reconstruction", "t1 xuuq Reconstruction"),
  ]

  static let dates: [Case] =
    [
      "4 July 2019", "Jul 4 2019", "040719", "20190704", "190704", "070419", "04072019", "07042019", "2019-07-04", "2019/7/4", "4.7.2019",
      "7/4/2019", "04.07.19", "4/7/19", "07-04-19", "19-07-04", "July 4th, 2019", "4th of July 2019", "4JUL2019", "04Jul19", "2019 July 4",
      "2019jul04", "Jul0419", "JUL042019", "4 Jul", "July 4", "4. Juli 2019", "4 juillet 2019", "2019 0704", "0407 2019", "20190704101112",
      "2019_07_04", "2019\u{2013}07\u{2013}04", "2019\u{5E74}7\u{6708}4", "4 lipca 2019", "4 VII 2019",
      "\u{664}.\u{667}.\u{662}\u{660}\u{661}\u{669}",
    ].map { (.studyDate, .DA, "20190704", "t1 \($0)", "t1") } + [
      (.studyDate, .DA, "20190704", "t1 2019-07-04T10:11", "t1 T10:11"), (.patientBirthDate, .DA, "19511223", "b. 23/12/51", "b."),
      (.patientBirthDate, .DA, "19511223", "dec-23-1951", "ANONYMIZED"),
      (.patientBirthDate, .DA, "19511223", "b231251", "b"), (Tag(0x0008, 0x002A), .DT, "19511223101112.5+0100", "51 12 23", "ANONYMIZED"),
    ]

  @Test(arguments: numbers + names + disguises + dates)
  func `kept text loses an identifier in any spelling`(spelling: Case) throws {
    for options in [Set<DeidOption>(), [.cleanDescriptors], [.retainLongitudinalModifiedDates]] {
      var dataset = Planted.instance()
      dataset.set(Element(spelling.tag, spelling.vr, .bytes(Element.padded(Array(spelling.value.utf8), spelling.vr))))
      for tag in SpellingTests.keptText { dataset.set(element(tag, spelling.text)) }
      var item = Dataset()
      item.set(element(SpellingTests.keptText[0], spelling.text))
      dataset.set(Tag(0x0018, 0x9477), sequence: [item])
      let clean = try Planted.clean(dataset, options).dataset
      let expected = element(SpellingTests.keptText[0], spelling.rest)
      #expect(clean[expected.tag] == expected)
      #expect(clean[SpellingTests.keptText[1]]?.bytes == expected.bytes)
      #expect(clean.items(Tag(0x0018, 0x9477)).first?[expected.tag] == expected)
    }
  }

  /// (attribute that stays, its VR, its value)
  static let recordNumbers: [(tag: Tag, vr: VR, value: [UInt8])] = [
    (Tag(0x0020, 0x0013), .IS, Array("044778".utf8)), (Tag(0x0020, 0x0013), .IS, Array("44778 ".utf8)), (Tag(0x0018, 0x0080), .DS, Array("44778.0 ".utf8)),
    (Tag(0x0018, 0x9073), .FD, bytes(of: (20_190_704.0).bitPattern)), (Tag(0x0018, 0x9073), .FD, bytes(of: (5_550_147.0).bitPattern)),
    (Tag(0x0018, 0x6018), .UL, bytes(of: UInt32(20_190_704))), (Tag(0x0018, 0x6020), .SL, bytes(of: UInt32(5_550_147))),
    (Tag(0x0018, 0x1320), .FL, bytes(of: Float(20_190_704).bitPattern)),
  ]

  private static func bytes<Word: FixedWidthInteger>(of word: Word) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }

  @Test(arguments: recordNumbers)
  func `a number that is a record number or date goes`(number: (tag: Tag, vr: VR, value: [UInt8])) throws {
    for (patient, remains) in [("44778", false), ("44779", true)] {
      var dataset = Planted.instance()
      dataset.set(Element(.patientID, .LO, .bytes(Element.padded(Array(patient.utf8), .LO))))
      dataset.set(element(.accessionNumber, remains ? "5550148" : "5550147"))
      dataset.set(Element(.studyDate, .DA, .bytes(Array((remains ? "20190706" : "20190704").utf8))))
      dataset.set(Element(number.tag, number.vr, .bytes(number.value)))
      let clean = try Planted.clean(dataset).dataset
      #expect(clean[number.tag]?.bytes == (remains ? number.value : []))
    }
  }

  @Test func `names in ISO 8859-1 and in decomposed letters are compared alike`() throws {
    for spelling in [Array("qu\u{E9}bert".utf8), Array("que\u{301}bert".utf8), [0x71, 0x75, 0xE9, 0x62, 0x65, 0x72, 0x74]] {
      var dataset = Planted.instance()
      dataset.set(.patientName, .PN, text: "QUEBERT^X")
      dataset.set(Element(Tag(0x0018, 0x1020), .LO, .bytes(Element.padded(Array("v1 ".utf8) + spelling, .LO))))
      #expect(try Planted.clean(dataset).dataset.text(Tag(0x0018, 0x1020)) == "v1")
    }
  }

  @Test func `a coded string that spells an identifier becomes a dummy`() throws {
    var dataset = Planted.patient()
    dataset.set(Tag(0x0018, 0x0020), .CS, text: "SE\\QUARLS_BOROUGH")
    dataset.set(Tag(0x0072, 0x0062), .CS, text: "NOWHERE_ELSE")
    let clean = try Planted.clean(dataset).dataset
    #expect(clean.text(Tag(0x0018, 0x0020)) == "ANONYMIZED")
    #expect(clean.text(Tag(0x0072, 0x0062)) == "ANONYMIZED")
  }

  @Test func `what closes up after a cut does not spell another identifier`() throws {
    var dataset = Planted.patient("4477881")
    dataset.set(Tag(0x0018, 0x1020), .LO, text: "v1 447Quarlsborough7881")
    #expect(try Planted.clean(dataset).dataset.text(Tag(0x0018, 0x1020)) == "ANONYMIZED")
  }

  @Test func `numbers longer than any date are no dates`() throws {
    let text = "1.2.84012345678901234567890 of 12345678901234567890123456"
    var dataset = Planted.patient()
    dataset.set(.studyDate, .DA, text: "19700501")
    dataset.set(Tag(0x0018, 0x1020), .LO, text: text)
    #expect(try Planted.clean(dataset).dataset.text(Tag(0x0018, 0x1020)) == text)
  }

  @Test func `a name that the table does not list counts`() throws {
    var dataset = Planted.instance()
    dataset.set(Tag(0x0040, 0x0006), .PN, text: "Quarlsborough^Z")
    dataset.set(Tag(0x0072, 0x006A), .PN, text: "Vantongue^Z")
    dataset.set(Tag(0x0018, 0x1020), .LO, text: "v1 van-tongue")
    #expect(try Planted.clean(dataset).dataset.text(Tag(0x0018, 0x1020)) == "v1")
  }

  @Test func `an institution that an option keeps stays in text`() throws {
    var dataset = Planted.instance()
    dataset.set(.institutionName, .LO, text: "Quackenbush Memorial")
    dataset.set(Tag(0x0018, 0x1020), .LO, text: "v1 Quackenbush")
    #expect(try Planted.clean(dataset, [.retainInstitutionIdentity]).dataset.text(Tag(0x0018, 0x1020)) == "v1 Quackenbush")
  }

  @Test(arguments: [
    "T1W_SE", "Head 5mm", "syngo MR E11", "syngo MR B17 4VB17A", "*tfl3d1_16ns", "VB19A", "4.7.19.2", "LightSpeedApps2.4.1_GMP",
    "coronal t2_tse",
    "R5.1.7\\5.1.7.2", "07MW18.4", "DV25.0_R02_1549.b", "ep2d_diff_3scan_trace_p2", "1.3.12.2", "Brain Routine 0.6 H31s", "12:0.9.26",
    "iDose(3)", "512/1024/2048", "THORAX 1.0 B70f", "AXIAL 2019 0703", "MRC 16.04.16", "SENSE*fl3d_ce", "40719", "2019", "Mayor t1",
  ])
  func `ordinary protocol names and versions stay`(text: String) throws {
    var dataset = Planted.patient("MRNX4477881", name: "Corona^Brown^May")
    dataset.set(.studyDate, .DA, text: "20190704")
    dataset.set(.accessionNumber, .SH, text: "77554433")
    dataset.set(.institutionName, .LO, text: "St. Elsewhere University Hospital, Radiology")
    dataset.set(Tag(0x0008, 0x1010), .SH, text: "MRC35034")
    dataset.set(Tag(0x0008, 0x1070), .PN, text: "Tech^MR")
    for tag in SpellingTests.keptText { dataset.set(element(tag, text)) }
    for options in [Set<DeidOption>(), [.cleanDescriptors]] {
      let clean = try Planted.clean(dataset, options).dataset
      for tag in SpellingTests.keptText { #expect(clean[tag] == dataset[tag]) }
    }
  }

  /// Long texts of near misses: the time must grow with the text alone.
  @Test(.timeLimit(.minutes(1)))
  func `a long text of near misses is searched in linear time`() throws {
    var dataset = Planted.patient("4477881")
    let text = String(repeating: "44-77-88 0000 4 July 2018 quarlsboroug x4477881x", count: 4000)
    dataset.set(Tag(0x0018, 0x9941), .UT, text: text)
    let clean = try Planted.clean(dataset).dataset
    #expect(Planted.occurrences(of: "4477881", in: clean) == 0)
    #expect(Planted.occurrences(of: "4 July 2018 quarlsboroug", in: clean) == 4000)
  }

  private func element(_ tag: Tag, _ text: String) -> Element {
    Element(tag, tag == SpellingTests.keptText[1] ? .SH : .LO, .bytes(Element.padded(Array(text.utf8), .LO)))
  }
}
