package import ScanDeid

/// Where the stages read what is there and record what they make: the catalog, or the folder of a shard, which `merge` admits into the catalog.
package protocol Ledger {
  /// Where new bytes go.
  var objects: ObjectStore { get }

  /// The bytes of something that `artifacts` gave.
  func read(_ digest: ContentDigest) throws -> [UInt8]

  /// Of the recorded artifacts, those that are this process's to work on.
  func artifacts(_ query: ArtifactQuery) throws -> [ArtifactRecord]

  /// Of `items`, those that are this process's to work on, in their order.
  ///
  /// - Parameter name: what an item is, whatever its place in the list; equal in every process.
  func share<Item>(of items: [Item], named name: (Item) -> String) throws -> [Item]

  /// - Parameters: as `Catalog.beginRun`.
  func openRun(op: String, parameters: CanonicalJSON, seed: Int64?, determinism: Determinism) throws -> any RunRecorder

  /// The workspace's pseudonym key; its use is recorded.
  func pseudonymKey(for purpose: String) throws -> (key: PseudonymKey, isNew: Bool)
}

/// A run in progress.
package protocol RunRecorder {
  /// Records a batch, all or nothing; what is known already is not recorded again.
  ///
  /// - Returns: one id per draft, in order; good as a parent of later drafts in this process.
  @discardableResult
  func record(_ drafts: [ArtifactDraft]) throws -> [ArtifactID]

  /// Records parts that the data came with.
  ///
  /// - Throws: `CatalogError.patientInTwoSplits`.
  func assignSplits(_ splits: [Pseudonym: Split]) throws

  /// - Parameter exit: the program's exit code for this work.
  func finish(exit: Int32) throws
}

extension Catalog: Ledger {
  package func read(_ digest: ContentDigest) throws -> [UInt8] { try objects.read(digest) }

  package func share<Item>(of items: [Item], named name: (Item) -> String) -> [Item] { items }

  package func openRun(op: String, parameters: CanonicalJSON, seed: Int64?, determinism: Determinism) throws -> any RunRecorder {
    try beginRun(op: op, parameters: parameters, seed: seed, determinism: determinism)
  }

  package func pseudonymKey(for purpose: String) throws -> (key: PseudonymKey, isNew: Bool) { try pseudonymKey(for: purpose, makesOne: true) }
}

extension RunHandle: RunRecorder {
  package func finish(exit: Int32) throws { try finish(exit: exit, ended: nil) }
}
