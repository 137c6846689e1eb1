import ScanDeid
import ScanModel
import Testing

/// Where identifiers hide outside the attributes that the table lists.
struct HiddenPlacesTests {
  static let token = "zqhidden"

  @Test func `private blocks go, also inside sequences`() throws {
    var item = Dataset()
    item.set(Tag(0x0019, 0x0010), .LO, text: "MADE UP")
    item.set(Tag(0x0019, 0x1001), .LO, text: HiddenPlacesTests.token)
    item.set(Tag(0x0018, 0x9461), .FL, text: "abcd")
    var dataset = Planted.instance()
    for element in item.elements { dataset.set(element) }
    dataset.set(Tag(0x0018, 0x9477), sequence: [item])
    let clean = try Planted.clean(dataset)
    #expect(Planted.occurrences(of: HiddenPlacesTests.token, in: clean.dataset) == 0)
    #expect(clean.dataset.items(Tag(0x0018, 0x9477)).first?.elements.count == 1)
    #expect(clean.record.counts["privateRemoved"] == 4)
  }

  @Test func `items hidden in UN are cleaned like any other`() throws {
    // A standard sequence as UN of known length in implicit VR: item, then (0010,0010) and (0028,0010).
    var bytes: [UInt8] = []
    let name = Array("\(HiddenPlacesTests.token)^X".utf8) + [0x20, 0x20].prefix((HiddenPlacesTests.token.count + 2) % 2)
    let elements = implicit(.patientName, name) + implicit(.rows, [4, 0])
    bytes += [0xFE, 0xFF, 0x00, 0xE0] + little(elements.count) + elements
    var dataset = Planted.instance()
    dataset.set(Element(Tag(0x0018, 0x9477), .UN, .bytes(bytes)))
    let clean = try Planted.clean(dataset).dataset
    let item = try #require(clean.items(Tag(0x0018, 0x9477)).first)
    #expect(Planted.occurrences(of: HiddenPlacesTests.token, in: clean) == 0)
    #expect(item.text(.patientName)?.hasPrefix("P") == true)
    #expect(item.integer(.rows) == 4)
  }

  @Test func `UN inside UN ends at the depth limit`() throws {
    var bytes = implicit(.patientName, Array("zqhidden".utf8))
    for _ in 0..<200 {
      let item = [0xFE, 0xFF, 0x00, 0xE0] + little(bytes.count) + bytes
      bytes = implicit(Tag(0x0018, 0x9999), item)
    }
    var dataset = Planted.instance()
    dataset.set(Element(Tag(0x0018, 0x9999), .UN, .bytes(Array(bytes.dropFirst(8)))))
    let clean = try Planted.clean(dataset).dataset
    #expect(Planted.occurrences(of: "zqhidden", in: clean) == 0)
  }

  @Test func `bytes behind the last sample go, whole frames too`() throws {
    var dataset = Planted.instance()
    for (tag, value) in [(Tag.rows, 4), (.columns, 5), (.samplesPerPixel, 1), (.bitsAllocated, 8)] { dataset.set(tag, us: UInt16(value)) }
    let image = (0..<20).map { UInt8($0) }
    for (bytes, expected) in [(image + Array("zqhidden".utf8), image), (image + image, image), (image, image)] {
      dataset.set(Element(.pixelData, .OB, .bytes(bytes)))
      #expect(try Planted.clean(dataset).dataset[.pixelData]?.bytes == expected)
    }
  }

  @Test func `what no dictionary knows is removed`() throws {
    var dataset = Planted.instance()
    dataset.set(Tag(0x0018, 0xFFF0), .LO, text: HiddenPlacesTests.token)
    dataset.set(Element(Tag(0x0028, 0xFFF2), .UN, .bytes(Array(HiddenPlacesTests.token.utf8))))
    let clean = try Planted.clean(dataset)
    #expect(Planted.occurrences(of: HiddenPlacesTests.token, in: clean.dataset) == 0)
    #expect(clean.record.counts["unknownRemoved"] == 2)
  }

