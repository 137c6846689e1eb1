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
  private let trie: Trie

  var isEmpty: Bool { tokens.isEmpty }

  /// The identifiers in `dataset`, to any depth, that `actions` take away.
  init(in dataset: Dataset, actions: ProfileActions) {
    var collector = IdentifierCollector(actions: actions)
    collector.collect(dataset)
    self.init(Array(collector.tokens))
  }

  init(_ tokens: [Token]) {
    self.tokens = tokens
    trie = Trie(tokens)
  }

  func filter(_ isIncluded: (Token) -> Bool) -> IdentifierSet { IdentifierSet(tokens.filter(isIncluded)) }

  /// Where tokens stand in `bytes`, in order, without overlap; of two that begin alike the longer.
  ///
  /// - Complexity: the length of `bytes` times that of the longest token that it nearly holds, however many tokens there are.
  func matches(in bytes: [UInt8]) -> [Range<Int>] {
    guard !isEmpty else { return [] }
    return bytes.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) -> [Range<Int>] in
      var found: [Range<Int>] = []
      var position = 0
      while position < buffer.count {
        let length = trie.match(at: position, buffer)
        if length > 0 { found.append(position..<position + length) }
        position += max(1, length)
      }
      return found
    }
  }

  /// Tokens by their common beginnings. Nodes in flat arrays; a node's children are a list from `child` along `sibling`.
  private struct Trie: Sendable {
    private var byte: [UInt8] = []
    private var child: [Int32] = []
    private var sibling: [Int32] = []
    private var end: [End] = []
    /// First node for each possible first byte, both cases; -1 for none.
    private var roots = [Int32](repeating: -1, count: 256)

    /// Whether a token ends at a node, and what may stand beside it.
    private enum End: UInt8 { case none, anywhere, notBesideDigit, notBesideLetterOrDigit }

    init(_ tokens: [Token]) {
      for token in tokens {
        guard let first = token.bytes.first else { continue }
        var node = roots[Int(first)]
        if node < 0 {
          node = add(first)
          roots[Int(first)] = node
          if (97...122).contains(first) { roots[Int(first) - 32] = node }
        }
        for next in token.bytes.dropFirst() { node = descend(from: node, next) }
        let kind: End = token.isNumber ? .notBesideDigit : token.isWord ? .notBesideLetterOrDigit : .anywhere
        // The same bytes from two attributes: what asks for less decides.
        let known = end[Int(node)]
        end[Int(node)] = known == .none || kind.rawValue < known.rawValue ? kind : known
      }
    }

    private mutating func add(_ value: UInt8) -> Int32 {
      byte.append(value)
      child.append(-1)
      sibling.append(-1)
      end.append(.none)
      return Int32(byte.count - 1)
    }

    private mutating func descend(from parent: Int32, _ value: UInt8) -> Int32 {
      if let known = next(after: parent, value) { return known }
      let node = add(value)
      sibling[Int(node)] = child[Int(parent)]
      child[Int(parent)] = node
      return node
    }

    private func next(after parent: Int32, _ value: UInt8) -> Int32? {
      var node = child[Int(parent)]
      while node >= 0 {
        if byte[Int(node)] == value { return node }
        node = sibling[Int(node)]
      }
      return nil
    }

    /// Length of the longest token at `position`; 0 for none.
    func match(at position: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
      var node = roots[Int(bytes[position])]
      var longest = 0
      var index = position
      while node >= 0 {
        index += 1
        if end[Int(node)] != .none, mayStand(end[Int(node)], position, index, bytes) { longest = index - position }
        guard index < bytes.count, let below = next(after: node, IdentifierSet.lower(bytes[index])) else { break }
        node = below
      }
      return longest
    }

    private func mayStand(_ kind: End, _ start: Int, _ end: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      let (before, after) = (start > 0 ? bytes[start - 1] : 0, end < bytes.count ? bytes[end] : 0)
      switch kind {
      case .notBesideDigit: return !IdentifierSet.isDigit(before) && !IdentifierSet.isDigit(after)
      case .notBesideLetterOrDigit: return !IdentifierSet.isAlphanumeric(before) && !IdentifierSet.isAlphanumeric(after)
      default: return true
      }
    }
  }

  static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(lower(byte)) }
  static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte >= 0x80 }
  static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}
