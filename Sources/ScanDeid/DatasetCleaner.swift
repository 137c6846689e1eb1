import ScanModel

/// Applies the profile to one instance: every attribute, in every sequence, at every depth.
///
/// A value; made anew for each file, so cleaning is free of shared state.
struct DatasetCleaner {
  /// How attributes that the table does not list are treated.
  enum Mode {
    /// As they are, less the identifiers that the file held elsewhere.
    case ordinary
    /// Inside a sequence that D replaces: values become dummies, structure and coded strings stay.
    case dummy
    /// Inside a sequence that C cleans: of texts, medical words stay.
    case clean
  }

  let actions: ProfileActions
  let key: PseudonymKey
  let patient: Pseudonym
  let patientName: [UInt8]
  let shift: DateShift?
  let identifiers: IdentifierSet
  let mapping: IdentifierMapping?
  private(set) var counts: [String: Int] = [:]

  init(
    actions: ProfileActions, key: PseudonymKey, patient: Pseudonym, patientName: [UInt8], identifiers: IdentifierSet,
    mapping: IdentifierMapping?
  ) {
    self.actions = actions
    self.key = key
    self.patient = patient
    self.patientName = patientName
    self.identifiers = identifiers
    self.mapping = mapping
    shift = actions.options.contains(.retainLongitudinalModifiedDates) ? DateShift(days: key.dateShiftDays(of: patient)) : nil
  }

  mutating func clean(
    _ dataset: Dataset, types: AttributeTypes.Node, mode: Mode = .ordinary, depth: Int = 0, repertoire: Repertoire = .western
  ) -> Dataset {
    // Deeper than any reader of ours goes; reached only through items hidden in UN.
    guard depth <= ExplicitStream.maximumDepth else { return Dataset() }
    let item = Item(
      dataset, types: types, mode: mode, depth: depth, repertoire: Repertoire(of: dataset, in: repertoire),
      keepsSafePrivate: actions.privateAttributes == .cleanPrivate)
    if mode != .ordinary, item.isCode { return cleanedCode(dataset, in: item) }
    var elements: [Element] = []
    elements.reserveCapacity(dataset.elements.count)
    for element in dataset.elements {
      if let element = clean(element, in: item) { elements.append(element) }
    }
    return Dataset(elements)
  }

  mutating func count(_ action: String) { counts[action, default: 0] += 1 }

  private mutating func clean(_ element: Element, in item: Item) -> Element? {
    let tag = element.tag
    if tag.isGroupLength || DatasetCleaner.isDropped(tag) { return drop("removed") }
    if tag.isPrivate { return cleanPrivate(element, in: item) }
    if (0x5000...0x50FF).contains(tag.group) { return drop("removed") }
    if (0x6000...0x60FF).contains(tag.group) { return cleanOverlay(element, in: item) }
    if let action = actions.action(for: tag) { return apply(action, to: element, in: item) }
    if tag == DatasetCleaner.selectorCodedString { return dummy(element, in: item) }
    if DatasetCleaner.classUIDs.contains(tag.packed), identifiers.holdsNumber(inUIDs: element.texts) { return replacedUID(element) }
    return cleanUnlisted(element, in: item)
  }

  private mutating func drop(_ action: String) -> Element? {
    count(action)
    return nil
  }

  // MARK: Attributes of the table

  private mutating func apply(_ action: ProfileAction, to element: Element, in item: Item) -> Element? {
    switch action {
    case .basic(let code):
      return apply(code, to: element, in: item)
    case .keep:
      count("kept")
      if case .sequence = element.value { return recurse(element, in: item, .ordinary) }
      return DatasetCleaner.isSequence(element.tag) ? drop("removed") : kept(element, in: item)
    case .shiftDates(let otherwise):
      return shifted(element) ?? apply(otherwise, to: element, in: item)
    case .cleanText(let otherwise):
      return cleanedText(element, in: item) ?? apply(otherwise, to: element, in: item)
    case .cleanItems, .cleanGraphics:
      guard case .sequence = element.value else { return drop("removed") }
      count("cleaned")
      return recurse(element, in: item, .clean)
    case .cleanApplicationEntity:
      guard !element.isEmpty, element.bytes != nil else { return drop("removed") }
      count("cleaned")
      let titles = element.texts.map { key.applicationEntity(for: $0) }
      return Element(element.tag, .AE, text: titles.joined(separator: "\\"))
    case .cleanPrivate:
      return cleanPrivate(element, in: item)
    }
  }

