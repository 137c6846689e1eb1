import Crypto
import Foundation
import GRDB

/// The hash chain: `hash` = SHA-256(prev || body), the first `prev` is 32 zero bytes, `seq` counts from 1 without gaps.
enum EventLog {
  /// Appends one event inside the current write transaction.
  ///
  /// - Returns: its `seq`.
  @discardableResult
  static func append(_ event: CatalogEvent, _ db: Database) throws -> Int64 {
    let head = try head(db)
    let body = event.json.text
    let hash = hash(after: head.hash, body: body)
    let statement = try db.cachedStatement(sql: "INSERT INTO event (seq, body, prev, hash) VALUES (?, ?, ?, ?)")
    try statement.execute(arguments: [head.seq + 1, body, head.hash.data, hash.data])
    return head.seq + 1
  }

  /// SHA-256(prev || body).
  static func hash(after previous: ContentDigest, body: String) -> ContentDigest {
    var body = body
    return ContentDigest { hasher in
      previous.withUnsafeBytes { hasher.update(bufferPointer: $0) }
      body.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }
  }

  /// Last `seq` and `hash`; 0 and zeros for an empty log.
  static func head(_ db: Database) throws -> (seq: Int64, hash: ContentDigest) {
    let statement = try db.cachedStatement(sql: "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")
    guard let row = try Row.fetchOne(statement) else { return (0, .zero) }
    guard let hash = ContentDigest(bytes: row["hash"] as Data) else {
      throw CatalogError.unreadable(reason: "event \(row["seq"] as Int64) has no hash")
    }
    return (row["seq"], hash)
  }

  /// The `seq` that the next appended event gets.
  static func nextSequence(_ db: Database) throws -> Int64 { try head(db).seq + 1 }
}
