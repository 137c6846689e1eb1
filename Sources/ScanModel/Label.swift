/// The class name of an image: what a training set is sorted by. Never derived from an identifying value.
package struct Label: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let name: String

  /// - Returns: nil when `name` cannot be a label: empty, over 100 bytes, with a backslash or a control character, or with so many signs to be
  ///   written otherwise that no folder could have its name.
  package init?(_ name: String) {
    guard !name.isEmpty, name.utf8.count <= 100 else { return nil }
    guard name.unicodeScalars.allSatisfy({ !Label.isControl($0) && $0 != "\\" }) else { return nil }
    self.name = name
    guard folderName.utf8.count <= 200 else { return nil }
  }

  /// The name as one part of a path: `/`, `%` and control characters stand as `%` and two hexadecimal digits, and so do the dots of `.` and `..`. Two
  /// labels never have one folder.
  package var folderName: String {
    if name == "." || name == ".." { return name.replacing(".", with: "%2E") }
    return name.unicodeScalars.map { scalar in
      guard scalar == "/" || scalar == "%" || Label.isControl(scalar) else { return String(scalar) }
      return "%" + [scalar.value >> 4, scalar.value & 15].map { String($0, radix: 16, uppercase: true) }.joined()
    }.joined()
  }

  /// The label that a folder of this name stands for: what `folderName` writes otherwise is read back; any other name is the label itself.
  package static func ofFolder(_ folder: String) -> Label? {
    var bytes: [UInt8] = []
    var rest = Substring(folder).utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    if let label = String(validating: bytes, as: UTF8.self).flatMap({ Label($0) }), label.folderName == folder { return label }
    return Label(folder)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }

  /// Byte order, which is also the label index order everywhere.
  package static func < (a: Label, b: Label) -> Bool { a.name.utf8.lexicographicallyPrecedes(b.name.utf8) }

  package var description: String { name }
}
