/// The class name of an image: what a training set is sorted by. Never derived from an identifying value.
package struct Label: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let name: String

  /// - Returns: nil when `name` cannot be a folder name: empty, `.`, `..`, a separator, a control character, over 100 bytes.
  package init?(_ name: String) {
    guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 100 else { return nil }
    guard name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" && $0 != "\\" }) else { return nil }
    self.name = name
  }

  /// Byte order, which is also the label index order everywhere.
  package static func < (a: Label, b: Label) -> Bool { a.name.utf8.lexicographicallyPrecedes(b.name.utf8) }

  package var description: String { name }
}
