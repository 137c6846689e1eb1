package import Foundation
import GRDB
import Glibc

/// The three files of `models/<name>/`, ready to be published.
package struct ModelFiles: Sendable {
  /// `model.safetensors`: what generate and upscale use.
  package var weights: URL
  /// `state.safetensors`: weights, moments, EMA, random state, data order.
  package var state: URL
  /// `model.json`.
  package var description: [UInt8]

  package init(weights: URL, state: URL, description: [UInt8]) {
    self.weights = weights
    self.state = state
    self.description = description
  }

  static let weightsName = "model.safetensors"
  static let stateName = "state.safetensors"
  static let descriptionName = "model.json"
}

/// The artifacts of one published model.
package struct PublishedModel: Sendable, Equatable {
  package let name: String
  /// `model.safetensors`: the parent of what it generates.
  package let weights: ArtifactID
  package let state: ArtifactID
  package let description: ArtifactID
  /// `models/<name>/`.
  package let folder: URL
}

extension RunHandle {
  /// Records a model and puts it into `models/<name>/`, in place of an earlier one of that name.
  ///
  /// The bytes live in `objects/`; the model's folder holds hard links to them (copies where the file system has no links). Files
  /// that nothing was made from are superseded and their objects removed, so a long training does not keep every state it had.
  ///
  /// - Parameter parents: the data set (`trainingSet`), a state it went on from (`resumedFrom`).
  package func publishModel(
    _ name: String, files: ModelFiles, from parents: [(parent: ArtifactDraft.Parent, role: String)], attributes: ArtifactAttributes = .init()
  ) throws -> PublishedModel {
    let folder = try catalog.workspace.model(named: name)
    var attributes = attributes
    attributes.values["model"] = .string(name)
    let weights = "application/octet-stream"
    let ids = try record([
      .computed(try catalog.objects.store(weights: files.weights), kind: .model, media: weights, from: parents, attributes: attributes),
      .computed(
        try catalog.objects.store(weights: files.state), kind: .checkpoint, media: weights, from: [(.draft(0), "model")], attributes: attributes),
      .computed(
        try catalog.objects.store(unownedBytes: files.description), kind: .model, media: "application/json", from: [(.draft(0), "model")],
        attributes: attributes),
    ])
    let published = [ModelFiles.weightsName: ids[0], ModelFiles.stateName: ids[1], ModelFiles.descriptionName: ids[2]]
    let purged = try catalog.write { db in try self.shelve(name, published, db) }
    try catalog.restoreModelFiles(named: name)
    for digest in purged { unlink(catalog.objects.url(of: digest).path) }
    return PublishedModel(name: name, weights: ids[0], state: ids[1], description: ids[2], folder: folder)
  }

  /// Rows and events of a publication. Gives the objects that are of no more use.
  private func shelve(_ name: String, _ files: [String: ArtifactID], _ db: Database) throws -> [ContentDigest] {
    let before = try ModelShelf.current(name, db)
    guard before.mapValues(\.id) != files.mapValues(\.rawValue) else { return [] }
    var leaves: [String: ContentDigest] = [:]
    for (file, id) in files {
      let data = try Data.fetchOne(db, sql: "SELECT leaf FROM artifact WHERE id = ?", arguments: [id.rawValue])
      leaves[file] = data.flatMap { ContentDigest(bytes: $0) }
    }
    let sequence = try EventLog.append(.modelPublished(run: self.id.rawValue, name: name, files: leaves), db)
    for (file, id) in files {
      try db.execute(
        sql: "INSERT INTO model_file (name, file, event_seq, artifact_id) VALUES (?, ?, ?, ?)", arguments: [name, file, sequence, id.rawValue])
    }
    let old = Set(before.values.map(\.id)).subtracting(files.values.map(\.rawValue))
    let superseded = try ModelShelf.withoutUse(old, db)
    try ArtifactStates.set(.superseded, of: superseded.map { ($0.id, $0.leaf) }, run: self.id.rawValue, db)
    return try superseded.compactMap { artifact in
      let others = try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM (\(ContentIndex.sql)) c CROSS JOIN artifact a ON a.id = c.artifact WHERE a.sha256 = ?1 AND a.state = 'active'
          """, arguments: [artifact.sha256.hex])
      return others == 0 ? artifact.sha256 : nil
    }
  }
}

enum ModelShelf {
  struct Entry {
    let id: Int64
    let leaf: ContentDigest
    let sha256: ContentDigest
  }

  /// The files that were published last under `name`.
  static func current(_ name: String, _ db: Database) throws -> [String: Entry] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT m.file, a.id, a.leaf, a.sha256 FROM model_file m CROSS JOIN artifact a ON a.id = m.artifact_id
        WHERE m.name = ? AND m.event_seq = (SELECT max(event_seq) FROM model_file WHERE name = m.name)
        """, arguments: [name])
    var entries: [String: Entry] = [:]
    for row in rows { entries[row["file"]] = entry(row) }
    return entries
  }

