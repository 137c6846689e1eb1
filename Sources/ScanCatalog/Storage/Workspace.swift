package import Foundation
import Glibc

/// The folder that holds everything of one project: catalog, objects, models, runs, keys, anchors (docs/cli.md, "Workspace").
package struct Workspace: Sendable, Equatable {
  /// Absolute, symbolic links resolved.
  package let root: URL

  package var catalogFile: URL { root.appendingPathComponent("catalog.sqlite") }
  package var objects: URL { root.appendingPathComponent("objects", isDirectory: true) }
  package var models: URL { root.appendingPathComponent("models", isDirectory: true) }
  package var runs: URL { root.appendingPathComponent("runs", isDirectory: true) }
  package var keys: URL { root.appendingPathComponent("keys", isDirectory: true) }
  package var anchors: URL { root.appendingPathComponent("anchors", isDirectory: true) }
  /// Files on their way into `objects`; emptied when a writer opens the catalog.
  package var staging: URL { root.appendingPathComponent("staging", isDirectory: true) }
  var signingKeyFile: URL { keys.appendingPathComponent("signing.key") }
  var lockFile: URL { root.appendingPathComponent("lock") }

  /// `models/<name>/`, which need not exist.
  ///
  /// - Throws: `CatalogError.modelName` unless `name` has only letters, digits, dot, dash and underscore and begins with a letter or digit.
  package func model(named name: String) throws -> URL {
    let bytes = Array(name.utf8)
    let isAlphanumeric = { (byte: UInt8) in (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }
    guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 100,
      bytes.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
    else { throw CatalogError.modelName(name) }
    return models.appendingPathComponent(name, isDirectory: true)
  }

  /// `runs/<id>/`, made when missing.
  package func run(_ id: RunID) throws -> URL {
    let folder = runs.appendingPathComponent(String(id.rawValue), isDirectory: true)
    try DurableFile.makeFolder(folder)
    return folder
  }

  /// Makes the folders of a workspace in a missing or empty folder; an existing workspace is opened.
  ///
  /// - Throws: `folderNotEmpty` when the folder holds anything else, `networkFileSystem`, `noPermission`, `diskFull`.
  package static func create(at url: URL) throws -> Workspace {
    if let workspace = try existing(at: url) { return workspace }
    try DurableFile.makeFolder(url)
    let contents: [String]
    do {
      contents = try FileManager.default.contentsOfDirectory(atPath: url.path)
    } catch {
      throw CatalogError.noPermission
    }
    // A workspace that has lost its catalog must not get an empty one over its objects.
    guard try !hasContents(url.appendingPathComponent("objects")), try !hasContents(url.appendingPathComponent("anchors")) else {
      throw CatalogError.catalogMissing
    }
    // Left by an `init` that was cut off before it made the catalog, by `key new`, or by shards that are not merged yet.
    let own: Set = ["objects", "models", "runs", "keys", "anchors", "staging", "shards", "lock"]
    guard contents.allSatisfy(own.contains) else { throw CatalogError.folderNotEmpty }
    let workspace = try Workspace(resolving: url)
    for folder in workspace.folders { try DurableFile.makeFolder(folder) }
    guard chmod(workspace.root.path, 0o700) == 0 else { throw DurableFile.failure("chmod") }
    try DurableFile.sync(workspace.root)
    return workspace
  }

  /// - Throws: `notAWorkspace` when there is no catalog.
  package static func open(at url: URL) throws -> Workspace {
    guard let workspace = try existing(at: url) else { throw CatalogError.notAWorkspace }
    return workspace
  }

  /// The workspace at `url`, which has lost its catalog or is about to get another; its folders are made where they are missing.
  ///
  /// - Throws: `notAWorkspace` when there is neither a catalog nor a folder of objects.
  static func forRebuild(at url: URL) throws -> Workspace {
    let names = ["catalog.sqlite", "objects"]
    guard names.contains(where: { FileManager.default.fileExists(atPath: url.appendingPathComponent($0).path) }) else {
      throw CatalogError.notAWorkspace
    }
    let workspace = try Workspace(resolving: url)
    for folder in workspace.folders { try DurableFile.makeFolder(folder) }
    return workspace
  }

  /// Where shards are made unless the user names another place.
  package var shards: URL { root.appendingPathComponent("shards", isDirectory: true) }

  /// The folder of a shard, made when missing: `objects` and `staging` alone, on any file system.
  ///
  /// - Throws: `ShardError.notAShardFolder` when it holds anything else.
  static func forShard(at url: URL) throws -> Workspace {
    try DurableFile.makeFolder(url)
    let own: Set = ["objects", "staging", "lock", ShardFolder.logName]
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    guard contents.allSatisfy(own.contains) else { throw ShardError.notAShardFolder(folder: url.lastPathComponent) }
    let workspace = Workspace(unchecked: url)
    for folder in [workspace.objects, workspace.staging] { try DurableFile.makeFolder(folder) }
    return workspace
  }

  /// A folder that has a key at best, for a shard that is made where the catalog is not.
  package static func withoutCatalog(at url: URL) -> Workspace { Workspace(unchecked: url) }

  private init(unchecked url: URL) { root = url.standardizedFileURL }

  private var folders: [URL] { [objects, models, runs, keys, anchors, staging] }

  private static func hasContents(_ url: URL) throws -> Bool {
    guard FileManager.default.fileExists(atPath: url.path) else { return false }
    do {
      return try !FileManager.default.contentsOfDirectory(atPath: url.path).isEmpty
    } catch {
      throw CatalogError.noPermission
    }
  }

  private static func existing(at url: URL) throws -> Workspace? {
    guard FileManager.default.fileExists(atPath: url.appendingPathComponent("catalog.sqlite").path) else { return nil }
    return try Workspace(resolving: url)
  }

  private init(resolving url: URL) throws {
    guard let resolved = realpath(url.path, nil) else { throw DurableFile.failure("realpath") }
    defer { free(resolved) }
    let path = String(cString: resolved)
    if let table = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8),
      let type = MountTable(mountinfo: table).fileSystemType(of: path), MountTable.isNetwork(type: type)
    {
      throw CatalogError.networkFileSystem(type: type)
    }
    root = URL(fileURLWithPath: path, isDirectory: true)
  }
}
