import Crypto
package import Foundation
import Glibc
package import ScanDeid

/// The folder of one shard: `objects/` as in a workspace, and `events.ndjson`, its log, to which lines are appended and which a seal ends.
///
/// It may lie on a network file system: there is no database in it. Objects are on the disk before a line names them, so a kill leaves a log without
/// its last line, and the same shard run again begins a new one over the objects that are there.
package final class ShardFolder {
  package let header: ShardHeader
  package let workspace: Workspace
  private let key: PseudonymKey
  private let lock: Int32
  private let log: Int32
  private var hasher = SHA256()

  static let logName = "events.ndjson"

  /// `3f0c…-2-of-7`: the work, so that the shards of two works never share a folder, and the share.
  package static func name(_ header: ShardHeader) -> String {
    "\(header.job.prefix(16))-\(header.shard.number)-of-\(header.shard.count)"
  }

  package enum State {
    case begun(ShardFolder)
    /// By an earlier process, whose log is whole.
    case finished(ShardLog)
  }

  /// Begins or begins again.
  ///
  /// - Parameters:
  ///   - parent: the folder of all shards.
  ///   - threads: for hashing the objects of a finished shard.
  /// - Throws: `ShardError.busy`, `notAShardFolder`; `CatalogError`.
  package static func open(in parent: URL, _ header: ShardHeader, key: PseudonymKey, threads: Int) throws -> State {
    let name = Self.name(header)
    let url = parent.appendingPathComponent(name, isDirectory: true)
    let workspace = try Workspace.forShard(at: url)
    let lock = Glibc.open(workspace.lockFile.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw DurableFile.failure("open") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw ShardError.busy(folder: name)
    }
    if let earlier = try? ShardLog(url, key: key, threads: threads), earlier.header.job == header.job {
      close(lock)
      return .finished(earlier)
    }
    return .begun(try ShardFolder(header, workspace, key: key, lock: lock))
  }

  private init(_ header: ShardHeader, _ workspace: Workspace, key: PseudonymKey, lock: Int32) throws {
    self.header = header
    self.workspace = workspace
    self.key = key
    self.lock = lock
    let path = workspace.root.appendingPathComponent(Self.logName).path
    unlink(path)
    log = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard log >= 0 else {
      close(lock)
      throw DurableFile.failure("open")
    }
    try ObjectStore(workspace).clearStaging()
    try append(.header(header))
    try DurableFile.sync(workspace.root)
  }

  deinit {
    close(log)
    close(lock)
  }

  /// Appends lines, on the disk when it returns.
  func append(_ lines: ShardLine...) throws {
    for line in lines { try write(line) }
    guard fsync(log) == 0 else { throw DurableFile.failure("fsync") }
  }

  private func write(_ line: ShardLine) throws {
    let bytes = Array((line.json.text + "\n").utf8)
    try bytes.withUnsafeBytes { try DurableFile.write($0, to: log) }
    hasher.update(data: bytes)
  }

  /// Ends the log. Whatever was appended counts from here on.
  package func seal(_ stages: [ShardStage]) throws {
    for stage in stages { try write(.stage(stage)) }
    try append(.end(seal: Self.seal(ContentDigest(finalizing: hasher), key)))
  }

  static func seal(_ lines: ContentDigest, _ key: PseudonymKey) -> String { key.shardSeal(of: "log \(lines.hex)") }
}
