/// Root of the Merkle hash tree of RFC 6962 section 2.1 over a stream of entries, in logarithmic memory.
///
/// A leaf hash is `SHA-256(0x00 || entry)`, a node is `SHA-256(0x01 || left || right)`, and the split is at the largest power of
/// two below the count. Entries here are the leaves of catalog rows (see `ArtifactRow.leaf`).
package struct MerkleTree: Sendable {
  /// Complete subtrees, largest first; sizes are the binary digits of `count`.
  private var subtrees: [(size: Int, root: ContentDigest)] = []
  package private(set) var count = 0

  package init() {}

  package init(_ entries: some Sequence<ContentDigest>) {
    for entry in entries { append(entry) }
  }

  package mutating func append(_ entry: ContentDigest) {
    count += 1
    var node = (size: 1, root: Self.leaf(entry))
    while let last = subtrees.last, last.size == node.size {
      subtrees.removeLast()
      node = (2 * node.size, Self.node(last.root, node.root))
    }
    subtrees.append(node)
  }

  /// SHA-256 of nothing for an empty tree.
  package var root: ContentDigest {
    guard var right = subtrees.last?.root else { return ContentDigest(of: []) }
    for left in subtrees.dropLast().reversed() { right = Self.node(left.root, right) }
    return right
  }

  package static func leaf(_ entry: ContentDigest) -> ContentDigest {
    withUnsafeTemporaryAllocation(byteCount: 33, alignment: 1) { bytes in
      bytes[0] = 0x00
      entry.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyMemory(from: $0) }
      return ContentDigest(ofBytes: UnsafeRawBufferPointer(bytes))
    }
  }

  package static func node(_ left: ContentDigest, _ right: ContentDigest) -> ContentDigest {
    withUnsafeTemporaryAllocation(byteCount: 65, alignment: 1) { bytes in
      bytes[0] = 0x01
      left.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[1..<33]).copyMemory(from: $0) }
      right.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[33...]).copyMemory(from: $0) }
      return ContentDigest(ofBytes: UnsafeRawBufferPointer(bytes))
    }
  }

  /// Audit path of entry `index` (RFC 6962 section 2.1.1), nearest sibling first.
  package static func path(of index: Int, in entries: [ContentDigest]) -> [ContentDigest] {
    precondition(entries.indices.contains(index), "no entry \(index) among \(entries.count)")
    guard entries.count > 1 else { return [] }
    var half = 1
    while half * 2 < entries.count { half *= 2 }
    let left = Array(entries[..<half])
    let right = Array(entries[half...])
    return index < half
      ? path(of: index, in: left) + [MerkleTree(right).root] : path(of: index - half, in: right) + [MerkleTree(left).root]
  }

  /// Root that `path` proves for `entry` at `index` of `count`; nil when the path has the wrong length (RFC 9162 section 2.1.3.2).
  package static func root(provenBy path: [ContentDigest], entry: ContentDigest, index: Int, count: Int) -> ContentDigest? {
    guard index >= 0, index < count else { return nil }
    var position = index
    var last = count - 1
    var node = leaf(entry)
    for sibling in path {
      guard last > 0 else { return nil }
      if position & 1 == 1 || position == last {
        node = self.node(sibling, node)
        while position & 1 == 0, position != 0 {
          position >>= 1
          last >>= 1
        }
      } else {
        node = self.node(node, sibling)
      }
      position >>= 1
      last >>= 1
    }
    return last == 0 ? node : nil
  }
}
