import ScanDeid
import ScanModel
import Testing

/// A token of its own in every attribute of Table E.1-1: none may be left, and each action must be one that the table permits.
struct EveryAttributeTests {
  static let sopClasses = [
    UID.ctImageStorage, UID.mrImageStorage, UID.secondaryCaptureImageStorage, "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.481.5", "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.3.4.5",
  ]

  @Test(arguments: sopClasses)
  func `top-level attributes get the action of the Basic Profile`(sopClass: String) throws {
    var dataset = Planted.instance(sopClass: sopClass)
    let planted = Planted.everyAttribute()
    for element in planted { dataset.set(element) }
    let clean = try Planted.clean(dataset).dataset
    for element in planted { try expectPermitted(element, in: clean, of: dataset, path: []) }
    expectNoToken(of: planted, in: clean)
    #expect(clean[.pixelData] == dataset[.pixelData])
    #expect(clean[.sliceThickness] == dataset[.sliceThickness])
    #expect(clean[.specificCharacterSet] == dataset[.specificCharacterSet])
  }

  /// A listed sequence that is kept, one that the table does not know, and a private one.
  static let sequences = [Tag.sourceImageSequence, Tag(0x0008, 0x1199), .sharedFunctionalGroupsSequence, Tag(0x0011, 0x1010)]

  @Test(arguments: sequences, [1, 2, 3])
  func `attributes in sequences get their actions to depth 3`(sequence: Tag, depth: Int) throws {
    let planted = Planted.everyAttribute()
    var dataset = Dataset(planted)
    for level in 0..<depth {
      // Inner levels alternate so that listed sequences hold unlisted ones and the other way round.
      let tag = level == depth - 1 ? sequence : EveryAttributeTests.sequences[level % 2]
      var outer = Dataset()
      outer.set(tag, sequence: [dataset, dataset])
      dataset = outer
    }
    var whole = Planted.instance()
    for element in dataset.elements { whole.set(element) }
    whole.set(Tag(0x0011, 0x0010), .LO, text: "MADE UP CREATOR")
    let clean = try Planted.clean(whole).dataset
    expectNoToken(of: planted, in: clean)
    #expect(clean.elements.allSatisfy { !$0.tag.isPrivate })
    guard !sequence.isPrivate else { return }
    var items = [clean]
    var path: [UInt32] = []
    for level in (0..<depth).reversed() {
      let tag = level == depth - 1 ? sequence : EveryAttributeTests.sequences[level % 2]
      path.append(tag.packed)
      items = items.flatMap { $0.items(tag) }
    }
    #expect(items.count == 1 << depth)
    for item in items {
      for element in planted { try expectPermitted(element, in: item, of: whole, path: path) }
    }
  }

  @Test func `a value in a wrong VR gets the action of its tag`() throws {
    var dataset = Planted.instance()
    let planted = Planted.everyAttribute()
    for element in planted {
      dataset.set(Element(element.tag, .UN, .bytes(Array((Planted.token(element.tag.hashValue & 0xFFFF) + "1").utf8))))
    }
    let tokens = dataset.elements.filter { $0.vr == .UN }.compactMap(\.text)
    let clean = try Planted.clean(dataset).dataset
    for token in tokens { #expect(Planted.occurrences(of: token, in: clean) == 0) }
    #expect(clean.elements.allSatisfy { $0.vr != .UN || $0.tag == Tag(0x0072, 0x006D) })
  }

  /// Every token begins with `zq`, every planted UID with the same root; neither occurs in anything that the profile writes.
  private func expectNoToken(of planted: [Element], in clean: Dataset) {
    let bytes = ExplicitStream.encode(clean)
    #expect(Planted.occurrences(of: "zq", in: bytes) == 0)
    #expect(Planted.occurrences(of: "1.3.6.1.4.1.99999.", in: bytes) == 0)
    for element in planted where element.vr == .DA || element.vr == .DT {
      #expect(Planted.occurrences(of: String((element.text ?? "").prefix(8)), in: bytes) == 0, "\(element.tag)")
    }
  }

  /// Compares the outcome with the letters of the code, not with the code that produced it.
  private func expectPermitted(_ original: Element, in clean: Dataset, of instance: Dataset, path: [UInt32]) throws {
    let code = try #require(ConfidentialityTable.row(for: original.tag)).basic.rawValue
    let outcome = clean[original.tag]
    let type = AttributeTypes.requirement(of: path + [original.tag.packed], in: instance)
    var letters = Set(code.replacing("*", with: "").split(separator: "/").map(String.init))
    // A Type forbids: 1 forbids X and an empty value, 2 forbids X, where the code has another letter.
    if letters.count > 1 {
      if type != nil, type != .optional { letters.remove("X") }
      if type == .required { letters.remove("Z") }
      if code != "X/Z/U*", type == .optional || type == nil { letters = [String(code.prefix(1))] }
    }
    let isPermitted: Bool
    switch outcome {
    case nil: isPermitted = letters.contains("X")
    case let element? where element.isEmpty: isPermitted = letters.contains("Z")
    case let element?:
      let isChanged = element.value != original.value
      let isUID = element.items != nil || element.texts.allSatisfy { $0.hasPrefix("2.25.") }
      isPermitted = isChanged && (letters.contains("D") || letters.contains("Z") || (letters.contains("U") && isUID))
    }
    #expect(isPermitted, "\(original.tag) \(code) type \(String(describing: type)): \(outcome == nil ? "absent" : "present")")
  }
}
