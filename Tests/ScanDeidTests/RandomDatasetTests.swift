import ScanDeid
import ScanModel
import TestSupport
import Testing

/// Random nested datasets: standard, unlisted, unknown and private attributes, any VR in any of them.
struct RandomDatasetTests {
  @Test func `no shape of dataset leaks or traps`() throws {
    var released = 0
    for seed in 0..<200 {
      var random = SplitMix64(seed: UInt64(seed))
      var dataset = Planted.patient(instance: seed)
      for element in build(&random, depth: 0).elements where element.tag != .sopClassUID { dataset.set(element) }
      let options = Set(DeidOptionsTests.built.filter { _ in random.next() % 4 == 0 }).subtracting([.retainLongitudinalFullDates])
      // Where the self-check stops the release, nothing can leak; but it must not be what the rules rely on.
      guard let clean = try? Planted.clean(dataset, options) else { continue }
      released += 1
      #expect(Planted.occurrences(of: "zqleak", in: clean.dataset) == 0, "seed \(seed)")
      #expect(Planted.occurrences(of: "Quarlsborough", in: clean.dataset) == 0, "seed \(seed)")
      if !options.contains(.retainUIDs) { #expect(Planted.occurrences(of: "1.3.6.1.4.1.99999.", in: clean.dataset) == 0, "seed \(seed)") }
      // What was made can be written and read back.
      #expect(try ExplicitStream.decode(ExplicitStream.encode(clean.dataset)).elements.count == clean.dataset.elements.count)
    }
    #expect(released == 200)
  }

  /// A file may hold tens of thousands of identifiers; the search must not multiply them with its bytes.
  @Test(.timeLimit(.minutes(1)))
  func `many identifiers cost no more than their length`() throws {
    var dataset = Planted.patient()
    let items = (0..<20_000).map { number in
      var item = Dataset()
      item.set(.referencedSOPInstanceUID, .UI, text: "1.3.6.1.4.1.99999.1234567890.\(number)")
      item.set(.patientName, .PN, text: "Quarlsborough\(Planted.token(number))")
      return item
    }
    dataset.set(.sourceImageSequence, sequence: items)
    let clean = try Planted.clean(dataset).dataset
    #expect(clean.items(.sourceImageSequence).count == 20_000)
    #expect(Planted.occurrences(of: "quarlsborough", in: clean) == 0)
  }

  /// Leaks are planted where the profile promises to remove: listed attributes that no option keeps, private and unknown ones.
  private func build(_ random: inout SplitMix64, depth: Int) -> Dataset {
    let rows = RandomDatasetTests.tags
    var dataset = Dataset()
    for _ in 0..<Int(random.next() % 12) + 2 {
      let vr = VR.allCases[Int(random.next() % UInt64(VR.allCases.count))]
      let leak = Element.padded(Array("zqleak".utf8), vr)
      let tag: Tag
      switch random.next() % 5 {
      case 0, 1: tag = rows[Int(random.next() % UInt64(rows.count))]
      case 2: tag = Tag(0x0011 + UInt16(random.next() % 4) * 2, 0x1000 + UInt16(random.next() % 256))
      case 3: tag = Tag(0x0018, 0xF000 + UInt16(random.next() % 256))
      default:
        tag = [Tag(0x0008, 0x1199), .sourceImageSequence, .sharedFunctionalGroupsSequence, Tag(0x0040, 0xA730)][Int(random.next() % 4)]
      }
      let isNested = depth < 5 && (vr == .SQ || random.next() % 3 == 0)
      if isNested || tag.element == 0x1199 || tag == .sourceImageSequence {
        dataset.set(tag, sequence: (0..<Int(random.next() % 3)).map { _ in build(&random, depth: depth + 1) })
      } else if random.next() % 9 == 0 {
        dataset.set(Element(tag, vr, .fragments([leak, []])))
      } else {
        dataset.set(Element(tag, vr, .bytes(leak)))
      }
    }
    return dataset
  }

  private static let tags: [Tag] = ConfidentialityTable.all.compactMap { coverage, row in
    guard case .tag(let tag) = coverage, row.options.values.allSatisfy({ $0 != .keep }) else { return nil }
    return tag
  }.sorted()
}
