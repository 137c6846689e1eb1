import ScanModel

/// Gathers the tokens of an `IdentifierSet` from an identified dataset.
///
/// A name gives its parts and joined forms, a number itself and its bare digits, a date its usual spellings. Left out is what would hit
/// harmless text: fewer than 4 characters, numbers under 5 digits, medical and other common words.
struct IdentifierCollector {
  let actions: ProfileActions
  private(set) var tokens: Set<IdentifierSet.Token> = []
  private(set) var spellings = SpellingCollector()

  init(actions: ProfileActions) { self.actions = actions }

  /// Words of the vendor that stay anyway: some devices repeat them as station or institution.
  private var vendor: Set<[UInt8]> = []

  /// The tokens of everything that `actions` take away, less the values that an option keeps on purpose (a kept institution, device UID
  /// or date would otherwise be cut out again where another attribute repeats it).
  mutating func collect(_ dataset: Dataset) {
    add(dataset)
    guard !actions.options.isEmpty else { return }
    var keeper = IdentifierCollector(actions: actions)
    keeper.isForKept = true
    keeper.add(dataset)
    let kept = Set(keeper.tokens.map(\.bytes))
    // The root of a UID that stays is no trace of the UID that is the root alone.
    let roots = Set(keeper.uids.flatMap { uid in uid.indices.filter { uid[$0] == 0x2E }.map { Array(uid[..<$0]) } })
    tokens = tokens.filter { !kept.contains($0.bytes) && !roots.contains($0.bytes) }
    spellings.subtract(keeper.spellings)
  }

  private var isForKept = false
  /// Those that stay.
  private var uids: Set<[UInt8]> = []
  /// Of the dataset or item whose elements are being added.
  private var repertoire = Repertoire.western

  private mutating func add(_ dataset: Dataset) {
    let outer = repertoire
    repertoire = Repertoire(of: dataset, in: outer)
    defer { repertoire = outer }
    for tag in [Tag.manufacturer, .manufacturerModelName] {
      if let bytes = dataset[tag]?.bytes { vendor.insert(IdentifierCollector.trimmed(bytes[...]).map(IdentifierSet.lower)) }
    }
    for element in dataset.elements where !element.tag.isPrivate {
      if case .sequence(let items) = element.value {
        for item in items { add(item) }
      } else if let action = actions.action(for: element.tag), (action == .keep) == isForKept {
        collect(element, action)
      } else if !isForKept, let vr = unlistedVR(element) {
        for value in values(element) { if vr == .PN { addNameSpellings(value) } else { addDateSpellings(value) } }
      }
    }
  }

  /// Names and dates that the table does not list are taken away as well.
  private func unlistedVR(_ element: Element) -> VR? {
    guard actions.action(for: element.tag) == nil, let vr = DataDictionary.entry(for: element.tag)?.vr else { return nil }
    switch vr {
    case .PN: return vr
    case .DA, .DT: return actions.options.contains(.retainLongitudinalFullDates) ? nil : vr
    default: return nil
    }
  }

