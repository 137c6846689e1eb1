import Diagnostics
import ScanModel
import TestSupport
import Testing

/// Testing has a `Tag` too; in these tests the word means DICOM's.
typealias Tag = ScanModel.Tag

@Suite struct ExplicitStreamTests {
  @Test(arguments: 0..<200) func `decode undoes encode`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let dataset = random.dataset(depth: 0)
    #expect(try ExplicitStream.decode(ExplicitStream.encode(dataset)) == dataset)
  }

  @Test func `the bytes of one element are those of PS3.5 section 7`() {
    var dataset = Dataset()
    dataset.set(.patientID, .LO, text: "ABC")
    dataset.set(.rows, us: 0x0201)
    let expected: [UInt8] = [
      0x10, 0, 0x20, 0, 0x4C, 0x4F, 4, 0, 0x41, 0x42, 0x43, 0x20,  // LO: 16-bit length, padded with a space
      0x28, 0, 0x10, 0, 0x55, 0x53, 2, 0, 1, 2,  // US, little-endian
    ]
    #expect(ExplicitStream.encode(dataset) == expected)
  }

  @Test func `sequences of defined length are read too`() throws {
    let item: [UInt8] = [0x08, 0, 0x60, 0, 0x43, 0x53, 2, 0, 0x43, 0x54]
    let bytes: [UInt8] = [0x08, 0, 0x12, 0x21, 0x53, 0x51, 0, 0, 18, 0, 0, 0, 0xFE, 0xFF, 0, 0xE0, 10, 0, 0, 0] + item
    let dataset = try ExplicitStream.decode(bytes)
    #expect(dataset.items(.sourceImageSequence).map { $0.text(.modality) } == ["CT"])
  }

  @Test func `UN of undefined length is read as an implicit sequence`() throws {
    let bytes: [UInt8] =
      [0x09, 0, 0x10, 0x10, 0x55, 0x4E, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]
      + [0x08, 0, 0x60, 0, 2, 0, 0, 0, 0x4D, 0x52]
      + [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    let element = try #require(try ExplicitStream.decode(bytes)[Tag(0x0009, 0x1010)])
    #expect(element.vr == .SQ)
    #expect(element.items?.first?.text(.modality) == "MR")
  }

  @Test func `items hidden in a UN value are found and other bytes are not taken for items`() {
    let items: [UInt8] = [0xFE, 0xFF, 0, 0xE0, 10, 0, 0, 0, 0x08, 0, 0x60, 0, 2, 0, 0, 0, 0x4D, 0x52]
    #expect(ExplicitStream.decodeImplicitItems(items)?.first?.text(.modality) == "MR")
    #expect(ExplicitStream.decodeImplicitItems([0xFE, 0xFF, 0, 0xE0, 99, 0, 0, 0, 1, 2]) == nil)
    #expect(ExplicitStream.decodeImplicitItems(Array("just some text".utf8)) == nil)
  }

  @Test func `a value too long for a 16-bit length travels as UN`() throws {
    let long = Element(Tag(0x0028, 0x3006), .US, .bytes([UInt8](repeating: 7, count: 70_000)))
    let back = try #require(try ExplicitStream.decode(ExplicitStream.encode(Dataset([long])))[long.tag])
    #expect(back.vr == .UN)
    #expect(back.bytes == long.bytes)
  }

  @Test func `group lengths are left out`() {
    #expect(ExplicitStream.encode(Dataset([Element(Tag(0x0008, 0), .UL, .bytes([4, 0, 0, 0]))])).isEmpty)
  }

  @Test func `sequences nested beyond the limit are refused and up to it accepted`() throws {
    func nested(_ depth: Int) -> Dataset {
      var dataset = Dataset()
      for _ in 0..<depth {
        var outer = Dataset()
        outer.set(.sourceImageSequence, sequence: [dataset])
        dataset = outer
      }
      return dataset
    }
    let deepest = nested(ExplicitStream.maximumDepth)
    #expect(try ExplicitStream.decode(ExplicitStream.encode(deepest)) == deepest)
    let bytes = ExplicitStream.encode(nested(ExplicitStream.maximumDepth + 1))
    #expect(throws: ExplicitStreamError.tooDeep(tag: .sourceImageSequence)) { try ExplicitStream.decode(bytes) }
  }

  @Test func `every truncation is refused or ends between elements`() throws {
    var random = SplitMix64(seed: 5)
    let dataset = random.dataset(depth: 0)
    let bytes = ExplicitStream.encode(dataset)
    for length in 0..<bytes.count {
      guard let partial = try? ExplicitStream.decode(Array(bytes[..<length])) else { continue }
      #expect(partial.elements == Array(dataset.elements.prefix(partial.elements.count)))
      #expect(ExplicitStream.encode(partial) == Array(bytes[..<length]))
    }
  }

  @Test func `mutations never trap`() {
    var random = SplitMix64(seed: 77)
    let original = ExplicitStream.encode(random.dataset(depth: 0))
    for _ in 0..<5_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF].randomElement(using: &random)!
      }
      _ = try? ExplicitStream.decode(bytes)
      _ = ExplicitStream.decodeImplicitItems(bytes)
    }
  }

  @Test func `elements out of order are sorted and the first of equal tags is kept`() throws {
    var a = Dataset()
    var b = Dataset()
    var c = Dataset()
    a.set(.patientID, .LO, text: "first ")
    b.set(.modality, .CS, text: "CT")
    c.set(.patientID, .LO, text: "second")
    let dataset = try ExplicitStream.decode([a, b, c].flatMap { ExplicitStream.encode($0) })
    #expect(dataset.elements.map(\.tag) == [.modality, .patientID])
    #expect(dataset.text(.patientID) == "first")
  }

  @Test func `an error names the tag and never the value`() {
    let bytes: [UInt8] = [0x10, 0, 0x10, 0, 0x50, 0x4E, 9, 0] + Array("SECRET".utf8)
    do {
      _ = try ExplicitStream.decode(bytes)
      Issue.record("a truncated element was accepted")
    } catch {
      #expect(
        error.description
          == "(0010,0010): the element's length runs past the end of the data. Export the file again from its source system; this copy is damaged."
      )
    }
  }
}

/// Random datasets whose values already have even length.
extension SplitMix64 {
  fileprivate mutating func dataset(depth: Int) -> Dataset {
    var elements: [Element] = []
    for _ in 0..<Int.random(in: 0...8, using: &self) {
      let tag = Tag(UInt16.random(in: 8...0x60, using: &self), UInt16.random(in: 1...0x3000, using: &self))
      switch Int.random(in: 0...5, using: &self) {
      case 0 where depth < 4:
        let count = Int.random(in: 0...3, using: &self)
        var items: [Dataset] = []
        for _ in 0..<count { items.append(dataset(depth: depth + 1)) }
        elements.append(Element(tag, .SQ, .sequence(items)))
      default:
        let vr = VR.allCases.filter { $0 != .SQ }.randomElement(using: &self)!
        elements.append(Element(tag, vr, .bytes(bytes())))
      }
    }
    if depth == 0 {
      var fragments: [[UInt8]] = []
      for _ in 0..<Int.random(in: 1...3, using: &self) { fragments.append(bytes()) }
      elements.append(Element(.pixelData, .OB, .fragments(fragments)))
    }
    return Dataset(elements)
  }

  private mutating func bytes() -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<2 * Int.random(in: 0...20, using: &self) { bytes.append(UInt8.random(in: 0...255, using: &self)) }
    return bytes
  }
}
