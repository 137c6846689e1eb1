/// Carries a text that may identify a person (a path, a name, an element value) without ever printing it.
///
/// Interpolation, `description`, `debugDescription` and reflection all give `<redacted>`. The one way to the text is
/// `revealed`, which a reader can search for.
package struct Redacted<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The identified value. Each use must be able to say why it is not a leak.
  package let revealed: Value

  package init(_ value: Value) { revealed = value }

  package var description: String { "<redacted>" }
  package var debugDescription: String { "<redacted>" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}
