/// One attribute of a dataset.
package struct Element: Sendable, Equatable {
  package var tag: Tag
  package var vr: VR
  package var value: Value

  /// Bytes are little-endian in the VR's unit, whatever the file's byte order was.
  package enum Value: Sendable, Equatable {
    case bytes([UInt8])
    case sequence([Dataset])
    /// Encapsulated Pixel Data: item 0 is the Basic Offset Table (may be empty), the rest are fragments. PS3.5 section A.4.
    case fragments([[UInt8]])
  }

  package init(_ tag: Tag, _ vr: VR, _ value: Value) {
    self.tag = tag
    self.vr = vr
    self.value = value
  }

  /// An element with text, padded to even length with the VR's padding byte.
  package init(_ tag: Tag, _ vr: VR, text: String) {
    self.init(tag, vr, .bytes(Element.padded(Array(text.utf8), vr)))
  }

  package static func padded(_ bytes: [UInt8], _ vr: VR) -> [UInt8] {
    bytes.count % 2 == 0 ? bytes : bytes + [vr.paddingByte]
  }

  package var bytes: [UInt8]? {
    if case .bytes(let bytes) = value { return bytes }
    return nil
  }

  package var items: [Dataset]? {
    if case .sequence(let items) = value { return items }
    return nil
  }

  /// True for zero-length bytes, a sequence without items, fragments without data.
  package var isEmpty: Bool {
    switch value {
    case .bytes(let bytes): bytes.isEmpty
    case .sequence(let items): items.isEmpty
    case .fragments(let fragments): fragments.allSatisfy(\.isEmpty)
    }
  }

  /// The value as Latin-1 text without trailing padding (spaces and NULs); nil for sequences and fragments.
  ///
  /// Enough for the VRs that do not use Specific Character Set. For PN, LO and friends it keeps every byte, one scalar each.
  package var text: String? {
    guard case .bytes(var bytes) = value else { return nil }
    while let last = bytes.last, last == 0 || last == 0x20 { bytes.removeLast() }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// Backslash-separated values, each without surrounding spaces.
  package var texts: [String] {
    guard let text, !text.isEmpty else { return [] }
    return text.split(separator: "\\", omittingEmptySubsequences: false).map { part in
      var scalars = part[...]
      while scalars.first == " " { scalars.removeFirst() }
      while let last = scalars.last, last == " " || last == "\0" { scalars.removeLast() }
      return String(scalars)
    }
  }

  /// DS, IS, FL, FD, US, SS, UL, SL values as doubles; values that do not parse are left out.
  package var numbers: [Double] {
    switch vr {
    case .DS, .IS: return texts.compactMap { Double($0) }
    case .US: return words(UInt16.self).map(Double.init)
    case .SS: return words(UInt16.self).map { Double(Int16(bitPattern: $0)) }
    case .UL: return words(UInt32.self).map(Double.init)
    case .SL: return words(UInt32.self).map { Double(Int32(bitPattern: $0)) }
    case .FL: return words(UInt32.self).map { Double(Float(bitPattern: $0)) }
    case .FD: return words(UInt64.self).map { Double(bitPattern: $0) }
    default: return []
    }
  }

  private func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
    guard let bytes else { return [] }
    let width = MemoryLayout<Word>.size
    return stride(from: 0, through: bytes.count - width, by: width).map { start in
      var word: Word = 0
      for offset in 0..<width { word |= Word(truncatingIfNeeded: UInt64(bytes[start + offset]) << UInt64(8 * offset)) }
      return word
    }
  }
}