  /// Those of `ids` that no artifact outside `ids` was made from.
  static func withoutUse(_ ids: Set<Int64>, _ db: Database) throws -> [Entry] {
    var entries: [Entry] = []
    for id in ids.sorted() {
      let children = try Int64.fetchSet(db, sql: "SELECT child FROM derivation WHERE parent = ?", arguments: [id])
      guard children.isSubset(of: ids) else { continue }
      let row = try Row.fetchOne(db, sql: "SELECT id, leaf, sha256 FROM artifact WHERE id = ? AND state = 'active'", arguments: [id])
      if let row, let entry = entry(row) { entries.append(entry) }
    }
    return entries
  }

  private static func entry(_ row: Row) -> Entry? {
    guard let leaf = ContentDigest(bytes: row["leaf"] as Data), let sha256 = (row["sha256"] as String?).flatMap({ ContentDigest(hex: $0) })
    else { return nil }
    return Entry(id: row["id"], leaf: leaf, sha256: sha256)
  }
}

extension Catalog {
  /// Names of all published models, sorted, with the artifact of their weights.
  package func models() throws -> [(name: String, weights: ArtifactRecord)] {
    try read { db in
      let names = try String.fetchAll(db, sql: "SELECT DISTINCT name FROM model_file ORDER BY name")
      return try names.compactMap { name in
        guard let entry = try ModelShelf.current(name, db)[ModelFiles.weightsName] else { return nil }
        return try Self.artifact(ArtifactID(rawValue: entry.id), db).map { (name, $0) }
      }
    }
  }

  /// Weights and state that were published last under `name`.
  ///
  /// - Throws: `CatalogError.noSuchModel`.
  package func model(named name: String) throws -> PublishedModel {
    let folder = try workspace.model(named: name)
    let files = try read { try ModelShelf.current(name, $0) }
    guard let weights = files[ModelFiles.weightsName], let state = files[ModelFiles.stateName],
      let description = files[ModelFiles.descriptionName]
    else { throw CatalogError.noSuchModel(name) }
    return PublishedModel(
      name: name, weights: ArtifactID(rawValue: weights.id), state: ArtifactID(rawValue: state.id),
      description: ArtifactID(rawValue: description.id), folder: folder)
  }

  /// The model published under `name`, its weights hashed again. A tainted model makes nothing more.
  ///
  /// - Throws: `CatalogError.noSuchModel`, `.modelTainted`, `.objectMissing`, `.objectModified`.
  package func verifiedModel(named name: String) throws -> PublishedModel {
    let model = try model(named: name)
    let record = try artifact(model.weights)
    if record.state == .tainted { throw CatalogError.modelTainted(name) }
    guard let recorded = record.sha256 else { throw CatalogError.noSuchModel(name) }
    let weights = model.folder.appendingPathComponent(ModelFiles.weightsName)
    guard let (found, _) = try? ObjectStore.digest(of: weights) else { throw CatalogError.objectMissing(recorded) }
    guard found == recorded else { throw CatalogError.objectModified(recorded) }
    return model
  }

  /// Finishes a publication that was cut off between its rows and its links: a file that is missing, or that is an earlier
  /// publication's, is linked anew. A file with any other content is left for `audit verify` to find.
  func restoreModelFiles(named only: String? = nil) throws {
    let names = try only.map { [$0] } ?? read { try String.fetchAll($0, sql: "SELECT DISTINCT name FROM model_file") }
    for name in names {
      let folder = try workspace.model(named: name)
      try DurableFile.makeFolder(folder)
      for (file, entry) in try read({ try ModelShelf.current(name, $0) }) {
        try restore(folder.appendingPathComponent(file), from: entry.sha256, name: name, file: file)
      }
      try DurableFile.sync(folder)
    }
  }

  private func restore(_ url: URL, from digest: ContentDigest, name: String, file: String) throws {
    let object = objects.url(of: digest)
    guard access(object.path, F_OK) == 0 else { return }
    var target = stat()
    var source = stat()
    if lstat(url.path, &target) == 0 {
      if stat(object.path, &source) == 0, source.st_ino == target.st_ino, source.st_dev == target.st_dev { return }
      guard let (found, _) = try? ObjectStore.digest(of: url), found != digest else { return }
      let earlier = try read { db in
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM model_file m CROSS JOIN artifact a ON a.id = m.artifact_id
            WHERE m.name = ? AND m.file = ? AND a.sha256 = ?)
            """, arguments: [name, file, found.hex]) ?? false
      }
      guard earlier else { return }
    }
    let temporary = workspace.staging.appendingPathComponent(UUID().uuidString)
    try DurableFile.link(object, to: temporary)
    try DurableFile.move(temporary, to: url)
  }
}
