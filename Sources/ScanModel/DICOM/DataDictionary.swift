/// The attributes that PS3.6 defines: keyword, VR, VM and name by tag, and tag by keyword.
package enum DataDictionary {
  package struct Entry: Sendable, Equatable {
    /// Empty for a few retired attributes that the standard left without one.
    package let keyword: String
    /// The first of the VRs that the attribute may have.
    package let vr: VR
    /// All VRs that the attribute may have: `[.US, .SS]` for those that follow Pixel Representation.
    package let vrs: [VR]
    /// `1`, `1-n`, `2-2n` …
    package let vm: String
    package let name: String
    package let isRetired: Bool
  }

  /// The attribute's entry; nil for private, unknown and group length tags.
  ///
  /// Knows the repeating groups 50xx, 60xx and 7Fxx and the few repeating elements, such as (0020,31xx).
  package static func entry(for tag: Tag) -> Entry? {
    let packed = tag.packed
    var low = 0
    var high = parsed.tags.count
    while low < high {
      let middle = (low + high) / 2
      if parsed.tags[middle] < packed { low = middle + 1 } else { high = middle }
    }
    if low < parsed.tags.count, parsed.tags[low] == packed { return parsed.entries[low] }
    guard !tag.isPrivate else { return nil }
    return parsed.patterns.first { packed & $0.mask == $0.value }?.entry
  }

  /// The tag of a keyword such as `PatientID`; nil when PS3.6 has no such keyword, or only for a repeating group.
  package static func tag(keyword: String) -> Tag? { parsed.byKeyword[keyword].map { Tag(packed: $0) } }

  /// All keywords but those of the repeating groups, in no order.
  package static var keywords: some Collection<String> { parsed.byKeyword.keys }

  /// The VR that an implicit VR stream means by `tag`. PS3.5 section A.1.
  ///
  /// Where the VR depends on Pixel Representation it gives US; OW where OB and OW are possible; UN for what it does not know.
  package static func implicitVR(of tag: Tag) -> VR {
    if tag.isGroupLength { return .UL }
    if tag.isPrivateCreator { return .LO }
    guard let entry = entry(for: tag) else { return .UN }
    return entry.vrs.contains(.OW) ? .OW : entry.vr
  }

  private struct Pattern: Sendable {
    let mask: UInt32
    let value: UInt32
    let entry: Entry
  }

  private struct Parsed: Sendable {
    var tags: [UInt32] = []
    var entries: [Entry] = []
    var patterns: [Pattern] = []
    var byKeyword: [String: UInt32] = [:]
  }

  /// Parsed on first use, once.
  private static let parsed: Parsed = {
    var parsed = Parsed()
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false)
      precondition(fields.count == 6, "data dictionary: a line has \(fields.count) fields")
      let vrs = fields[2].split(separator: "/").compactMap { VR(rawValue: String($0)) }
      precondition(!vrs.isEmpty, "data dictionary: \(fields[0]) has no VR")
      let entry = Entry(
        keyword: String(fields[1]), vr: vrs[0], vrs: vrs, vm: String(fields[3]), name: String(fields[5]), isRetired: fields[4] == "R")
      if let packed = UInt32(fields[0], radix: 16) {
        // The table is in tag order; the binary search relies on it.
        precondition(parsed.tags.last.map { $0 < packed } ?? true, "data dictionary: \(fields[0]) is out of order")
        parsed.tags.append(packed)
        parsed.entries.append(entry)
        if !entry.keyword.isEmpty { parsed.byKeyword[entry.keyword] = packed }
      } else {
        let (mask, value) = pattern(fields[0])
        parsed.patterns.append(Pattern(mask: mask, value: value, entry: entry))
      }
    }
    return parsed
  }()

  private static func pattern(_ digits: Substring) -> (mask: UInt32, value: UInt32) {
    var mask: UInt32 = 0
    var value: UInt32 = 0
    for digit in digits {
      mask <<= 4
      value <<= 4
      if let number = digit.hexDigitValue {
        mask |= 0xF
        value |= UInt32(number)
      }
    }
    return (mask, value)
  }
}
