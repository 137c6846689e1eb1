/// A DICOM dataset: elements in ascending tag order, each tag at most once.
package struct Dataset: Sendable, Equatable {
  package private(set) var elements: [Element]

  package init() { elements = [] }

  /// Sorts `elements`; of equal tags the first is kept.
  package init(_ elements: [Element]) {
    self.elements = []
    self.elements.reserveCapacity(elements.count)
    for element in elements where index(of: element.tag) == nil { set(element) }
  }

  package var isEmpty: Bool { elements.isEmpty }

  package subscript(tag: Tag) -> Element? { index(of: tag).map { elements[$0] } }

  /// Inserts or replaces.
  package mutating func set(_ element: Element) {
    let position = lowerBound(element.tag)
    if position < elements.count, elements[position].tag == element.tag {
      elements[position] = element
    } else {
      elements.insert(element, at: position)
    }
  }

  package mutating func set(_ tag: Tag, _ vr: VR, text: String) { set(Element(tag, vr, text: text)) }

  /// Little-endian US values.
  package mutating func set(_ tag: Tag, us values: UInt16...) {
    set(Element(tag, .US, .bytes(values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })))
  }

  package mutating func set(_ tag: Tag, sequence items: [Dataset]) { set(Element(tag, .SQ, .sequence(items))) }

  package mutating func remove(_ tag: Tag) {
    if let position = index(of: tag) { elements.remove(at: position) }
  }

  /// First value as text (see `Element.text`), nil when absent or empty.
  package func text(_ tag: Tag) -> String? {
    guard let text = self[tag]?.text, !text.isEmpty else { return nil }
    return text
  }

  package func texts(_ tag: Tag) -> [String] { self[tag]?.texts ?? [] }
  package func numbers(_ tag: Tag) -> [Double] { self[tag]?.numbers ?? [] }
  package func number(_ tag: Tag) -> Double? { numbers(tag).first }
  /// First value rounded to the nearest integer, halves away from zero; nil when it is not a number or beyond 2⁵³.
  package func integer(_ tag: Tag) -> Int? {
    // Written without `rounded()`, which needs libm: programs without Foundation do not link it.
    number(tag).flatMap { abs($0) <= 0x1p53 ? Int($0 + ($0 < 0 ? -0.5 : 0.5)) : nil }
  }
  package func items(_ tag: Tag) -> [Dataset] { self[tag]?.items ?? [] }

  private func index(of tag: Tag) -> Int? {
    let position = lowerBound(tag)
    return position < elements.count && elements[position].tag == tag ? position : nil
  }

  private func lowerBound(_ tag: Tag) -> Int {
    var low = 0
    var high = elements.count
    if let last = elements.last, last.tag < tag { return high }
    while low < high {
      let middle = (low + high) / 2
      if elements[middle].tag < tag { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
