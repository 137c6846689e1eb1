/// A keyed stand-in for a patient or subject identifier: `P` and 16 lower-case hexadecimal digits of an HMAC-SHA-256.
///
/// Only `PseudonymKey` makes one from an identity; the catalog reads stored ones back.
package struct Pseudonym: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let text: String

  init(text: String) { self.text = text }

  /// Reads back a pseudonym that was made earlier; nil when `stored` does not have the form.
  package init?(stored: String) {
    guard stored.first == "P", stored.utf8.count == 17 else { return nil }
    guard stored.utf8.dropFirst().allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
    text = stored
  }

  package static func < (a: Pseudonym, b: Pseudonym) -> Bool { a.text < b.text }
  package var description: String { text }
}
