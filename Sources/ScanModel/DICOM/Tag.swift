/// A DICOM attribute tag `(gggg,eeee)`. PS3.5 section 7.1.
package struct Tag: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let group: UInt16
  package let element: UInt16

  package init(_ group: UInt16, _ element: UInt16) {
    self.group = group
    self.element = element
  }

  /// `0xGGGGEEEE`.
  package init(packed: UInt32) {
    self.init(UInt16(packed >> 16), UInt16(truncatingIfNeeded: packed))
  }

  package var packed: UInt32 { UInt32(group) << 16 | UInt32(element) }

  /// Odd groups are private (PS3.5 section 7.8).
  package var isPrivate: Bool { group & 1 == 1 }
  /// `(gggg,0010-00FF)` in an odd group reserves a block for a private creator.
  package var isPrivateCreator: Bool { isPrivate && (0x10...0xFF).contains(element) }
  package var isGroupLength: Bool { element == 0 }

  package static func < (a: Tag, b: Tag) -> Bool { a.packed < b.packed }

  /// `(0010,0020)`, upper-case hexadecimal.
  package var description: String { "(\(Tag.hex(group)),\(Tag.hex(element)))" }

  private static func hex(_ value: UInt16) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
