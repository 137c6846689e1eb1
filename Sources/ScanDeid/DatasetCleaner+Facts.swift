import ScanModel

extension DatasetCleaner {
  /// What has to be known about a dataset or item before its attributes are cleaned.
  struct Item {
    let types: AttributeTypes.Node
    let mode: Mode
    let depth: Int
    let repertoire: Repertoire
    let patientID: String?
    let mediaType: String?
    let isCode: Bool
    /// Overlay groups whose plane is a region of interest, in bits that are no text.
    let regionOverlays: Set<UInt16>
    /// nil when all private attributes go.
    let blocks: PrivateBlocks?

    init(_ dataset: Dataset, types: AttributeTypes.Node, mode: Mode, depth: Int, repertoire: Repertoire, keepsSafePrivate: Bool) {
      self.types = types
      self.mode = mode
      self.depth = depth
      self.repertoire = repertoire
      patientID = depth > 0 ? dataset.text(.patientID) : nil
      mediaType = dataset.text(Tag(0x0042, 0x0012))?.lowercased()
      isCode = dataset[.codeValue] != nil || dataset[Tag(0x0008, 0x0119)] != nil || dataset[Tag(0x0008, 0x0120)] != nil
      regionOverlays = Set(
        dataset.elements.filter {
          (0x6000...0x60FF).contains($0.tag.group) && $0.tag.element == 0x0040 && $0.text == "R"
            && TextRun.longest(in: dataset[Tag($0.tag.group, 0x3000)]?.bytes ?? []) < 8
        }.map(\.tag.group))
      blocks = keepsSafePrivate ? PrivateBlocks(dataset) : nil
    }
  }

  static let encapsulatedDocument = Tag(0x0042, 0x0011)
  /// Selector CS Value repeats the value of an attribute that may have to go (Patient's Sex); Table E.1-1 lists its siblings of other VRs
  /// under D, and not this one.
  static let selectorCodedString = Tag(0x0072, 0x0062)
  static let iccProfile = Tag(0x0028, 0x2000)
  static let graphicData = Tag(0x0070, 0x0022)

  /// Groups and attributes that a de-identified dataset never has: command and file meta groups, file-set paths, lengths, attributes that
  /// may hold whole encrypted originals, and the description of private attributes that are gone.
  static func isDropped(_ tag: Tag) -> Bool {
    switch tag.group {
    case 0x0000, 0x0002, 0x0006, 0xFFFE: return true
    case 0x0004: return tag.element != 0x1511
    default: break
    }
    switch tag.packed {
    case 0x0008_0001, 0x0008_0300, 0x0400_0500: return true
    default: return false
    }
  }

  /// UI attributes that name classes, syntaxes, schemes and contexts, not instances: they stay, also under private roots.
  static let classUIDs: Set<UInt32> = [
    0x0004_1510, 0x0008_0016, 0x0008_001A, 0x0008_001B, 0x0008_0062, 0x0008_010C, 0x0008_0117, 0x0008_0118, 0x0008_040E, 0x0008_1150,
    0x0008_115A, 0x0008_3002, 0x0034_0003, 0x0400_0010, 0x0400_0510, 0x3010_0052, 0x3010_0053,
  ]

  /// UR attributes that point to published vocabularies; any other address names a host.
  static let harmlessURLs: Set<UInt32> = [0x0008_010E, 0x0008_0120]

  /// Coding schemes whose codes are published, so that a code is no local number. PS3.16 section 8.
  static let publishedSchemes: Set<String> = [
    "DCM", "SCT", "SRT", "SNM3", "LN", "UCUM", "RADLEX", "FMA", "UMLS", "NCIt", "I10", "I9C", "ICD10",
  ]

  /// What makes an item a code: value, scheme, version, meaning, long value, URN.
  static let codeAttributes: Set<UInt32> = [0x0008_0100, 0x0008_0102, 0x0008_0103, 0x0008_0104, 0x0008_0119, 0x0008_0120]

  /// Digits and dots, at most 64.
  static func isWellFormed(_ uid: String) -> Bool {
    uid.utf8.count <= 64 && uid.utf8.allSatisfy { (48...57).contains($0) || $0 == 0x2E }
  }

  static func isSequence(_ tag: Tag) -> Bool { ConfidentialityTable.row(for: tag)?.vr == .SQ }

  /// The element's own VR where PS3.6 allows it, else the first that it does allow.
  static func vr(of element: Element) -> VR {
    if let entry = DataDictionary.entry(for: element.tag) { return entry.vrs.contains(element.vr) ? element.vr : entry.vr }
    return ConfidentialityTable.row(for: element.tag)?.vr ?? element.vr
  }

  static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes[...]
    while let first = bytes.first, first == 0x20 || first == 0 { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || last == 0 { bytes.removeLast() }
    return Array(bytes)
  }
}
