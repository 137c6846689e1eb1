package import Diagnostics

/// Why a shard cannot be made, or is not admitted. `folder` is the last part of a shard folder's path.
package enum ShardError: ExplainedError, Equatable {
  // Making one
  /// No key, and one of its own would give every shard other pseudonyms.
  case noKey
  case busy(folder: String)
  case notAShardFolder(folder: String)
  /// `split`, `train` and `export` see everything at once.
  case runsOnce(stage: String)
  case nothingLeft
  // Admitting: the folder
  case noShards
  case unfinished(folder: String)
  case malformed(folder: String, line: Int)
  case otherVersion(folder: String)
  case otherKey(folder: String, found: String, expected: String)
  case changed(folder: String)
  case unusableFile(folder: String, file: String)
  case objectMissing(folder: String, ContentDigest)
  case objectModified(folder: String, ContentDigest)
  // Admitting: the shards together
  case missing(job: String, shards: [Int], of: Int)
  case disagree(first: String, second: String, in: String)
  case otherWorkspace(folder: String)
  case differs(folder: String)
  case parentGone(folder: String, state: String)

  package var kind: FailureKind {
    switch self {
    case .noKey, .unusableFile, .objectMissing: .surroundings
    case .busy, .notAShardFolder, .runsOnce, .nothingLeft, .noShards, .otherKey, .otherVersion, .otherWorkspace, .missing, .unfinished: .request
    case .malformed, .changed, .objectModified, .disagree, .differs, .parentGone: .finding
    }
  }

  package var code: String {
    switch self {
    case .noKey: "shard.noKey"
    case .busy: "shard.busy"
    case .notAShardFolder: "shard.notAShardFolder"
    case .runsOnce: "shard.runsOnce"
    case .nothingLeft: "shard.nothingLeft"
    case .noShards: "shard.none"
    case .unfinished: "shard.unfinished"
    case .malformed: "shard.malformed"
    case .otherVersion: "shard.otherVersion"
    case .otherKey: "shard.otherKey"
    case .changed: "shard.changed"
    case .unusableFile: "shard.unusableFile"
    case .objectMissing: "shard.objectMissing"
    case .objectModified: "shard.objectModified"
    case .missing: "shard.missing"
    case .disagree: "shard.disagree"
    case .otherWorkspace: "shard.otherWorkspace"
    case .differs: "shard.differs"
    case .parentGone: "shard.parentGone"
    }
  }

  package var place: String? {
    switch self {
    case .malformed(let folder, let line): "\(folder)/events.ndjson, line \(line)"
    case .unusableFile(let folder, let file): "\(folder)/\(file)"
    case .busy(let folder), .notAShardFolder(let folder), .unfinished(let folder), .otherVersion(let folder), .otherKey(let folder, _, _),
      .changed(let folder), .objectMissing(let folder, _), .objectModified(let folder, _), .otherWorkspace(let folder), .differs(let folder),
      .parentGone(let folder, _):
      folder
    case .noKey, .runsOnce, .nothingLeft, .noShards, .missing, .disagree: nil
    }
  }

  package var what: String {
    switch self {
    case .noKey: "there is no pseudonym key, and shards that made their own would give one patient many names"
    case .busy: "another scanforge is working on this shard"
    case .notAShardFolder: "the folder holds other files and is not a shard's"
    case .runsOnce(let stage): "the next stage is \(stage), which sees everything at once and is never divided"
    case .nothingLeft: "all stages of this pipeline are done"
    case .noShards: "no folder of a finished shard was found"
    case .unfinished: "the shard is not finished: its log has no last line"
    case .malformed: "this is no line that a shard writes there"
    case .otherVersion: "the log of the shard has a format that this program does not know"
    case .otherKey(_, let found, let expected): "the shard was made with the key \(found), the workspace has \(expected)"
    case .changed: "the log is not the one that the shard sealed"
    case .unusableFile: "this is a link or no regular file, or it cannot be read"
    case .objectMissing(_, let digest): "the object \(digest) is not in the shard"
    case .objectModified(_, let digest): "the bytes of the object \(digest) were changed"
    case .missing(let job, let shards, let count):
      "of the work \(job.prefix(16)), \(shards.count == 1 ? "shard" : "shards") \(Self.listed(shards)) of \(count) \(shards.count == 1 ? "is" : "are") missing"
    case .disagree(let first, let second, let subject): "the shards \(first) and \(second) do not agree on \(subject)"
    case .otherWorkspace: "the shard was made from images or a model that this workspace does not have"
    case .differs: "this shard was admitted before with other contents"
    case .parentGone(_, let state): "the model or an image that the shard was made from is \(state) by now"
    }
  }

  package var remedy: String {
    switch self {
    case .noKey: "Make one with scanforge key new --workspace DIR before the shards start, or give all of them the same file with --key."
    case .busy: "Wait until it has ended."
    case .notAShardFolder: "Name another folder with --shards."
    case .runsOnce: "Merge the shards, then use scanforge run PIPELINE --undivided, once, on the workspace."
    case .nothingLeft: "Use scanforge run without --shard to run it again."
    case .noShards: "Name folders that --shard wrote, or a folder that holds them."
    case .unfinished: "Run the same shard again, which makes it whole, then merge."
    case .malformed, .changed, .objectMissing, .objectModified: "Remove the folder, run the same shard again, then merge. Nothing was admitted."
    case .otherVersion: "Use the scanforge that made it."
    case .otherKey: "Make the shards with the key of this workspace (--key FILE), or merge into the workspace that has theirs."
    case .unusableFile: "Copy the shard again as it was made; links are not followed."
    case .missing: "Run them or name their folders too; --partial admits the others now."
    case .disagree: "Run all shards with one program on the same inputs, without changing these meanwhile."
    case .otherWorkspace: "Merge it into the workspace that it was made for."
    case .differs: "Remove the folder; what was admitted stays."
    case .parentGone: "Remove the folder and run the shard again."
    }
  }

  /// `0, 3 to 6, 9`
  private static func listed(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, last.upperBound + 1 == number { ranges[ranges.count - 1] = last.lowerBound...number } else { ranges.append(number...number) }
    }
    let words = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : $0.count == 2 ? "\($0.lowerBound), \($0.upperBound)" : "\($0.lowerBound) to \($0.upperBound)" }
    return words.joined(separator: ", ")
  }
}
