import ScanModel

/// The values that stand where the profile says D: legal for their VR, the same in every file, and recognizable.
enum DummyValue {
  static let text = "ANONYMIZED"
  static let date = "19000101"

  /// A non-empty value of `vr`. Sequences have none of their own: see `DatasetCleaner.dummyItems`.
  static func bytes(_ vr: VR) -> [UInt8] {
    switch vr {
    case .AE, .CS, .LO, .LT, .PN, .SH, .ST, .UC, .UT: padded(text, vr)
    case .AS: padded("000Y", vr)
    case .DA: padded(date, vr)
    case .DT: padded(date + "000000", vr)
    case .TM: padded("000000", vr)
    case .DS, .IS: padded("0", vr)
    case .UR: padded("about:blank", vr)
    case .UI: padded(UID.from128Bits([UInt8](repeating: 0, count: 16)), vr)
    case .AT, .FL, .UL, .SL, .OF, .OL: [UInt8](repeating: 0, count: 4)
    case .FD, .OD, .OV, .SV, .UV: [UInt8](repeating: 0, count: 8)
    case .OB, .OW, .SS, .UN, .US: [0, 0]
    case .SQ: []
    }
  }

  /// One blank page: an Encapsulated Document has to stay a document of its media type.
  static let blankPDF: [UInt8] = {
    var text = "%PDF-1.4\n"
    var offsets: [Int] = []
    let objects = [
      "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
    ]
    for (index, object) in objects.enumerated() {
      offsets.append(text.utf8.count)
      text += "\(index + 1) 0 obj\(object)endobj\n"
    }
    let table = text.utf8.count
    text += "xref\n0 4\n0000000000 65535 f \n"
    for offset in offsets { text += String(repeating: "0", count: 10 - String(offset).count) + "\(offset) 00000 n \n" }
    text += "trailer<</Size 4/Root 1 0 R>>\nstartxref\n\(table)\n%%EOF\n"
    return Element.padded(Array(text.utf8), .OB)
  }()

  /// A code that means nothing, for sequences of codes.
  static let codeItem: Dataset = {
    var item = Dataset()
    item.set(.codeValue, .SH, text: text)
    item.set(.codingSchemeDesignator, .SH, text: "99SCANFORGE")
    item.set(.codeMeaning, .LO, text: "Anonymized")
    return item
  }()

  private static func padded(_ text: String, _ vr: VR) -> [UInt8] { Element.padded(Array(text.utf8), vr) }
}
