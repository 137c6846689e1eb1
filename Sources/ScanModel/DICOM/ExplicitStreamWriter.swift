/// Appends elements in Explicit VR Little Endian.
struct ExplicitStreamWriter {
  private(set) var bytes: [UInt8] = []

  /// Recursion is bounded by the depth of the value itself, which our own code built or `ExplicitStreamReader` limited.
  mutating func write(_ dataset: Dataset) {
    for element in dataset.elements where !element.tag.isGroupLength { write(element) }
  }

  mutating func write(_ element: Element) {
    switch element.value {
    case .bytes(let value):
      let length = value.count + value.count % 2
      let vr = !element.vr.hasLongLength && length > 0xFFFE ? VR.UN : element.vr
      header(element.tag, vr, length: ExplicitStreamWriter.checked(length, element.tag))
      append(value, padding: vr.paddingByte)
    case .sequence(let items):
      header(element.tag, .SQ, length: ExplicitStream.undefinedLength)
      for item in items {
        delimiter(ExplicitStream.item, length: ExplicitStream.undefinedLength)
        write(item)
        delimiter(ExplicitStream.itemDelimitation, length: 0)
      }
      delimiter(ExplicitStream.sequenceDelimitation, length: 0)
    case .fragments(let fragments):
      header(element.tag, element.vr.hasLongLength ? element.vr : .OB, length: ExplicitStream.undefinedLength)
      for fragment in fragments {
        delimiter(ExplicitStream.item, length: ExplicitStreamWriter.checked(fragment.count + fragment.count % 2, element.tag))
        append(fragment, padding: 0)
      }
      delimiter(ExplicitStream.sequenceDelimitation, length: 0)
    }
  }

  private static func checked(_ length: Int, _ tag: Tag) -> UInt32 {
    precondition(length < 0xFFFF_FFFE, "\(tag): \(length) bytes do not fit a DICOM length field; the pre-scan limits what comes in")
    return UInt32(length)
  }

  private mutating func append(_ value: [UInt8], padding: UInt8) {
    bytes.append(contentsOf: value)
    if value.count % 2 == 1 { bytes.append(padding) }
  }

  private mutating func header(_ tag: Tag, _ vr: VR, length: UInt32) {
    append(tag.group)
    append(tag.element)
    bytes.append(contentsOf: vr.rawValue.utf8)
    if vr.hasLongLength {
      append(UInt16(0))
      append(length)
    } else {
      append(UInt16(length))
    }
  }

  private mutating func delimiter(_ tag: Tag, length: UInt32) {
    append(tag.group)
    append(tag.element)
    append(length)
  }

  private mutating func append<Word: FixedWidthInteger & UnsignedInteger>(_ word: Word) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
