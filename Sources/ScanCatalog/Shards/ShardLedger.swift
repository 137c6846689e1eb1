import Foundation
package import ScanDeid

/// Where the stages of one shard read and record: they see the catalog as it is, take the items that the shard holds, and write to its folder.
///
/// The catalog is never written, and need not be there: a shard that brings images in reads nothing of it but the register of the withdrawn.
package final class ShardLedger: Ledger {
  package let folder: ShardFolder
  package let objects: ObjectStore
  private let catalog: Catalog
  private let key: PseudonymKey
  private var keyIsTold = false
  /// What this shard recorded: `items[n]` has the id −1 − n here.
  private var items: [ShardItem] = []
  /// Items by content, so that a copy is recorded once.
  private var known: [ContentDigest: Int] = [:]

  private var shard: Shard { folder.header.shard }

  /// - Parameters:
  ///   - catalog: opened for reading, or `Catalog.empty`.
  ///   - key: the workspace's.
  package init(_ folder: ShardFolder, catalog: Catalog, key: PseudonymKey) {
    precondition(catalog.mode == .readOnly, "a shard does not write to the catalog")
    self.folder = folder
    self.catalog = catalog
    self.key = key
    objects = ObjectStore(folder.workspace)
  }

  package func read(_ digest: ContentDigest) throws -> [UInt8] {
    do {
      return try objects.read(digest)
    } catch CatalogError.objectMissing {
      return try catalog.objects.read(digest)
    }
  }

  package func artifacts(_ query: ArtifactQuery) throws -> [ArtifactRecord] {
    let recorded = try catalog.artifacts(query).filter { $0.sha256 != nil }
    let own = items.enumerated().filter { query.origins.contains($1.origin) && query.kinds.contains($1.kind) }
    return try share(of: recorded) { $0.sha256?.hex ?? "" } + own.map { ArtifactRecord($1, id: Self.id(of: $0)) }
  }

  package func share<Item>(of items: [Item], named name: (Item) -> String) throws -> [Item] {
    let names = items.map(name)
    let digest = ContentDigest(ofText: CanonicalJSON.array(names.map { .string($0) }).text)
    try folder.append(.shared(count: Int64(items.count), names: key.shardSeal(of: "names \(digest.hex)")))
    return zip(items, names).filter { shard.holds($1) }.map(\.0)
  }

  package func openRun(op: String, parameters: CanonicalJSON, seed: Int64?, determinism: Determinism) throws -> any RunRecorder {
    try folder.append(
      .runBegan(
        ShardRun(op: op, params: parameters.text, seed: seed, determinism: determinism, startedMilliseconds: catalog.clock())))
    return Recorder(ledger: self)
  }

  package func pseudonymKey(for purpose: String) throws -> (key: PseudonymKey, isNew: Bool) {
    if !keyIsTold { try folder.append(.keyUsed(catalog.use(of: key, .read, for: purpose))) }
    keyIsTold = true
    return (key, false)
  }

  private static func id(of number: Int) -> ArtifactID { ArtifactID(rawValue: -1 - Int64(number)) }

  private struct Recorder: RunRecorder {
    let ledger: ShardLedger

    func record(_ drafts: [ArtifactDraft]) throws -> [ArtifactID] { try ledger.record(drafts) }

    func assignSplits(_ splits: [Pseudonym: Split]) throws {
      try ledger.folder.append(.splits(splits.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    }

    func finish(exit: Int32) throws {
      try ledger.folder.append(.runEnded(endedMilliseconds: ledger.catalog.clock(), exit: Int64(exit)))
    }
  }

  private func record(_ drafts: [ArtifactDraft]) throws -> [ArtifactID] {
    guard !drafts.isEmpty else { return [] }
    try objects.publish(drafts.map(\.object))
    let first = items.count
    var numbers: [Int] = []
    for draft in drafts {
      let parents = try draft.parents.map { parent, role in (try resolve(parent, numbers), role) }
      let item = ShardItem(draft, parents: parents, place: try place(of: draft, numbers))
      let number = known[item.content] ?? items.count
      if number == items.count {
        known[item.content] = number
        items.append(item)
      }
      numbers.append(number)
    }
    if items.count > first { try folder.append(.recorded(items[first...].map(\.json))) }
    return numbers.map(Self.id)
  }

  /// - Parameter numbers: of the batch's earlier drafts.
  private func resolve(_ parent: ArtifactDraft.Parent, _ numbers: [Int]) throws -> ShardItem.Parent {
    switch parent {
    case .draft(let index): .item(numbers[index])
    case .recorded(let id) where id.rawValue < 0: .item(Int(-1 - id.rawValue))
    case .recorded(let id): .recorded(try catalog.leaf(of: id))
    }
  }

  /// An image that came in or was generated says its own place; anything else stands where its first parent does.
  private func place(of draft: ArtifactDraft, _ numbers: [Int]) throws -> ShardItem.Place {
    guard draft.origin != .acquired, draft.origin != .generated, let parent = draft.parents.first?.parent else {
      return ShardItem.Place(isNew: true, number: Int64(draft.place))
    }
    switch parent {
    case .draft(let index): return items[numbers[index]].place
    case .recorded(let id) where id.rawValue < 0: return items[Int(-1 - id.rawValue)].place
    case .recorded(let id): return ShardItem.Place(isNew: false, number: id.rawValue)
    }
  }
}

extension ArtifactRecord {
  /// An item as later stages of the same shard see it.
  fileprivate init(_ item: ShardItem, id: ArtifactID) {
    self.init(
      id: id, sha256: item.sha256, kind: item.kind, origin: item.origin, bytes: item.bytes, media: item.media, label: item.label,
      split: item.ownSplit, patient: item.patient, run: RunID(rawValue: 0), state: .active, attributes: item.attributes)
  }
}