  /// A value that an option keeps, as far as it is what its VR says; else the Basic Profile decides.
  private mutating func kept(_ element: Element, in item: Item) -> Element? {
    let vr = DatasetCleaner.vr(of: element)
    let most = DataDictionary.entry(for: element.tag).flatMap { LegalValue.most($0.vm) }
    let element = LegalText.mended(element, vr, most: most, item.repertoire)
    if vr == .UI, !element.texts.allSatisfy(DatasetCleaner.isWellFormed) { return replacedUID(element) }
    guard let bytes = element.bytes, !LegalValue.mayBe(bytes, vr, most: most), let row = ConfidentialityTable.row(for: element.tag) else {
      return scrubbed(element, in: item)
    }
    return apply(row.basic, to: element, in: item)
  }

  private mutating func apply(_ code: ConfidentialityTable.Code, to element: Element, in item: Item) -> Element? {
    let resolved = code.resolved(item.types.requirements[element.tag.packed])
    if element.tag == .patientID || element.tag == .patientName { return pseudonymous(element, in: item) }
    switch resolved {
    case .remove:
      return drop("removed")
    case .uid:
      return replacedUID(element)
    case .references:
      count("uidReplaced")
      guard case .sequence = element.value else { return Element(element.tag, .SQ, .sequence([])) }
      return recurse(element, in: item, .ordinary)
    case .dummy:
      return dummy(element, in: item)
    default:
      return emptied(element)
    }
  }

  private mutating func emptied(_ element: Element) -> Element {
    count("emptied")
    let vr = DatasetCleaner.vr(of: element)
    return Element(element.tag, vr, vr == .SQ ? .sequence([]) : .bytes([]))
  }

  /// Patient's Name and Patient ID carry the pseudonym, which both Z and D allow; so an item about another patient gets that one's.
  private mutating func pseudonymous(_ element: Element, in item: Item) -> Element {
    count("replaced")
    var person = patient
    if item.depth > 0 {
      if let id = item.patientID {
        person = key.pseudonym(of: id)
      } else if element.tag == .patientName, let name = element.text, !name.isEmpty,
        element.bytes.map({ DatasetCleaner.trimmed($0) }) != patientName
      {
        person = key.pseudonym(of: name)
      }
    }
    if element.tag == .patientID, let old = element.text, !old.isEmpty { mapping?.addPatient(old, person.text) }
    return Element(element.tag, DatasetCleaner.vr(of: element), text: person.text)
  }

  private mutating func dummy(_ element: Element, in item: Item) -> Element? {
    count("replaced")
    let vr = DatasetCleaner.vr(of: element)
    if vr == .SQ {
      guard case .sequence = element.value else { return Element(element.tag, .SQ, .sequence([])) }
      return recurse(element, in: item, .dummy)
    }
    if vr == .UI, let uid = replacedUID(element) { return uid }
    if element.tag == DatasetCleaner.encapsulatedDocument, item.mediaType == "application/pdf" {
      return Element(element.tag, .OB, .bytes(DummyValue.blankPDF))
    }
    return Element(element.tag, vr, .bytes(DummyValue.bytes(vr)))
  }

  private mutating func replacedUID(_ element: Element) -> Element? {
    guard let bytes = element.bytes else { return drop("removed") }
    guard !DatasetCleaner.trimmed(bytes).isEmpty else { return Element(element.tag, .UI, .bytes([])) }
    count("uidReplaced")
    let uids = element.texts.map { uid -> String in
      let new = DatasetCleaner.isWellFormed(uid) ? key.uid(for: uid) : key.uid(for: "\u{1}" + uid)
      if new != uid { mapping?.addUID(uid, new) }
      return new
    }
    return Element(element.tag, .UI, text: uids.joined(separator: "\\"))
  }

