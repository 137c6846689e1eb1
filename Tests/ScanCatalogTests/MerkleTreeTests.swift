import ScanCatalog
import Testing

struct MerkleTreeTests {
  /// RFC 6962 section 2.1, word for word.
  private static func definition(_ entries: ArraySlice<ContentDigest>) -> ContentDigest {
    if entries.isEmpty { return ContentDigest(of: []) }
    if entries.count == 1 { return ContentDigest(of: [0], entries.first!.bytes) }
    var half = 1
    while half * 2 < entries.count { half *= 2 }
    let middle = entries.startIndex + half
    return ContentDigest(of: [1], definition(entries[..<middle]).bytes, definition(entries[middle...]).bytes)
  }

  private static func entries(_ count: Int) -> [ContentDigest] { (0..<count).map { ContentDigest(ofText: "entry \($0)") } }

  @Test func `the streamed root is the root of the definition`() {
    for count in 0...70 {
      let entries = Self.entries(count)
      #expect(MerkleTree(entries).root == Self.definition(entries[...]))
    }
  }

  @Test func `each path proves its own entry and no other`() {
    for count in 1...33 {
      let entries = Self.entries(count)
      let root = MerkleTree(entries).root
      for index in 0..<count {
        let path = MerkleTree.path(of: index, in: entries)
        #expect(MerkleTree.root(provenBy: path, entry: entries[index], index: index, count: count) == root)
        #expect(MerkleTree.root(provenBy: path, entry: ContentDigest(ofText: "other"), index: index, count: count) != root)
        if count > 1 { #expect(MerkleTree.root(provenBy: Array(path.dropLast()), entry: entries[index], index: index, count: count) != root) }
      }
    }
  }

  @Test func `the empty tree has the published root`() {
    #expect(MerkleTree().root.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
