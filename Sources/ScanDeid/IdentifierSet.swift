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

  let tokens: [Token]
  private let trie: TokenTrie
  private let spellings: IdentifierSpellings

  /// The identifiers in `dataset`, to any depth, that `actions` take away.
  init(in dataset: Dataset, actions: ProfileActions) {
    var collector = IdentifierCollector(actions: actions)
    collector.collect(dataset)
    self.init(Array(collector.tokens), collector.spellings)
  }

  init(_ tokens: [Token], _ spellings: SpellingCollector = SpellingCollector()) {
    self.tokens = tokens
    var trie = TokenTrie()
    for token in tokens {
      trie.insert(token.bytes, token.isNumber ? .notBesideDigit : token.isWord ? .notBesideLetterOrDigit : .anywhere)
    }
    self.trie = trie
    self.spellings = IdentifierSpellings(spellings)
  }

  /// Where tokens stand in `bytes`, in order, without overlap; of two that begin alike the longer.
  ///
  /// - Complexity: the length of `bytes` times that of the longest token that it nearly holds, however many tokens there are.
  func matches(in bytes: [UInt8]) -> [Range<Int>] {
    guard !tokens.isEmpty else { return [] }
    return bytes.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) -> [Range<Int>] in
      var found: [Range<Int>] = []
      var position = 0
      while position < buffer.count {
        let length = trie.match(at: position, buffer) { kind, range in
          TokenTrie.mayStand(
            kind, before: range.lowerBound > 0 ? buffer[range.lowerBound - 1] : 0,
            after: range.upperBound < buffer.count ? buffer[range.upperBound] : 0)
        }
        if length > 0 { found.append(position..<position + length) }
        position += max(1, length)
      }
      return found
    }
  }

  /// Where identifiers stand in a text, in any spelling, in order, without overlap.
  func matches(inText bytes: [UInt8], _ repertoire: Repertoire, isCode: Bool = false) -> [Range<Int>] {
    guard !(tokens.isEmpty && spellings.isEmpty) else { return [] }
    var found = matches(in: bytes) + spellings.matches(in: bytes, repertoire, isCode: isCode)
    for reading in TextReading.readings(of: bytes, repertoire) {
      let hidden = matches(in: reading.bytes) + spellings.matches(in: reading.bytes, .western, isCode: isCode)
      found += hidden.filter { $0.count >= reading.shortestMatch }.map(reading.source(of:))
    }
    return IdentifierSet.merged(found)
  }

  /// Where tokens stand in a value of bytes, also in UTF-16 of either byte order, as ICC profiles have it; in order, without overlap.
  func matches(inBinary bytes: [UInt8]) -> [Range<Int>] {
    IdentifierSet.merged(matches(in: bytes) + spellings.matches(inBinary: bytes) + matches(inUTF16: bytes))
  }

  /// Whether a value of DS or IS is a record number or date of the file.
  func isNumber(_ value: ArraySlice<UInt8>) -> Bool { spellings.isNumber(value) || spellings.isShortNumber(value) }

  /// Whether one of these binary numbers is a record number or date of the file.
  func holdsNumber(in bytes: [UInt8], _ vr: VR) -> Bool { spellings.holdsNumber(in: bytes, vr) }

  /// Whether a part of one of these UIDs is a record number or date of the file.
  func holdsNumber(inUIDs uids: [String]) -> Bool {
    uids.contains { $0.split(separator: ".").contains { spellings.isNumber(ArraySlice($0.utf8)) } }
  }

  /// Tokens whose bytes have zero bytes between them.
  private func matches(inUTF16 bytes: [UInt8]) -> [Range<Int>] {
    guard !tokens.isEmpty || !spellings.isEmpty else { return [] }
    var found: [Range<Int>] = []
    var start = 0
    while start + 6 < bytes.count {
      guard bytes[start] >= 0x20, bytes[start + 1] == 0, bytes[start + 2] >= 0x20, bytes[start + 3] == 0 else {
        start += 1
        continue
      }
      var units = [bytes[start]]
      var index = start + 2
      while index < bytes.count, bytes[index] >= 0x20, bytes[index - 1] == 0 {
        units.append(bytes[index])
        index += 2
      }
      for match in matches(in: units) + spellings.matches(inBinary: units) {
        found.append(start + 2 * match.lowerBound..<start + 2 * match.upperBound - 1)
      }
      start = index - 1
    }
    return found
  }

  private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = found.last, last.upperBound >= range.lowerBound {
        found[found.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        found.append(range)
      }
    }
    return found
  }

  static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(lower(byte)) }
  static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte >= 0x80 }
  static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}