  private mutating func shifted(_ element: Element) -> Element? {
    guard let shift, !element.isEmpty, element.bytes != nil else { return nil }
    var values: [String] = []
    for text in element.texts {
      switch DatasetCleaner.vr(of: element) {
      case .DA: if let value = shift.shifted(date: text) { values.append(value) } else { return nil }
      case .DT: if let value = shift.shifted(dateTime: text) { values.append(value) } else { return nil }
      case .TM: if DateShift.isTime(text) { values.append(text) } else { return nil }
      default: return nil
      }
    }
    count("shifted")
    return Element(element.tag, DatasetCleaner.vr(of: element), text: values.joined(separator: "\\"))
  }

  /// nil when no known word is left, or when it is no text.
  private mutating func cleanedText(_ element: Element, in item: Item) -> Element? {
    guard DatasetCleaner.vr(of: element).isText, let text = element.text, !text.isEmpty else { return nil }
    let isMultiple = [VR.LO, .SH, .CS, .UC].contains(DatasetCleaner.vr(of: element))
    let values = (isMultiple ? text.split(separator: "\\").map(String.init) : [text]).map { MedicalVocabulary.cleaned($0) }
    guard values.contains(where: { !$0.isEmpty }) else { return nil }
    count("cleaned")
    return scrubbed(Element(element.tag, DatasetCleaner.vr(of: element), text: values.joined(separator: "\\")), in: item)
  }

  // MARK: Attributes that the table does not list

  private mutating func cleanUnlisted(_ element: Element, in item: Item) -> Element? {
    let tag = element.tag
    if tag == .pixelData || tag == .floatPixelData || tag == .doubleFloatPixelData {
      // In items only icons have pixels, and icons go.
      return item.depth == 0 ? element : drop("removed")
    }
    if case .fragments = element.value { return drop("removed") }
    guard let entry = DataDictionary.entry(for: tag) else { return drop("unknownRemoved") }
    if case .sequence = element.value { return recurse(element, in: item, item.mode) }
    let element = LegalText.mended(element, entry.vr, most: LegalValue.most(entry.vm), item.repertoire)
    switch entry.vr {
    case .SQ: return drop("removed")
    case .PN: return drop("removed")
    case .DA, .DT:
      if actions.options.contains(.retainLongitudinalFullDates) { return LegalValue.mayBe(element, entry) ? element : drop("removed") }
      return shifted(element) ?? drop("removed")
    case .UR where !DatasetCleaner.harmlessURLs.contains(tag.packed): return drop("removed")
    case .UI:
      let stays = actions.options.contains(.retainUIDs) || DatasetCleaner.classUIDs.contains(tag.packed)
      return stays && element.texts.allSatisfy(DatasetCleaner.isWellFormed) ? element : replacedUID(element)
    case .OB, .OW, .OF, .OD, .OL, .OV: return cleanSamples(element, entry.vr, in: item)
    default: break
    }
    guard LegalValue.mayBe(element, entry) else { return emptied(element) }
    switch item.mode {
    case .ordinary: return scrubbed(element, in: item)
    case .dummy: return dummyUnlisted(element, entry.vr, in: item)
    case .clean:
      switch entry.vr {
      case .LO, .SH, .ST, .LT, .UT, .UC: return cleanedText(element, in: item) ?? Element(tag, entry.vr, .bytes(DummyValue.bytes(entry.vr)))
      case .AE, .OB, .OW, .UN: return dummyUnlisted(element, entry.vr, in: item)
      default: return scrubbed(element, in: item)
      }
    }
  }