  private mutating func collect(_ element: Element, _ action: ProfileAction) {
    guard let row = ConfidentialityTable.row(for: element.tag) else { return }
    let values = values(element)
    switch row.vr {
    case .PN:
      for value in values {
        addName(value)
        addNameSpellings(value)
      }
    case .DA, .DT:
      for value in values { addDateSpellings(value) }
      if case .shiftDates = action { return }
      for value in values { addDate(value) }
    case .UI: for value in values { addUID(value) }
    case .LO, .SH, .UC, .AE, .ST, .LT, .UT, .UR:
      // Descriptions and characteristics are common words, not identifiers.
      guard row.options[.cleanDescriptors] == nil, row.options[.retainPatientCharacteristics] == nil else { return }
      for value in values where value.count <= 128 {
        for line in value.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
          addIdentifier(IdentifierCollector.trimmed(line), hasWords: IdentifierCollector.worded.contains(element.tag.packed))
        }
      }
    default: return
    }
  }

  private mutating func addName(_ value: [UInt8]) {
    for group in repertoire.split(value, { $0 == 0x3D }) {
      let parts = repertoire.split(group) { [0x5E, 0x20, 0x2C, 0x2E, 0x2D, 0x27, 0x28, 0x29, 0x22, 0x00].contains($0) }
      add(group)
      for part in parts where !part.allSatisfy(IdentifierSet.isDigit) { add(part) }
      for part in parts where part.allSatisfy(IdentifierSet.isDigit) { addNumber(part) }
      guard parts.count >= 2, parts[0].count + parts[1].count >= 5 else { continue }
      if parts[0].count >= 4, parts[1].count >= 4 { continue }
      for separator in [" ", "_", ", ", "^", "-", ""] {
        let joint = Array(separator.utf8)
        add(parts[0] + joint + parts[1])
        add(parts[1] + joint + parts[0])
      }
    }
  }

  private mutating func addNameSpellings(_ value: [UInt8]) {
    for group in repertoire.split(value, { $0 == 0x3D }) { spellings.addWords(group, repertoire) }
  }

  private mutating func addDateSpellings(_ value: [UInt8]) {
    let digits = value.filter(IdentifierSet.isDigit).prefix(8)
    guard digits.count == 8, String(decoding: digits, as: UTF8.self) != DummyValue.date else { return }
    spellings.addDate(WrittenDates.number(digits))
  }

  private mutating func addIdentifier(_ value: [UInt8], hasWords: Bool) {
    guard !vendor.contains(value.map(IdentifierSet.lower)) else { return }
    if hasWords { spellings.addWords(value, repertoire) } else { spellings.addIdentifier(value, repertoire) }
    add(value)
    let digits = value.filter(IdentifierSet.isDigit)
    // 12-345-678 is also written 12345678.
    if digits.count >= 6, digits.count < value.count,
      value.allSatisfy({ IdentifierSet.isDigit($0) || [0x2D, 0x2E, 0x2F, 0x20].contains($0) })
    {
      addNumber(digits)
    }
  }

  private mutating func addUID(_ value: [UInt8]) {
    guard value.count >= 10, !UID.isStandard(PseudonymKey.trimmed(String(decoding: value, as: UTF8.self))) else { return }
    let uid = value.map(IdentifierSet.lower)
    tokens.insert(.init(bytes: uid, isNumber: false, isWord: false))
    if isForKept { uids.insert(uid) }
  }

  private mutating func addDate(_ value: [UInt8]) {
    let digits = value.filter(IdentifierSet.isDigit).prefix(8).map { $0 }
    guard digits.count == 8, String(decoding: digits, as: UTF8.self) != DummyValue.date else { return }
    let (year, month, day) = (digits[0..<4], digits[4..<6], digits[6..<8])
    guard (1...12).contains(WrittenDates.number(month)), (1...31).contains(WrittenDates.number(day)) else { return }
    let spellings: [[ArraySlice<UInt8>]] = [[year, month, day], [day, month, year], [month, day, year]]
    tokens.insert(.init(bytes: digits, isNumber: true, isWord: false, isDate: true))
    for separator in ["-", ".", "/"] {
      for spelling in spellings {
        let joined = spelling.joined(separator: Array(separator.utf8))
        tokens.insert(.init(bytes: Array(joined), isNumber: true, isWord: false, isDate: true))
      }
    }
  }

  private mutating func addNumber(_ digits: [UInt8]) {
    guard digits.count >= 5, digits.contains(where: { $0 != digits[0] }) else { return }
    tokens.insert(.init(bytes: digits, isNumber: true, isWord: false))
  }

  private mutating func add(_ value: [UInt8]) {
    let lower = value.map(IdentifierSet.lower)
    if lower.allSatisfy(IdentifierSet.isDigit) { return addNumber(lower) }
    guard lower.count >= 4, !IdentifierCollector.isCommon(lower) else { return }
    // `Corona` must not hit `coronal`.
    let isWord = lower.count < 6 || MedicalVocabulary.hasFragment(String(decoding: lower, as: UTF8.self))
    tokens.insert(.init(bytes: lower, isNumber: false, isWord: isWord))
  }

  /// Every word in it is a medical or another harmless word, a number under 5 digits, or what this profile itself writes.
  static func isCommon(_ value: [UInt8]) -> Bool {
    let words = value.split { !IdentifierSet.isAlphanumeric($0) }
    return words.allSatisfy { word in
      let text = String(decoding: word, as: UTF8.self)
      return MedicalVocabulary.contains(text) || commonWords.contains(text) || word.count < 2
        || (word.count < 5 && word.allSatisfy(IdentifierSet.isDigit))
    }
  }

  /// Attributes that name an organization, a place, a residence or a station: each of their words identifies.
  private static let worded: Set<UInt32> = [
    0x0008_0080, 0x0008_0081, 0x0008_0092, 0x0008_1010, 0x0008_1040, 0x0010_0021, 0x0010_1040, 0x0010_2152, 0x0010_2299, 0x0012_0010,
    0x0012_0031, 0x0012_0060, 0x0012_0081, 0x0032_1020, 0x0032_1033, 0x0038_001E, 0x0038_0300, 0x0038_0400, 0x0040_0010, 0x0040_0011,
    0x0040_0242, 0x0040_0243, 0x0040_1005, 0x0040_1102, 0x0040_2009, 0x0040_4036, 0x0040_A027, 0x0040_A353, 0x0088_0910, 0x4008_011A,
  ]

  private static let commonWords: Set<String> = [
    "anonymized", "anonymised", "anonymous", "anon", "unknown", "unspecified", "none", "null", "other", "patient", "person", "subject",
    "study",
    "series", "doctor", "hospital", "clinic", "department", "center", "centre", "university", "medical", "radiology", "default",
    "undefined",
    "original", "derived", "primary", "secondary", "monochrome", "siemens", "philips", "canon", "toshiba", "hitachi", "fujifilm", "agfa",
    "kodak",
    "hologic", "healthcare", "systems", "electric", "general", "united", "imaging", "about", "blank", "basic", "application",
    "confidentiality",
    "profile", "clean", "retain", "option", "scanforge", "identifying", "equipment", "identification", "removed", "modified", "unmodified",
    "structured", "graphics", "descriptors", "longitudinal", "temporal", "information", "full", "dates", "characteristics", "identity",
    "institution", "device", "safe", "private", "uids", "version", "station", "scanner", "from", "with", "the",
    "admin", "user", "operator", "service", "staff", "physician", "technologist", "technician", "tech", "nurse", "street", "north", "south",
    "east", "west", "healthineers", "shimadzu", "samsung", "neusoft", "mindray", "carestream", "konica", "minolta", "esaote", "bruker",
    "elekta", "varian", "magnetom", "somatom", "biograph", "avanto", "skyra", "prisma", "verio", "aera", "vida", "symphony", "espree", "trio",
    "sola", "definition", "sensation", "emotion", "perspective", "force", "syngo", "numaris", "artis", "axiom", "mobilett", "ysio",
    "acuson", "ingenia", "achieva", "intera", "brilliance", "ingenuity", "iqon", "gyroscan", "signa", "genesis", "discovery", "optima",
    "revolution", "lightspeed", "brightspeed", "hispeed", "logiq", "vivid", "voluson", "aquilion", "vantage", "titan", "aplio",
    "selenia", "senographe", "dimensions",
  ]

  private func values(_ element: Element) -> [[UInt8]] {
    repertoire.split(element.bytes ?? []) { $0 == 0x5C }.map { IdentifierCollector.trimmed($0[...]) }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ value: ArraySlice<UInt8>) -> [UInt8] {
    var value = value
    while let first = value.first, first == 0x20 || first == 0 || first == 9 { value.removeFirst() }
    while let last = value.last, last == 0x20 || last == 0 || last == 9 { value.removeLast() }
    return Array(value)
  }
}
