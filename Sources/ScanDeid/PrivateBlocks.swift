import ScanModel

/// The private blocks that one dataset or item reserves (PS3.5 section 7.8.1), and which of its private attributes are known to be safe.
struct PrivateBlocks {
  private let creators: [UInt32: String]
  /// Private creator tags that own at least one safe attribute here.
  private let safe: Set<UInt32>

  init(_ dataset: Dataset) {
    var creators: [UInt32: String] = [:]
    for element in dataset.elements where element.tag.isPrivateCreator {
      if let name = element.text { creators[element.tag.packed] = String(name.drop { $0 == " " }) }
    }
    self.creators = creators
    var safe: Set<UInt32> = []
    if !creators.isEmpty {
      for element in dataset.elements where PrivateBlocks.vr(element.tag, creators) != nil {
        safe.insert(PrivateBlocks.creatorTag(of: element.tag))
      }
    }
    self.safe = safe
  }

  /// VR of a safe attribute; nil for every other.
  func vr(_ tag: Tag) -> VR? { PrivateBlocks.vr(tag, creators) }

  /// A creator that stays, as Table E.3.10-1 spells it: without what else the element may hold.
  func creator(_ tag: Tag) -> String? { safe.contains(tag.packed) ? creators[tag.packed] : nil }

  /// Whether a creator or attribute stays.
  func keeps(_ tag: Tag) -> Bool { tag.isPrivateCreator ? safe.contains(tag.packed) : vr(tag) != nil }

  private static func vr(_ tag: Tag, _ creators: [UInt32: String]) -> VR? {
    guard tag.isPrivate, tag.element >= 0x1000, let creator = creators[creatorTag(of: tag)] else { return nil }
    return SafePrivateAttributes.vr(creator: creator, group: tag.group, element: UInt8(truncatingIfNeeded: tag.element))
  }

  private static func creatorTag(of tag: Tag) -> UInt32 { UInt32(tag.group) << 16 | UInt32(tag.element >> 8) }
}
