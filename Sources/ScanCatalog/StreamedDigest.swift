import Crypto

/// SHA-256 of bytes that come piece by piece.
package struct StreamedDigest {
  private var hasher = SHA256()

  package init() {}

  package mutating func update(_ bytes: [UInt8]) { hasher.update(data: bytes) }

  package var digest: ContentDigest { ContentDigest(finalizing: hasher) }
}
