import ScanModel

/// The identifiers that one file held in attributes which the profile takes away: names, numbers, dates, UIDs.
///
/// They are looked for in every value that stays (free text often repeats a name), and in the finished file.
/// Holds identified values; never printed, never kept longer than its file is worked on.
struct IdentifierSet: Sendable {
  /// What is looked for, lower case.
  struct Token: Sendable, Hashable {
    let bytes: [UInt8]
    /// Only digits: must not have a digit on either side.
    let isNumber: Bool
    /// Short: must not have a letter or digit on either side.
    let isWord: Bool
    /// A calendar date; such tokens are left out when dates are kept.
    var isDate = false
  }

  private(set) var tokens: [Token] = []
  /// Tokens by their first byte.
  private var byFirst: [[Int]] = Array(repeating: [], count: 256)

  var isEmpty: Bool { tokens.isEmpty }

  private init() {}

  /// The identifiers in `dataset`, to any depth, that `actions` take away.
  init(in dataset: Dataset, actions: ProfileActions) {
    var collector = IdentifierCollector(actions: actions)
    collector.collect(dataset)
    self.init(Array(collector.tokens))
  }

  init(_ tokens: [Token]) {
    // Longest first, so that a whole name goes before its parts.
    self.tokens = tokens.sorted {
      $0.bytes.count != $1.bytes.count ? $0.bytes.count > $1.bytes.count : $0.bytes.lexicographicallyPrecedes($1.bytes)
    }
    for (index, token) in self.tokens.enumerated() {
      let first = token.bytes[0]
      byFirst[Int(first)].append(index)
      let upper = IdentifierSet.upper(first)
      if upper != first { byFirst[Int(upper)].append(index) }
    }
  }

  func filter(_ isIncluded: (Token) -> Bool) -> IdentifierSet { IdentifierSet(tokens.filter(isIncluded)) }

  /// Where tokens stand in `bytes`, in order, without overlap.
  func matches(in bytes: [UInt8]) -> [Range<Int>] {
    guard !isEmpty else { return [] }
    return bytes.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) -> [Range<Int>] in search(buffer) }
  }

  private func search(_ bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    let isFirst = byFirst.map { !$0.isEmpty }
    isFirst.withUnsafeBufferPointer { isFirst in
      var position = 0
      while position < bytes.count {
        if isFirst[Int(bytes[position])], let length = match(at: position, bytes) {
          found.append(position..<position + length)
          position += length
        } else {
          position += 1
        }
      }
    }
    return found
  }

  private func match(at position: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    candidates: for index in byFirst[Int(bytes[position])] {
      let token = tokens[index]
      let end = position + token.bytes.count
      guard end <= bytes.count else { continue }
      for (offset, expected) in token.bytes.enumerated() {
        guard IdentifierSet.lower(bytes[position + offset]) == expected else { continue candidates }
      }
      if token.isNumber || token.isWord {
        let isInside = { (byte: UInt8) -> Bool in token.isNumber ? IdentifierSet.isDigit(byte) : IdentifierSet.isAlphanumeric(byte) }
        if position > 0, isInside(bytes[position - 1]) { continue }
        if end < bytes.count, isInside(bytes[end]) { continue }
      }
      return token.bytes.count
    }
    return nil
  }

  static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(lower(byte)) }
  static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte >= 0x80 }
  static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
  private static func upper(_ byte: UInt8) -> UInt8 { (97...122).contains(byte) ? byte - 32 : byte }
}