  @Test func `curves, overlays, icons, padding, lengths and file groups go`() throws {
    var dataset = Planted.instance()
    let text = Array(HiddenPlacesTests.token.utf8)
    let tags = [
      Tag(0x0002, 0x0003), Tag(0x0002, 0x0102), Tag(0x0004, 0x1500), Tag(0x0008, 0x0000), Tag(0x0010, 0x0000), Tag(0x5000, 0x0010),
      Tag(0x5000, 0x3000), Tag(0x6000, 0x0010), Tag(0x6000, 0x0022), Tag(0x6000, 0x3000), Tag(0x6002, 0x4000), Tag(0xFFFC, 0xFFFC),
      Tag(0x0400, 0x0500), Tag(0xFFFA, 0xFFFA),
    ]
    for tag in tags { dataset.set(Element(tag, .OB, .bytes(text))) }
    var icon = Dataset()
    icon.set(Element(.pixelData, .OB, .bytes(text)))
    dataset.set(Tag(0x0088, 0x0200), sequence: [icon])
    let clean = try Planted.clean(dataset).dataset
    for tag in tags + [Tag(0x0088, 0x0200)] { #expect(clean[tag] == nil, "\(tag)") }
    #expect(Planted.occurrences(of: HiddenPlacesTests.token, in: clean) == 0)
  }

  @Test func `pixels inside items go, those of the image stay`() throws {
    var item = Dataset()
    item.set(Element(.pixelData, .OB, .bytes(Array(HiddenPlacesTests.token.utf8))))
    item.set(.rows, us: 4)
    var dataset = Planted.instance()
    dataset.set(Tag(0x0018, 0x9477), sequence: [item])
    let clean = try Planted.clean(dataset).dataset
    #expect(clean.items(Tag(0x0018, 0x9477)).first?.elements.map(\.tag) == [.rows])
    #expect(clean[.pixelData] == dataset[.pixelData])
  }

  /// Slice Thickness, Exposure, Smallest Image Pixel Value, Acquisition Duration, Contrast/Bolus Volume: the table leaves them alone.
  @Test(arguments: [
    (Tag(0x0018, 0x0050), VR.DS, "1.5 zqhidden"), (Tag(0x0018, 0x1152), .IS, "12zqhidden"), (Tag(0x0028, 0x0106), .US, "zqhidden"),
    (Tag(0x0018, 0x9073), .FD, "zqhidden"), (Tag(0x0018, 0x9461), .FL, "zqhidden"), (Tag(0x0018, 0x9461), .FL, "zqhid"),
  ])
  func `text in the place of a number goes`(tag: Tag, vr: VR, text: String) throws {
    for vr in [vr, .UN] {
      var dataset = Planted.instance()
      dataset.set(Element(tag, vr, .bytes(Array(text.utf8))))
      let clean = try Planted.clean(dataset).dataset
      #expect(clean[tag]?.bytes == [], "\(tag) as \(vr)")
    }
  }

  @Test(arguments: [
    (Tag(0x0018, 0x0050), VR.DS, "1.5 "), (Tag(0x0018, 0x1041), .DS, " -1.5E+02"), (Tag(0x0020, 0x0037), .DS, "1\\0\\0\\0\\1\\NaN"),
    (Tag(0x0018, 0x1152), .IS, "+12 "), (Tag(0x0018, 0x9073), .FD, "\0\0\0\0\0\0\u{4}@"), (Tag(0x0028, 0x3006), .OW, "abcdefghijkl"),
    (Tag(0x0028, 0x0106), .US, "ab"),
  ])
  func `numbers stay as they are written`(tag: Tag, vr: VR, text: String) throws {
    var dataset = Planted.instance()
    let element = Element(tag, vr, .bytes(Array(text.utf8)))
    dataset.set(element)
    #expect(try Planted.clean(dataset).dataset[tag] == element)
  }

  @Test func `an encapsulated PDF becomes a blank page`() throws {
    var dataset = Planted.instance(sopClass: "1.2.840.10008.5.1.4.1.1.104.1", modality: "DOC")
    dataset.set(Tag(0x0042, 0x0012), .LO, text: "application/pdf")
    dataset.set(Element(Tag(0x0042, 0x0011), .OB, .bytes(Array("%PDF-1.4 \(HiddenPlacesTests.token)".utf8))))
    let clean = try Planted.clean(dataset).dataset
    let document = try #require(clean[Tag(0x0042, 0x0011)]?.bytes)
    #expect(String(decoding: document, as: UTF8.self).hasPrefix("%PDF-1.4\n1 0 obj"))
    #expect(Planted.occurrences(of: HiddenPlacesTests.token, in: clean) == 0)
  }

  @Test(arguments: [
    "scan of Quarlsborough, Zinnia", "QUARLSBOROUGH", "ref FAKE-4711 old", "zinnia.quarlsborough@example", "born 1962-03-14",
    "born 14.03.1962",
    "see ACC0815-99", "uid 1.3.6.1.4.1.99999.1.9.2.1", "Quuxville Infirmary",
  ])
  func `free text that repeats an identifier loses it`(text: String) throws {
    var dataset = Planted.patient()
    let tags = [
      Tag(0x0018, 0x1400), Tag(0x0018, 0x9941), Tag(0x0008, 0x2111), Tag(0x0040, 0xA160), Tag(0x0018, 0x0024), Tag(0x0018, 0x1020),
    ]
    for tag in tags { dataset.set(tag, .LO, text: text) }
    var item = Dataset()
    item.set(.codeMeaning, .LO, text: text)
    dataset.set(Tag(0x0008, 0x2218), sequence: [item])
    let clean = try Planted.clean(dataset).dataset
    for word in ["quarlsborough", "zinnia", "fake-4711", "1962-03-14", "14.03.1962", "acc0815", "1.3.6.1.4.1.99999", "quuxville"] {
      #expect(Planted.occurrences(of: word, in: clean) == 0, "\(word)")
    }
    #expect(clean[.codeMeaning] == nil)
    #expect(clean.items(Tag(0x0008, 0x2218)).first?[.codeMeaning] != nil)
  }

  @Test func `text that repeats nothing stays as it was`() throws {
    var dataset = Planted.patient()
    dataset.set(.manufacturer, .LO, text: "SIEMENS")
    dataset.set(.manufacturerModelName, .LO, text: "Somatom 4711")
    dataset.set(Tag(0x0018, 0x0024), .SH, text: "*tfl3d1_16ns")
    dataset.set(Tag(0x0018, 0x1020), .LO, text: "VB19A\\build 19620314")
    dataset.set(Tag(0x0018, 0x9941), .UT, text: "smoothing, then 1000 steps")
    let clean = try Planted.clean(dataset).dataset
    for tag in [
      Tag.manufacturer, .manufacturerModelName, .imageType, .modality, .bodyPartExamined, Tag(0x0018, 0x0024), Tag(0x0018, 0x9941),
    ] {
      #expect(clean[tag] == dataset[tag], "\(tag)")
    }
    #expect(clean.text(Tag(0x0018, 0x1020)) == "VB19A\\build")
  }

  @Test(arguments: ["Head^Long", "Brown^May", "Patient^Test", "Anonymous", "Siemens^Ray"])
  func `a name that is an ordinary word does not hollow out the file`(name: String) throws {
    var dataset = Planted.patient(name: name)
    dataset.set(.bodyPartExamined, .CS, text: "HEAD")
    dataset.set(.manufacturer, .LO, text: "SIEMENS")
    let clean = try Planted.clean(dataset).dataset
    #expect(clean.text(.bodyPartExamined) == "HEAD")
    #expect(clean.text(.manufacturer) == "SIEMENS")
  }

  @Test func `a vendor that repeats itself as station or institution is kept`() throws {
    var dataset = Planted.patient()
    dataset.set(.manufacturer, .LO, text: "GENESIS_SIGNA")
    dataset.set(Tag(0x0008, 0x1010), .SH, text: "GENESIS_SIGNA")
    let clean = try Planted.clean(dataset).dataset
    #expect(clean.text(.manufacturer) == "GENESIS_SIGNA")
    #expect(clean[Tag(0x0008, 0x1010)] == nil)
  }

  private func implicit(_ tag: Tag, _ value: [UInt8]) -> [UInt8] {
    little16(tag.group) + little16(tag.element) + little(value.count) + value
  }

  private func little16(_ word: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)] }
  private func little(_ count: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
}
