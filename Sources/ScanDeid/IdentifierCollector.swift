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

  /// Names of the vendor that stay anyway: some devices repeat them as station or institution.
  private var vendor: Set<[UInt8]> = []
  /// The words in them: private attributes repeat these.
  private var vendorWords: Set<[UInt8]> = []

  /// The tokens of everything that `actions` take away, less the values that an option keeps on purpose (a kept institution, device UID
  /// or date would otherwise be cut out again where another attribute repeats it).
  mutating func collect(_ dataset: Dataset) {
    add(dataset)
    for (code, repertoire) in localCodes where !publishedCodes.contains(code) {
      spellings.addDescription(code, repertoire, readsDates: false)
    }
    guard !actions.options.isEmpty else { return }
    var keeper = IdentifierCollector(actions: actions)
    keeper.isForKept = true
    keeper.add(dataset)
    // A person's name goes from the name of an institution that stays, too.
    let kept = Set(keeper.tokens.map(\.bytes)).subtracting(persons.tokens)
    keeper.spellings.keep(persons)
    // The root of a UID that stays is no trace of the UID that is the root alone.
    let roots = Set(keeper.uids.flatMap { uid in uid.indices.filter { uid[$0] == 0x2E }.map { Array(uid[..<$0]) } })
    tokens = tokens.filter { !kept.contains($0.bytes) && !roots.contains($0.bytes) }
    spellings.subtract(keeper.spellings)
  }

  private var isForKept = false
  /// Spellings of names of persons alone.
  private var persons = SpellingCollector()
  /// Values of codes of published schemes, which stay; and of others, which are looked for unless they are the same.
  private var publishedCodes: Set<[UInt8]> = []
  private var localCodes: [([UInt8], Repertoire)] = []
  /// Those that stay.
  private var uids: Set<[UInt8]> = []
  /// Of the dataset or item whose elements are being added.
  private var repertoire = Repertoire.western

  private mutating func add(_ dataset: Dataset, isTaken: Bool = false, depth: Int = 0) {
    let outer = repertoire
    repertoire = Repertoire(of: dataset, in: outer)
    defer { repertoire = outer }
    for tag in [Tag.manufacturer, .manufacturerModelName] {
      guard let bytes = dataset[tag]?.bytes else { continue }
      let name = IdentifierCollector.trimmed(bytes[...]).map(IdentifierSet.lower)
      vendor.insert(name)
      for word in name.split(whereSeparator: { !IdentifierSet.isLetter($0) }) { vendorWords.insert(Array(word)) }
    }
    let blocks = actions.privateAttributes == .cleanPrivate ? PrivateBlocks(dataset) : nil
    let isPublishedCode = dataset.text(.codingSchemeDesignator).map(DatasetCleaner.publishedSchemes.contains) ?? false
    if isPublishedCode, let code = dataset[.codeValue]?.bytes { publishedCodes.insert(IdentifierCollector.trimmed(code[...])) }
    for element in dataset.elements {
      let tag = element.tag
      if tag.isPrivate {
        guard !isForKept else { continue }
        if !isTaken, let blocks, blocks.keeps(tag) {
          if case .sequence(let items) = element.value { for item in items { add(item, depth: depth + 1) } }
        } else {
          addPrivate(element, depth: depth)
        }
      } else if case .sequence(let items) = element.value {
        let isTaken = isTaken || goes(element)
        for item in items { add(item, isTaken: isTaken, depth: depth + 1) }
      } else if let action = actions.action(for: tag) {
        if (action == .keep) == isForKept { addListed(element, action) }
      } else if !isForKept, !(isPublishedCode && DatasetCleaner.codeAttributes.contains(tag.packed)) {
        addUnlisted(element, isTaken: isTaken)
      }
    }
  }

  /// Whether the texts in the items of a sequence are taken away, whatever they are.
  private func goes(_ sequence: Element) -> Bool {
    switch actions.action(for: sequence.tag) {
    case nil: DataDictionary.entry(for: sequence.tag) == nil
    case .keep, .basic(.references): false
    default: true
    }
  }

  private mutating func addListed(_ element: Element, _ action: ProfileAction) {
    guard let row = ConfidentialityTable.row(for: element.tag), !element.isEmpty else { return }
    switch element.vr == .PN ? .PN : row.vr {
    case .PN: addNames(element)
    case .DA, .DT:
      let values = values(element)
      for value in values { addDateSpellings(value) }
      addMisplaced(element)
      if case .shiftDates = action { return }
      for value in values { addDate(value) }
    case .UI:
      for value in values(element) { addUID(value) }
      addMisplaced(element)
    case .TM, .AS: addMisplaced(element)
    case .LO, .SH, .UC, .AE, .ST, .LT, .UT, .UR:
      addDescription(element)
      // Descriptions and characteristics are common words, not identifiers as a whole.
      guard row.options[.cleanDescriptors] == nil, row.options[.retainPatientCharacteristics] == nil else { return }
      let hasWords = IdentifierCollector.worded.contains(element.tag.packed)
      for value in values(element) where value.count <= 128 {
        for line in value.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
          addIdentifier(IdentifierCollector.trimmed(line), hasWords: hasWords)
        }
      }
    case .IS, .DS: addDescription(element)
    default: addPrintable(element)
    }
  }

  /// What the table leaves alone and what is taken away nevertheless: names, dates, addresses, attributes that PS3.6 does not know, text
  /// where none belongs, and the texts in sequences that go.
  private mutating func addUnlisted(_ element: Element, isTaken: Bool) {
    guard let bytes = element.bytes, !bytes.isEmpty, !IdentifierCollector.schemes.contains(element.tag.packed) else { return }
    let entry = DataDictionary.entry(for: element.tag)
    if element.vr == .PN || entry?.vr == .PN { return addNames(element) }
    guard let entry, !DatasetCleaner.isDropped(element.tag), !(0x5000...0x60FF).contains(element.tag.group) else {
      return addPrintable(element)
    }
    switch entry.vr {
    case .DA, .DT:
      if !actions.options.contains(.retainLongitudinalFullDates) { for value in values(element) { addDateSpellings(value) } }
    case .UR: if !DatasetCleaner.harmlessURLs.contains(element.tag.packed) { addDescription(element) }
    case _ where element.tag == .codeValue: if isTaken { localCodes.append((IdentifierCollector.trimmed(bytes[...]), repertoire)) }
    case .LO, .SH, .ST, .LT, .UT, .UC, .AE: if isTaken { addDescription(element) }
    case .SQ: addPrintable(element)
    default: if !LegalValue.mayBe(element, entry) { addPrintable(element) }
    }
  }

  /// Private attributes tell more about techniques than about people, so names are looked for in words that stand by themselves alone.
  private mutating func addPrivate(_ element: Element, depth: Int) {
    switch element.value {
    case .sequence(let items): for item in items { add(item, isTaken: true, depth: depth + 1) }
    case .fragments: return
    case .bytes(let bytes):
      guard !bytes.isEmpty else { return }
      switch element.vr {
      case .PN: addNames(element)
      case .LO, .SH, .ST, .LT, .UT, .UC, .CS, .AE, .IS: if bytes.count <= IdentifierCollector.longestPrivateText { addTechnical(bytes) }
      case .DA, .DT: for value in values(element) { addDateSpellings(value) }
      case .UI: for value in values(element) where value.count >= 10 && !IdentifierCollector.isStandard(value) { spellings.addUID(value) }
      case .UN, .OB:
        if depth < ExplicitStream.maximumDepth, let items = UnknownVR.items(bytes) {
          for item in items { add(item, isTaken: true, depth: depth + 1) }
        } else if IdentifierCollector.isPrintable(bytes) {
          addTechnical(bytes)
        }
      default: return
      }
    }
  }

  private mutating func addNames(_ element: Element) {
    for value in values(element) {
      addName(value)
      for group in repertoire.split(value, { $0 == 0x3D }) {
        spellings.addName(group, repertoire)
        if !isForKept, !actions.options.isEmpty { persons.addName(group, repertoire) }
      }
    }
  }

  private mutating func addDescription(_ element: Element) {
    guard let bytes = element.bytes else { return }
    spellings.addDescription(bytes, repertoire, readsDates: !actions.options.contains(.retainLongitudinalFullDates))
  }

  private mutating func addTechnical(_ bytes: [UInt8]) {
    spellings.addTechnical(
      bytes, repertoire, readsDates: actions.options.isDisjoint(with: [.retainLongitudinalFullDates]), except: vendorWords)
  }

  /// Words where a date, a time, an age or a UID belongs.
  private mutating func addMisplaced(_ element: Element) {
    let words = (element.bytes ?? []).split { !IdentifierSet.isLetter($0) && $0 < 0x80 }
    if words.contains(where: { $0.count >= 4 }) { addDescription(element) }
  }

  /// Text in an attribute that has no business holding any.
  private mutating func addPrintable(_ element: Element) {
    if let bytes = element.bytes, IdentifierCollector.isPrintable(bytes) { addDescription(element) }
  }

  private static func isPrintable(_ bytes: [UInt8]) -> Bool {
    (4...longestPrivateText).contains(bytes.count) && bytes.prefix(4).allSatisfy { $0 != 0 }
      && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0 || (9...13).contains($0) }
  }

  /// Longer ones are protocols and images of vendors.
  private static let longestPrivateText = 16_384

  /// Designator and version of a coding scheme.
  private static let schemes: Set<UInt32> = [0x0008_0102, 0x0008_0103]

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

  private mutating func addDateSpellings(_ value: [UInt8]) {
    for date in WrittenDates.dates(inValue: value) where String(date) != DummyValue.date { spellings.addDate(date) }
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
    guard value.count >= 10, !IdentifierCollector.isStandard(value) else { return }
    let uid = value.map(IdentifierSet.lower)
    tokens.insert(.init(bytes: uid, isNumber: false, isWord: false))
    if isForKept { uids.insert(uid) }
  }

  private static func isStandard(_ uid: [UInt8]) -> Bool { UID.isStandard(PseudonymKey.trimmed(String(decoding: uid, as: UTF8.self))) }

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
