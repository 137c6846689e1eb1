/// One of N equal shares of a work, `I/N`.
///
/// Who gets an item follows from its name alone, so a share does not move when items are added, and I may count from 0 or from 1: share N of N is
/// share 0.
package struct Shard: Sendable, Hashable, CustomStringConvertible {
  /// 0 ..< `count`
  package let number: Int
  package let count: Int

  package static let largestCount = 10_000

  /// - Precondition: `number` in 0 ..< `count`, `count` in 1 ... `largestCount`.
  package init(number: Int, of count: Int) {
    precondition((1...Shard.largestCount).contains(count) && (0..<count).contains(number), "there is no shard \(number) of \(count)")
    self.number = number
    self.count = count
  }

  /// Reads `I/N` with I in 0 ... N and N in 1 ... `largestCount`; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 5 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let index = Int(parts[0]), let count = Int(parts[1]), (1...Shard.largestCount).contains(count), index <= count
    else { return nil }
    self.init(number: index % count, of: count)
  }

  /// Whether the item called `name` is this shard's: the first 8 bytes of SHA-256 of the name, modulo N.
  package func holds(_ name: String) -> Bool {
    let value = ContentDigest(ofText: "scanforge/shard/1\n" + name).withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    return value % UInt64(count) == UInt64(number)
  }

  package var description: String { "\(number)/\(count)" }
}
