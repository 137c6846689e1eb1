import Foundation
import Glibc

/// A signed head of the event log, to be kept where the workspace's owner cannot change it.
///
/// The head's hash covers every event up to `sequence`, and those cover every row: whoever holds an anchor can tell a history that was
/// rewritten, cut or set back before that event, however well its hashes agree. It says nothing about what came after.
package struct Anchor: Sendable, Equatable {
  /// `seq` and `hash` of the last event.
  package let sequence: Int64
  package let head: ContentDigest
  /// Rows that the events up to `sequence` record.
  package let artifacts: Int64
  package let patients: Int64
  package let runs: Int64
  /// Milliseconds since 1970, by the clock of the host that signed. Nothing is concluded from it.
  package let timeMilliseconds: Int64
  package let signer: Signer
  /// 64 bytes.
  private let signature: [UInt8]

  init(
    sequence: Int64, head: ContentDigest, artifacts: Int64, patients: Int64, runs: Int64, timeMilliseconds: Int64, key: SigningKey
  ) throws {
    self.sequence = sequence
    self.head = head
    self.artifacts = artifacts
    self.patients = patients
    self.runs = runs
    self.timeMilliseconds = timeMilliseconds
    signer = key.signer
    let statement = Self.statement(
      sequence: sequence, head: head, artifacts: artifacts, patients: patients, runs: runs, timeMilliseconds: timeMilliseconds, signer: signer)
    signature = try key.signature(of: Array(CanonicalJSON.object(statement).text.utf8))
  }

  /// Reads the text of an anchor file; nil when it is not one, member for member. Whether the signature holds is `isGenuine`.
  init?(parsing text: String) {
    guard let json = CanonicalJSON(parsing: text), let sequence = json["seq"]?.integerValue, sequence >= 1,
      let head = json["head"]?.stringValue.flatMap({ ContentDigest(hex: $0) }), let artifacts = json["artifacts"]?.integerValue,
      let patients = json["patients"]?.integerValue, let runs = json["runs"]?.integerValue, let time = json["time_ms"]?.integerValue,
      let signer = json["publicKey"]?.stringValue.flatMap({ Signer(publicKey: $0) }),
      let signature = json["signature"]?.stringValue.flatMap({ Self.bytes(hex: $0) })
    else { return nil }
    self.sequence = sequence
    self.head = head
    self.artifacts = artifacts
    self.patients = patients
    self.runs = runs
    timeMilliseconds = time
    self.signer = signer
    self.signature = signature
    // A member that the signature does not cover, or another spelling of one that it does, is not ours.
    guard self.json == json else { return nil }
  }

  /// Reads an anchor file of at most 64 KiB; nil when it is not one.
  ///
  /// - Throws: `AnchorError.missing` when there is no such file, `unreadable` when it cannot be read.
  static func read(_ url: URL) throws -> Anchor? {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw errno == ENOENT || errno == ENOTDIR ? AnchorError.missing : AnchorError.unreadable }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw AnchorError.unreadable }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while total < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + total, $0.count - total) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw AnchorError.unreadable }
      if count == 0 { break }
      total += count
    }
    return String(validating: bytes.prefix(total), as: UTF8.self).flatMap { Anchor(parsing: $0) }
  }

  /// True when the signature is the signer's over all other members.
  package var isGenuine: Bool { signer.isSignature(signature, of: Array(CanonicalJSON.object(statement).text.utf8)) }

  package var json: CanonicalJSON {
    .object(statement.merging(["signature": .string(signature.map { String(format: "%02x", $0) }.joined())]) { first, _ in first })
  }

  /// One line of canonical JSON.
  package var fileBytes: [UInt8] { Array((json.text + "\n").utf8) }

  private var statement: [String: CanonicalJSON] {
    Self.statement(
      sequence: sequence, head: head, artifacts: artifacts, patients: patients, runs: runs, timeMilliseconds: timeMilliseconds, signer: signer)
  }

  private static func statement(
    sequence: Int64, head: ContentDigest, artifacts: Int64, patients: Int64, runs: Int64, timeMilliseconds: Int64, signer: Signer
  ) -> [String: CanonicalJSON] {
    [
      "artifacts": .integer(artifacts), "fingerprint": .string(signer.fingerprint), "head": .string(head.hex), "patients": .integer(patients),
      "publicKey": .string(signer.publicKey), "runs": .integer(runs), "seq": .integer(sequence), "time_ms": .integer(timeMilliseconds),
      "type": .string("scanforge.anchor"), "version": .integer(1),
    ]
  }

  private static func bytes(hex: String) -> [UInt8]? {
    guard hex.utf8.count == 128, let first = ContentDigest(hex: String(hex.prefix(64))), let last = ContentDigest(hex: String(hex.suffix(64)))
    else { return nil }
    return first.bytes + last.bytes
  }
}
