import ScanModel

/// Gives elements that came as UN the meaning that they have: sequences hide in UN when some tool on their way did not know them.
enum UnknownVR {
  /// `dataset` with every standard UN element read as what PS3.6 says it is, to any depth. A UN value that holds implicit VR items becomes
  /// a sequence (PS3.5 section 6.2.2, note on UN). What stays UN is unknown to the standard and to this code.
  static func resolved(_ dataset: Dataset, depth: Int = 0) -> Dataset {
    guard holdsUnknown(dataset) else { return dataset }
    return Dataset(dataset.elements.map { resolved($0, depth: depth) })
  }

  /// A private element whose items have to be seen: nil when the value is no stream of items.
  static func items(_ bytes: [UInt8]) -> [Dataset]? { ExplicitStream.decodeImplicitItems(bytes) }

  private static func resolved(_ element: Element, depth: Int) -> Element {
    switch element.value {
    case .sequence(let items):
      return Element(element.tag, .SQ, .sequence(items.map { resolved($0, depth: depth + 1) }))
    case .bytes(let bytes) where element.vr == .UN && !element.tag.isPrivate:
      let vr = DataDictionary.implicitVR(of: element.tag)
      if vr == .SQ || vr == .UN, depth < ExplicitStream.maximumDepth, let items = items(bytes) {
        return Element(element.tag, .SQ, .sequence(items.map { resolved($0, depth: depth + 1) }))
      }
      return vr == .SQ ? element : Element(element.tag, vr, .bytes(bytes))
    default:
      return element
    }
  }

  private static func holdsUnknown(_ dataset: Dataset) -> Bool {
    dataset.elements.contains { element in
      if case .sequence(let items) = element.value { return element.vr != .SQ || items.contains(where: holdsUnknown) }
      return element.vr == .UN && !element.tag.isPrivate
    }
  }
}
