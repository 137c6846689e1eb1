import Crypto
package import Foundation
import Glibc
package import ScanDeid

/// A finished shard as it lies in its folder, checked to the last byte: seal, lines, their order, objects. Before, nothing of it is believed.
package struct ShardLog {
  package let url: URL
  package let header: ShardHeader
  let facts: ShardFacts
  /// Keyed hash of what is to be recorded, without times and hosts: equal when the same shard is made again.
  let content: String

  /// The last part of the folder's path.
  package var name: String { url.lastPathComponent }
  package var items: Int { facts.items }
  package var stages: [ShardStage] { facts.stages }
  /// Place in the pipeline of the first stage that it did.
  package var firstPosition: Int { facts.stages.first?.position ?? 0 }

  /// - Parameter url: its folder, which a link may name; links inside are refused.
  /// - Throws: `ShardError`.
  package init(_ url: URL, key: PseudonymKey, threads: Int) throws {
    var lines = try ShardLines(url)
    guard case .header(let header)? = try lines.next() else { throw ShardError.malformed(folder: url.lastPathComponent, line: 1) }
    guard header.key == key.fingerprint else {
      throw ShardError.otherKey(folder: url.lastPathComponent, found: header.key, expected: key.fingerprint)
    }
    var facts = ShardFacts()
    while true {
      let before = lines.digest
      guard let line = try lines.next() else { throw ShardError.unfinished(folder: url.lastPathComponent) }
      if case .end(let seal) = line {
        guard seal == ShardFolder.seal(before, key) else { throw ShardError.changed(folder: url.lastPathComponent) }
        guard facts.isComplete, try lines.next() == nil else { throw ShardError.malformed(folder: url.lastPathComponent, line: lines.number) }
        break
      }
      guard facts.take(line) else { throw ShardError.malformed(folder: url.lastPathComponent, line: lines.number) }
    }
    self.url = url
    self.header = header
    self.facts = facts
    content = key.shardSeal(of: "content \(facts.content.hex)")
    try ShardObjects(url).verify(facts.objects, threads: threads)
  }

  /// Whether `url` has a log, so that it is meant to be a shard's folder.
  package static func isThere(_ url: URL) -> Bool {
    var status = stat()
    return lstat(url.appendingPathComponent(ShardFolder.logName).path, &status) == 0
  }
}

/// What the lines of a log say together.
struct ShardFacts {
  private(set) var keyUses: [KeyUse] = []
  /// What the shard took its items from, one text each.
  private(set) var shares: [String] = []
  private(set) var runs: [ShardRun] = []
  /// Ends of the runs.
  private(set) var ends: [(milliseconds: Int64, exit: Int64)] = []
  private(set) var stages: [ShardStage] = []
  private(set) var splits: [Pseudonym: Split] = [:]
  private(set) var patients: Set<Pseudonym> = []
  /// Lengths of all objects.
  private(set) var objects: [ContentDigest: Int64] = [:]
  /// Leaves of rows that items were made from.
  private(set) var parents: Set<ContentDigest> = []
  private(set) var items = 0
  private var last: ShardItem.Place?
  private var hasher = SHA256()

  /// Over what is to be recorded, without times and hosts.
  var content: ContentDigest { ContentDigest(finalizing: hasher) }

  var isComplete: Bool { runs.count == ends.count }

  /// - Returns: false for a line that cannot stand here.
  mutating func take(_ line: ShardLine) -> Bool {
    switch line {
    case .header, .end: return false
    case .keyUsed(let use): keyUses.append(use)
    case .shared(let count, let names):
      shares.append("\(count) \(names)")
      add(.string(shares[shares.count - 1]))
    case .runBegan(let run):
      guard isComplete else { return false }
      runs.append(run)
      last = nil
      add(.array([.string(run.op), .string(run.params), run.seed.map { .whole($0) } ?? .null, .string(run.determinism.rawValue)]))
    case .recorded(let list):
      guard !isComplete else { return false }
      for json in list {
        guard let item = ShardItem(json, number: items), last.map({ !(item.place < $0) }) ?? true,
          objects.updateValue(item.bytes, forKey: item.sha256) ?? item.bytes == item.bytes
        else { return false }
        if let patient = item.patient { patients.insert(patient) }
        for case (.recorded(let leaf), _) in item.parents { parents.insert(leaf) }
        last = item.place
        items += 1
        add(json)
      }
    case .splits(let list):
      guard !isComplete else { return false }
      for (patient, split) in list {
        guard splits.updateValue(split, forKey: patient) ?? split == split else { return false }
        add(.array([.string(patient.text), .string(split.rawValue)]))
      }
    case .runEnded(let milliseconds, let exit):
      guard !isComplete else { return false }
      ends.append((milliseconds, exit))
    case .stage(let stage):
      guard isComplete else { return false }
      stages.append(stage)
    }
    return true
  }

  private mutating func add(_ json: CanonicalJSON) { hasher.update(data: Array((json.text + "\n").utf8)) }
}

/// The lines of a shard's log in order.
struct ShardLines: ~Copyable {
  private let folder: String
  private var lines: TextLines
  private var hasher = SHA256()
  /// Of the line given last, from 1.
  private(set) var number = 0

  /// Far above what a batch of a stage takes.
  private static let longestLine = 32 << 20

  init(_ url: URL) throws {
    folder = url.lastPathComponent
    guard let descriptor = try ShardObjects(url).openFile(ShardFolder.logName) else { throw ShardError.unfinished(folder: folder) }
    lines = TextLines(descriptor: descriptor, longest: Self.longestLine)
  }

  /// SHA-256 of the lines given so far.
  var digest: ContentDigest { ContentDigest(finalizing: hasher) }

  /// - Returns: nil after the last whole line; one that was cut by a kill does not count.
  /// - Throws: `ShardError.malformed`, `.otherVersion`.
  mutating func next() throws -> ShardLine? {
    guard let (bytes, isEnded) = try lines.nextBytes(), isEnded else { return nil }
    number += 1
    hasher.update(data: bytes)
    hasher.update(data: [UInt8(ascii: "\n")])
    guard let json = String(validating: bytes, as: UTF8.self).flatMap({ CanonicalJSON(parsing: $0) }) else {
      throw ShardError.malformed(folder: folder, line: number)
    }
    if json["type"]?.stringValue == "scanforge.shard", json["version"]?.integerValue != ShardHeader.version {
      throw ShardError.otherVersion(folder: folder)
    }
    guard let line = ShardLine(json) else { throw ShardError.malformed(folder: folder, line: number) }
    return line
  }
}
