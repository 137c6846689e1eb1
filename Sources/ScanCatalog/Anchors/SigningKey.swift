import Crypto
import Foundation
import Glibc

/// The key that signs heads of the log: Ed25519 (RFC 8032), 32 raw bytes in `keys/signing.key`, mode 0600, made on first use.
///
/// It proves to whoever noted its fingerprint that an anchor came from this workspace. It protects nothing from the workspace's owner, who
/// has it: against that one only an anchor that was handed over earlier helps.
struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  var signer: Signer { Signer(key.publicKey.rawRepresentation) }

  /// - Returns: 64 bytes.
  func signature(of message: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: message)) }

  /// The key of `workspace`; nil when it has none yet.
  ///
  /// - Throws: `AnchorError.signingKey` when the file is no key or cannot be read.
  static func load(_ workspace: Workspace) throws -> SigningKey? {
    let descriptor = open(workspace.signingKeyFile.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw AnchorError.signingKey
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw AnchorError.signingKey }
    // Others' rights are taken away before the key is used; on read-only media they stay.
    if status.st_mode & 0o077 != 0, fchmod(descriptor, 0o600) != 0, errno != EROFS { throw AnchorError.signingKey }
    var bytes = [UInt8](repeating: 0, count: 33)
    let count = read(descriptor, &bytes, bytes.count)
    guard count == 32, let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32)) else { throw AnchorError.signingKey }
    return SigningKey(key: key)
  }

  /// The key of `workspace`, made when there is none. Two programs that start together get the same one.
  static func loadOrCreate(_ workspace: Workspace) throws -> SigningKey {
    if let key = try load(workspace) { return key }
    try DurableFile.makeFolder(workspace.keys)
    let temporary = workspace.keys.appendingPathComponent(".signing.key.\(UUID().uuidString)")
    defer { unlink(temporary.path) }
    try DurableFile.write(Curve25519.Signing.PrivateKey().rawRepresentation, to: temporary, mode: 0o600)
    try DurableFile.sync(temporary)
    // link, not rename: it fails when the name is taken.
    guard link(temporary.path, workspace.signingKeyFile.path) == 0 || errno == EEXIST else { throw DurableFile.failure("link") }
    try DurableFile.sync(workspace.keys)
    guard let key = try load(workspace) else { throw AnchorError.signingKey }
    return key
  }
}

/// The public half of a signing key.
package struct Signer: Sendable, Hashable {
  /// 64 hexadecimal digits.
  package let publicKey: String

  init(_ bytes: some Collection<UInt8>) { publicKey = bytes.map { String(format: "%02x", $0) }.joined() }

  /// - Returns: nil unless there are 64 lower-case hexadecimal digits.
  init?(publicKey: String) {
    guard let bytes = ContentDigest(hex: publicKey), bytes.hex == publicKey else { return nil }
    self.publicKey = publicKey
  }

  /// What people compare: the first 32 hexadecimal digits of the public key's SHA-256.
  package var fingerprint: String { String((ContentDigest(hex: publicKey) ?? .zero).digestOfBytes.hex.prefix(32)) }

  func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard let bytes = ContentDigest(hex: publicKey)?.bytes, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
      return false
    }
    return key.isValidSignature(signature, for: message)
  }
}
