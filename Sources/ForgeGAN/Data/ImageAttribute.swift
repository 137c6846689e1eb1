/// Something that is known of some images beside their class, as a name and the values that occur: sex with F and M.
package struct ImageAttribute: Sendable, Equatable {
  package let name: String
  /// By index less 1: 0 stands for unknown.
  package let values: [String]

  package init(name: String, values: [String]) {
    self.name = name
    self.values = values
  }

  /// The index of a value by its name.
  ///
  /// - Throws: `ForgeGANError.unknownValue`.
  package func index(of value: String) throws(ForgeGANError) -> Int32 {
    guard let place = values.firstIndex(of: value) else { throw .unknownValue(value, attribute: name, known: values) }
    return Int32(place + 1)
  }
}

/// An attribute and its value for each image of a set.
package struct AttributeColumn: Sendable, Equatable {
  package let attribute: ImageAttribute
  /// One per image: 0 for unknown, else 1 + a place among the attribute's values.
  package let indexes: [Int32]

  /// - Parameter values: one per image, nil for unknown. The attribute's values are those that occur, in byte order.
  package init(_ name: String, _ values: [String?]) {
    let known = Set(values.compactMap(\.self)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    attribute = ImageAttribute(name: name, values: known)
    indexes = values.map { value in Int32(value.flatMap(known.firstIndex).map { $0 + 1 } ?? 0) }
  }
}
