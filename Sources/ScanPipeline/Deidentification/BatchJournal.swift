import Diagnostics
import Foundation
import ScanDeid
import ScanIO
import ScanModel

/// What an unfinished batch has published, so that the same command goes on where it stopped and its summary counts everything once.
///
/// A hidden file of JSON lines in the output folder: the request, then a line an item. It names sources by keyed ids alone and goes away when
/// the batch has come to its end. Whatever in it does not fit (another request, a torn line, an output that is gone) is done again.
final class BatchJournal {
  struct Entry: Codable {
    /// Keyed id of the source with its size and time of change.
    let source: String
    /// Below the output folder.
    let path: String
    let bytes: Int
    let patient: Pseudonym
    let record: DeidentificationRecord
    let warnings: [ScanWarning]
  }

  static let name = ".scanforge-journal"
  private let path: String
  private let descriptor: Int32
  private let entries: [String: Entry]

  /// Takes up what an earlier run of the same request left at `root`, and begins anew otherwise.
  init(root: String, _ request: BatchRequest) throws(FileWriteError) {
    path = root + "/" + BatchJournal.name
    var kept: [Entry] = []
    let lines = ((try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()).split(separator: 10)
    if let first = lines.first, (try? JSONDecoder().decode(BatchRequest.self, from: first)) == request {
      kept = lines.dropFirst().compactMap { try? JSONDecoder().decode(Entry.self, from: $0) }
    }
    entries = Dictionary(kept.map { ($0.source, $0) }) { $1 }
    // Written anew, so that a line goes on behind whole lines.
    try AtomicFile.write(BatchJournal.line(request) + kept.flatMap { BatchJournal.line($0) }, to: path, mode: 0o600)
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw FileWriteError(errno: errno) }
  }

  /// The entry of a source whose output is still there.
  func entry(of source: String, in tree: OutputTree) -> Entry? {
    guard let entry = entries[source], tree.size(of: entry.path) == entry.bytes else { return nil }
    return entry
  }

  func append(_ entries: [Entry]) throws(FileWriteError) {
    try AtomicFile.writeAll(entries.flatMap { BatchJournal.line($0) }, to: descriptor)
  }

  /// The batch came to its end: nothing is left to go on with.
  func remove() { unlink(path) }

  deinit { close(descriptor) }

  /// What names a source: another file of the same name is another source.
  static func source(_ item: InputItem, key: PseudonymKey) -> String? {
    var status = stat()
    guard stat(item.path.revealed, &status) == 0 else { return nil }
    return key.itemID(of: "\(item.path.revealed)\0\(status.st_size)\0\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
  }

  private static func line(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(value) else { preconditionFailure("BatchJournal: a line that is no JSON") }
    return Array(data) + [10]
  }
}
