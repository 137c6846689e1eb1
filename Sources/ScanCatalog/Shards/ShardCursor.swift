import Foundation

/// Reads the items of a verified shard again, run by run, without holding them all.
final class ShardCursor {
  let log: ShardLog
  private var lines: ShardLines
  /// The run whose lines are being read.
  private var run = -1
  private var hasEnded = true
  private var waiting: ArraySlice<ShardItem> = []
  private var count = 0

  init(_ log: ShardLog) throws {
    self.log = log
    lines = try ShardLines(log.url)
  }

  /// The next item of `run`, which stays the next until `advance`.
  ///
  /// - Parameter run: never less than in the call before.
  /// - Returns: nil after the last one.
  /// - Throws: `ShardError.changed` when the log is not any more what it was.
  func head(of run: Int) throws -> ShardItem? {
    while waiting.isEmpty {
      if self.run == run, hasEnded { return nil }
      switch try lines.next() {
      case .runBegan:
        self.run += 1
        hasEnded = false
      case .runEnded: hasEnded = true
      case .recorded(let list):
        let items = list.enumerated().compactMap { ShardItem($1, number: count + $0) }
        guard items.count == list.count else { throw ShardError.changed(folder: log.name) }
        count += items.count
        waiting = items[...]
      case nil, .end: throw ShardError.changed(folder: log.name)
      default: break
      }
    }
    return waiting.first
  }

  /// Number within the log of what `head` gave.
  var number: Int { count - waiting.count }

  func advance() { waiting.removeFirst() }
}
