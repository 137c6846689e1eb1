import Foundation
import GRDB
package import ScanDeid

/// The workspace's pseudonym key is given out against an event: who had it, where, when, for what.
extension Catalog {
  /// The key in `keys/`.
  ///
  /// - Parameters:
  ///   - purpose: the verb that needs it.
  ///   - makesOne: make a key when there is none, and nobody was named with one.
  /// - Throws: `KeyFileError`; `CatalogError.keyGone`, `.keyDiffers`, before anything is written; `.keyUseNotRecorded` where the log cannot be
  ///   written: then nobody gets the key.
  package func pseudonymKey(for purpose: String, makesOne: Bool = true) throws -> (key: PseudonymKey, isNew: Bool) {
    let path = workspace.keys.appendingPathComponent("pseudonym.key").path
    let (key, isNew): (PseudonymKey, Bool)
    if let expected = try patientsKey() {
      do { (key, isNew) = (try PseudonymKey.load(path), false) } catch KeyFileError.missing { throw CatalogError.keyGone(expected: expected) }
      guard key.fingerprint == expected else { throw CatalogError.keyDiffers(expected: expected) }
    } else {
      (key, isNew) = makesOne ? try PseudonymKey.loadOrCreate(path) : (try PseudonymKey.load(path), false)
    }
    try recordUse(of: key, isNew ? .made : .read, for: purpose)
    return (key, isNew)
  }

  /// Fingerprint of the key that the patients of this workspace were named with; nil while there are none.
  package func patientsKey() throws -> String? {
    // Every later ingest was let in under the key of the first.
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT params ->> '$.key' FROM run WHERE op = 'ingest' AND json_valid(params) AND params ->> '$.key' IS NOT NULL ORDER BY id LIMIT 1")
    }
  }

  /// Records that someone used the key. Also beside another writer: an event is one short transaction.
  package func recordUse(of key: PseudonymKey, _ act: KeyUse.Act, for purpose: String, identity: ToolIdentity = .current) throws {
    let use = use(of: key, act, for: purpose, identity: identity)
    guard mode == .readOnly else { return try write { _ = try EventLog.append(.keyUsed(use), $0) } }
    do {
      let writer = try Self.openReadWrite(workspace)
      defer { try? writer.close() }
      try writer.write { _ = try EventLog.append(.keyUsed(use), $0) }
    } catch {
      switch Self.explained(error) {
      case CatalogError.noPermission, CatalogError.readOnlyMedium, CatalogError.unreadable: throw CatalogError.keyUseNotRecorded
      case let other: throw other
      }
    }
  }

  /// That this program uses the key now.
  func use(of key: PseudonymKey, _ act: KeyUse.Act, for purpose: String, identity: ToolIdentity = .current) -> KeyUse {
    KeyUse(
      act: act, fingerprint: key.fingerprint, purpose: purpose, actor: identity.actor, host: identity.host, buildSHA256: identity.buildSHA256,
      timeMilliseconds: clock())
  }
}
