import Crypto
import Foundation
import ScanModel

/// The secret from which all pseudonyms, UIDs, date shifts and split ranks follow: 32 random bytes.
///
/// Every use is an HMAC-SHA-256 over a purpose and a message, so that no result tells about another purpose's. Same key, same
/// results, on any machine. The key itself is never printed and never leaves its file.
package struct PseudonymKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  static let byteCount = 32

  private let secret: SymmetricKey

  init(secret: SymmetricKey) { self.secret = secret }

  /// A new key from the system's random generator, in memory alone.
  package static func random() -> PseudonymKey { PseudonymKey(secret: SymmetricKey(size: .bits256)) }

  /// - Returns: nil unless there are exactly 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == PseudonymKey.byteCount else { return nil }
    self.init(secret: SymmetricKey(data: bytes))
  }

  var bytes: [UInt8] { secret.withUnsafeBytes { Array($0) } }

  /// What tells two keys apart without giving either away: 16 hexadecimal digits.
  package var fingerprint: String { PseudonymKey.hex(code(.fingerprint, []).prefix(8)) }

  package var description: String { "PseudonymKey(\(fingerprint))" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// The pseudonym of a patient or subject identifier. Spaces and NULs around it do not count.
  package func pseudonym(of identity: String) -> Pseudonym {
    Pseudonym(text: "P" + PseudonymKey.hex(code(.patient, Array(PseudonymKey.trimmed(identity).utf8)).prefix(8)))
  }

  /// The UID that stands for `uid`: `2.25.` and 128 bits. UIDs that the standard registers stand for themselves.
  package func uid(for uid: String) -> String {
    let trimmed = PseudonymKey.trimmed(uid)
    return UID.isStandard(trimmed) ? trimmed : UID.from128Bits(code(.uid, Array(trimmed.utf8)).prefix(16))
  }

  /// How many days all dates of the patient move: back by one to ten years.
  package func dateShiftDays(of patient: Pseudonym) -> Int {
    -(365 + Int(PseudonymKey.integer(code(.dateShift, Array(patient.text.utf8))) % 3_288))
  }

  /// A number that orders patients at random, the same for the same seed: what the split goes by.
  package func rank(of patient: Pseudonym, seed: UInt64) -> UInt64 {
    let seedBytes = (0..<8).map { UInt8(truncatingIfNeeded: seed >> (8 * $0)) }
    return PseudonymKey.integer(code(.splitRank, seedBytes + Array(patient.text.utf8)))
  }

  /// A stand-in for an application entity title: `AE` and 12 hexadecimal digits, within 16 characters.
  func applicationEntity(for title: String) -> String {
    "AE" + PseudonymKey.hex(code(.applicationEntity, Array(PseudonymKey.trimmed(title).utf8)).prefix(6)).uppercased()
  }

  /// Names an item in messages and summaries without naming its file: 16 hexadecimal digits.
  package func itemID(of source: String) -> String { PseudonymKey.hex(code(.item, Array(source.utf8)).prefix(8)) }

  /// A UID for content that has none (TIFF, PNG), from the hash of what it is.
  func contentUID(_ digest: some Sequence<UInt8>) -> String { UID.from128Bits(code(.content, Array(digest)).prefix(16)) }

  /// What stands for a withdrawn patient's pseudonym, or for the hash of an image: 64 hexadecimal digits.
  package func withdrawalMark(of text: String) -> String { PseudonymKey.hex(code(.withdrawal, Array(text.utf8))) }

  /// What only someone with this key can write under what a shard did, or as the name of its work: 64 hexadecimal digits.
  package func shardSeal(of text: String) -> String { PseudonymKey.hex(code(.shard, Array(text.utf8))) }

  private enum Purpose: String {
    case patient, uid, dateShift, splitRank, applicationEntity, item, content, fingerprint, withdrawal, shard
  }

  private func code(_ purpose: Purpose, _ message: [UInt8]) -> [UInt8] {
    var hmac = HMAC<SHA256>(key: secret)
    hmac.update(data: Array("scanforge/1/\(purpose.rawValue)\0".utf8))
    hmac.update(data: message)
    return Array(hmac.finalize())
  }

  private static func integer(_ bytes: [UInt8]) -> UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var text = ""
    for byte in bytes {
      text.unicodeScalars.append(digits[Int(byte >> 4)])
      text.unicodeScalars.append(digits[Int(byte & 15)])
    }
    return text
  }

  static func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while let first = scalars.first, first == " " || first == "\0" { scalars.removeFirst() }
    while let last = scalars.last, last == " " || last == "\0" { scalars.removeLast() }
    return String(scalars)
  }
}
