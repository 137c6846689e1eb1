/// Reads elements with every length checked against what holds it; never reads outside the buffer and never traps.
struct ExplicitStreamReader {
  enum Encoding { case explicit, implicit }

  private let buffer: UnsafeRawBufferPointer
  private var position = 0

  init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

  /// Elements until `end`, or until an Item Delimitation Item when `isItem`.
  mutating func dataset(until end: Int, encoding: Encoding, depth: Int, isItem: Bool) throws(ExplicitStreamError) -> Dataset {
    var elements: [Element] = []
    var isSorted = true
    while position < end {
      let tag = try tag(until: end)
      if tag.group == 0xFFFE {
        guard isItem, tag == ExplicitStream.itemDelimitation else { throw .misplaced(tag: tag) }
        _ = try word32(until: end, tag)
        return Dataset(isSorted ? elements : ExplicitStreamReader.sorted(elements))
      }
      let element = try element(tag, until: end, encoding: encoding, depth: depth)
      if tag.isGroupLength { continue }
      if let last = elements.last, last.tag >= tag { isSorted = false }
      elements.append(element)
    }
    if isItem { throw .truncated(tag: ExplicitStream.itemDelimitation) }
    return Dataset(isSorted ? elements : ExplicitStreamReader.sorted(elements))
  }

  /// Items until a Sequence Delimitation Item when `isDelimited`, else until `end`.
  mutating func items(
    until end: Int, isDelimited: Bool, encoding: Encoding, depth: Int, tag owner: Tag
  ) throws(ExplicitStreamError) -> [Dataset] {
    guard depth <= ExplicitStream.maximumDepth else { throw .tooDeep(tag: owner) }
    var items: [Dataset] = []
    while position < end {
      let tag = try tag(until: end)
      let length = try word32(until: end, tag)
      if isDelimited, tag == ExplicitStream.sequenceDelimitation { return items }
      guard tag == ExplicitStream.item else { throw .misplaced(tag: tag) }
      if length == ExplicitStream.undefinedLength {
        items.append(try dataset(until: end, encoding: encoding, depth: depth, isItem: true))
      } else {
        let itemEnd = try limit(length, until: end, tag)
        items.append(try dataset(until: itemEnd, encoding: encoding, depth: depth, isItem: false))
      }
    }
    if isDelimited { throw .truncated(tag: owner) }
    return items
  }

  private mutating func element(_ tag: Tag, until end: Int, encoding: Encoding, depth: Int) throws(ExplicitStreamError) -> Element {
    var vr: VR
    let length: UInt32
    switch encoding {
    case .explicit:
      vr = try representation(tag, until: end)
      if vr.hasLongLength {
        _ = try word16(until: end, tag)
        length = try word32(until: end, tag)
      } else {
        length = UInt32(try word16(until: end, tag))
      }
    case .implicit:
      length = try word32(until: end, tag)
      vr = DataDictionary.implicitVR(of: tag)
    }
    if length == ExplicitStream.undefinedLength {
      if tag == .pixelData || vr == .OB || vr == .OW {
        return Element(tag, encoding == .implicit ? .OB : vr, .fragments(try fragments(until: end, tag)))
      }
      let nested = vr == .UN ? Encoding.implicit : encoding
      return Element(tag, .SQ, .sequence(try items(until: end, isDelimited: true, encoding: nested, depth: depth + 1, tag: tag)))
    }
    let valueEnd = try limit(length, until: end, tag)
    if vr == .SQ {
      return Element(tag, .SQ, .sequence(try items(until: valueEnd, isDelimited: false, encoding: encoding, depth: depth + 1, tag: tag)))
    }
    defer { position = valueEnd }
    return Element(tag, vr, .bytes(Array(buffer[position..<valueEnd])))
  }

  private mutating func fragments(until end: Int, _ owner: Tag) throws(ExplicitStreamError) -> [[UInt8]] {
    var fragments: [[UInt8]] = []
    while position < end {
      let tag = try tag(until: end)
      let length = try word32(until: end, tag)
      if tag == ExplicitStream.sequenceDelimitation { return fragments }
      guard tag == ExplicitStream.item else { throw .misplaced(tag: tag) }
      let fragmentEnd = try limit(length, until: end, tag)
      fragments.append(Array(buffer[position..<fragmentEnd]))
      position = fragmentEnd
    }
    throw .truncated(tag: owner)
  }

  private static func sorted(_ elements: [Element]) -> [Element] {
    // The offset makes the sort stable, so that of equal tags the first stays first.
    elements.enumerated().sorted { ($0.element.tag, $0.offset) < ($1.element.tag, $1.offset) }.map(\.element)
  }

  private func limit(_ length: UInt32, until end: Int, _ tag: Tag) throws(ExplicitStreamError) -> Int {
    guard Int(length) <= end - position else { throw .truncated(tag: tag) }
    return position + Int(length)
  }

  private mutating func representation(_ tag: Tag, until end: Int) throws(ExplicitStreamError) -> VR {
    guard end - position >= 2 else { throw .truncated(tag: tag) }
    let letters = buffer[position..<position + 2]
    position += 2
    guard let vr = VR(rawValue: String(decoding: letters, as: UTF8.self)) else { throw .unknownVR(tag: tag) }
    return vr
  }

  private mutating func tag(until end: Int) throws(ExplicitStreamError) -> Tag {
    let nowhere = Tag(0, 0)
    return Tag(try word16(until: end, nowhere), try word16(until: end, nowhere))
  }

  private mutating func word16(until end: Int, _ tag: Tag) throws(ExplicitStreamError) -> UInt16 {
    guard end - position >= 2 else { throw .truncated(tag: tag) }
    defer { position += 2 }
    return UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt16.self))
  }

  private mutating func word32(until end: Int, _ tag: Tag) throws(ExplicitStreamError) -> UInt32 {
    guard end - position >= 4 else { throw .truncated(tag: tag) }
    defer { position += 4 }
    return UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt32.self))
  }
}
