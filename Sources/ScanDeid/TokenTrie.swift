/// Tokens by their common beginnings. Nodes in flat arrays; a node's children are a list from `child` along `sibling`.
struct TokenTrie: Sendable {
  /// Whether a token ends at a node, and what may stand beside it; the raw value grows with what is asked for. `alone`: as a word of its own, in
  /// text that is no code.
  enum End: UInt8, Sendable { case none, anywhere, notBesideDigit, notBesideLetter, notBesideLetterOrDigit, alone }

  private var byte: [UInt8] = []
  private var child: [Int32] = []
  private var sibling: [Int32] = []
  private var end: [End] = []
  /// First node for each possible first byte, both cases; -1 for none.
  private var roots = [Int32](repeating: -1, count: 256)

  /// What is longer is looked for by its beginning: a search of a long text for a long word of one letter would not end.
  private static let longest = 64

  mutating func insert(_ token: [UInt8], _ kind: End) {
    let isLong = token.count > TokenTrie.longest
    insert(beginning: token.prefix(TokenTrie.longest), isLong ? .anywhere : kind)
  }

  private mutating func insert(beginning token: ArraySlice<UInt8>, _ kind: End) {
    guard let first = token.first else { return }
    var node = roots[Int(first)]
    if node < 0 {
      node = add(first)
      roots[Int(first)] = node
      if (97...122).contains(first) { roots[Int(first) - 32] = node }
    }
    for next in token.dropFirst() { node = descend(from: node, next) }
    // The same bytes from two attributes: what asks for less decides.
    let known = end[Int(node)]
    end[Int(node)] = known == .none || kind.rawValue < known.rawValue ? kind : known
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

  /// Length of the longest token at `position`, in either case of ASCII; 0 for none.
  ///
  /// - Parameter mayStand: whether a token that ends so may stand in this range.
  func match(at position: Int, _ bytes: UnsafeBufferPointer<UInt8>, mayStand: (End, Range<Int>) -> Bool) -> Int {
    var node = roots[Int(bytes[position])]
    var longest = 0
    var index = position
    while node >= 0 {
      index += 1
      if end[Int(node)] != .none, mayStand(end[Int(node)], position..<index) { longest = index - position }
      guard index < bytes.count, let below = next(after: node, IdentifierSet.lower(bytes[index])) else { break }
      node = below
    }
    return longest
  }

  /// Whether a token of `kind` may have these neighbours; 0 where there is none.
  static func mayStand(_ kind: End, before: UInt8, after: UInt8) -> Bool {
    switch kind {
    case .none, .anywhere: true
    case .notBesideDigit: !IdentifierSet.isDigit(before) && !IdentifierSet.isDigit(after)
    case .notBesideLetter: !isLetter(before) && !isLetter(after)
    case .notBesideLetterOrDigit, .alone: !IdentifierSet.isAlphanumeric(before) && !IdentifierSet.isAlphanumeric(after)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { IdentifierSet.isAlphanumeric(byte) && !IdentifierSet.isDigit(byte) }
}