  /// Tables, waveforms and other binary values: numbers that stay, less texts among them, which become zeros.
  private mutating func cleanSamples(_ element: Element, _ vr: VR, in item: Item) -> Element? {
    guard let bytes = element.bytes else { return drop("removed") }
    if item.mode != .ordinary, [.OB, .OW].contains(vr) { return dummyUnlisted(element, vr, in: item) }
    if element.tag == DatasetCleaner.iccProfile {
      guard let profile = ICCProfile.cleaned(bytes) else { return emptied(element) }
      if profile != bytes { count("cleaned") }
      return scrubbed(Element(element.tag, .OB, .bytes(profile)), in: item)
    }
    guard !LegalValue.holdsWords(bytes, vr), !LegalValue.isShortText(bytes, vr) else { return emptied(element) }
    var samples = bytes
    for run in TextRun.improbable(in: bytes) { for index in run { samples[index] = 0 } }
    if samples != bytes { count("cleaned") }
    return scrubbed(Element(element.tag, element.vr, .bytes(samples)), in: item)
  }

  private mutating func dummyUnlisted(_ element: Element, _ vr: VR, in item: Item) -> Element? {
    switch vr {
    case .LO, .SH, .ST, .LT, .UT, .UC, .AE, .AS, .TM, .OB, .OW, .UN: return Element(element.tag, vr, .bytes(DummyValue.bytes(vr)))
    default:
      guard element.tag == DatasetCleaner.graphicData, let bytes = element.bytes else { return scrubbed(element, in: item) }
      return Element(element.tag, element.vr, .bytes([UInt8](repeating: 0, count: bytes.count)))
    }
  }

  /// A code of a published scheme stays when cleaning; its meaning keeps known words. Any other code becomes one that means nothing. What
  /// else the item holds is cleaned like everything.
  private mutating func cleanedCode(_ dataset: Dataset, in item: Item) -> Dataset {
    count(item.mode == .clean ? "cleaned" : "replaced")
    var result = publishedCode(dataset, in: item) ?? DummyValue.codeItem
    for element in dataset.elements where !DatasetCleaner.codeAttributes.contains(element.tag.packed) {
      if let element = clean(element, in: item) { result.set(element) }
    }
    return result
  }

  private mutating func publishedCode(_ dataset: Dataset, in item: Item) -> Dataset? {
    guard item.mode == .clean, let scheme = dataset.text(.codingSchemeDesignator), DatasetCleaner.publishedSchemes.contains(scheme),
      let value = dataset[.codeValue], let kept = scrubbed(value, in: item), let designator = dataset[.codingSchemeDesignator]
    else { return nil }
    var code = Dataset([kept, designator])
    let meaning = MedicalVocabulary.cleanedMeaning(dataset.text(.codeMeaning) ?? "")
    code.set(
      scrubbed(Element(.codeMeaning, .LO, text: meaning.isEmpty ? DummyValue.text : meaning), in: item)
        ?? Element(.codeMeaning, .LO, text: DummyValue.text))
    return code
  }

  // MARK: Overlays and private attributes

  /// Overlays go whole: a plane without its data would be no valid overlay. Clean Graphics keeps regions of interest (type R), without texts.
  private mutating func cleanOverlay(_ element: Element, in item: Item) -> Element? {
    guard actions.overlays == .cleanGraphics, item.regionOverlays.contains(element.tag.group) else { return drop("removed") }
    switch element.tag.element {
    case 0x0022, 0x1500, 0x4000: return drop("removed")
    default:
      guard let entry = DataDictionary.entry(for: element.tag), let bytes = element.bytes else { return drop("removed") }
      let mended = LegalText.mended(element, entry.vr, most: LegalValue.most(entry.vm), item.repertoire)
      guard bytes.isEmpty || LegalValue.mayBe(mended, entry) else { return drop("removed") }
      return scrubbed(mended, in: item)
    }
  }

  private mutating func cleanPrivate(_ element: Element, in item: Item) -> Element? {
    let tag = element.tag
    if tag.isPrivateCreator { return item.blocks?.creator(tag).map { Element(tag, .LO, text: $0) } ?? drop("privateRemoved") }
    guard let vr = item.blocks?.vr(tag) else { return drop("privateRemoved") }
    var element = element
    if vr == .SQ, let bytes = element.bytes {
      guard let items = UnknownVR.items(bytes) else { return drop("privateRemoved") }
      element = Element(tag, .SQ, .sequence(items.map { UnknownVR.resolved($0, depth: item.depth + 1) }))
    }
    count("kept")
    switch element.value {
    case .sequence: return recurse(element, in: item, .ordinary)
    case .fragments: return drop("privateRemoved")
    case .bytes(let bytes):
      let keepsUIDs = actions.options.contains(.retainUIDs) && element.texts.allSatisfy(DatasetCleaner.isWellFormed)
      if vr == .UI, !keepsUIDs { return replacedUID(element) }
      guard LegalValue.mayBe(bytes, vr, most: nil) else { return drop("privateRemoved") }
      let typed = Element(tag, element.vr == .UN && vr != .SQ ? vr : element.vr, .bytes(bytes))
      return scrubbed(LegalText.mended(typed, vr, most: nil, item.repertoire), in: item)
    }
  }

  // MARK: Pieces

  private mutating func recurse(_ element: Element, in item: Item, _ mode: Mode) -> Element? {
    guard case .sequence(let items) = element.value else { return nil }
    let types = item.types.children[element.tag.packed] ?? .none
    // Once inside a sequence that is replaced or cleaned, what is below is too.
    let inner = item.mode == .dummy || (item.mode == .clean && mode == .ordinary) ? item.mode : mode
    return Element(
      element.tag, .SQ, .sequence(items.map { clean($0, types: types, mode: inner, depth: item.depth + 1, repertoire: item.repertoire) }))
  }

  /// Takes the file's own identifiers out of a value that stays.
  private mutating func scrubbed(_ element: Element, in item: Item) -> Element? {
    guard let bytes = element.bytes, element.tag != .specificCharacterSet else { return element }
    let matches: [Range<Int>]
    // What the attribute is, whatever the file calls it.
    let vr = element.tag.isPrivate ? element.vr : DatasetCleaner.vr(of: element)
    switch vr {
    // A word that PS3.3 enumerates for this place is no name, whatever department is called so.
    case .CS where EnumeratedTerms.of(element.tag).map({ terms in element.texts.allSatisfy(terms.contains) }) == true: return element
    case .LO, .SH, .ST, .LT, .UT, .UC, .PN, .UR, .AE, .CS:
      matches = identifiers.matches(inText: bytes, item.repertoire, isCode: vr == .CS)
    case .OB, .UN: matches = identifiers.matches(inBinary: bytes)
    case .DS, .IS:
      let isRecord = element.tag != .numberOfFrames && bytes.split(separator: 0x5C).contains(where: identifiers.isNumber)
      return isRecord ? emptied(element) : element
    case .FD, .FL, .UL, .SL, .UV, .SV: return identifiers.holdsNumber(in: bytes, vr) ? emptied(element) : element
    default: return element
    }
    guard !matches.isEmpty else { return element }
    count("cleaned")
    let rest = DatasetCleaner.without(matches, bytes, vr)
    // What closes up must not spell another one.
    let isClean = vr == .OB || vr == .UN || identifiers.matches(inText: rest, item.repertoire).isEmpty
    return Element(element.tag, vr, .bytes(isClean ? rest : DummyValue.bytes(vr)))
  }

  private static func without(_ matches: [Range<Int>], _ bytes: [UInt8], _ vr: VR) -> [UInt8] {
    switch vr {
    case .OB, .UN:
      var bytes = bytes
      for match in matches { for index in match { bytes[index] = 0 } }
      return bytes
    case .CS, .AE, .UR:
      return DummyValue.bytes(vr)
    default:
      var rest: [UInt8] = []
      var position = 0
      for match in matches {
        rest += bytes[position..<match.lowerBound]
        position = match.upperBound
      }
      rest += bytes[position...]
      let value = trimmed(rest)
      return value.isEmpty ? DummyValue.bytes(vr) : Element.padded(value, vr)
    }
  }
}
