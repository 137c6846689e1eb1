import Crypto
import Dispatch

/// Some thousand events of the log, read by one thread and then hashed and parsed by all: what costs most of a replay does not depend on order.
struct EventBlock {
  struct Event {
    let seq: Int64
    let prev: ContentDigest?
    let hash: ContentDigest?
    /// Where the body lies.
    fileprivate let body: Range<Int>
    /// SHA-256(prev || body), with zeros for a `prev` that is none.
    fileprivate(set) var claimed = ContentDigest.zero
    /// nil when the body is not one that ScanForge writes.
    fileprivate(set) var step: ReplayStep?
  }

  /// What `fill` reads.
  static let query = "SELECT seq, body, prev, hash FROM event ORDER BY seq"

  private static let mostEvents = 4096
  /// Bodies may be long: those of finished stages and of changed states grow with what they tell of.
  private static let mostBytes = 4 << 20

  private(set) var events: [Event] = []
  /// Room for a hash before each body, so that both are hashed in one piece.
  private var bytes: [UInt8] = []

  /// Takes the next events in place of those before.
  ///
  /// - Returns: false when there are no more.
  mutating func fill(from rows: BareStatement) throws -> Bool {
    events.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    while events.count < Self.mostEvents, bytes.count < Self.mostBytes, try rows.next() {
      let prev = rows.digest(2)
      (prev ?? .zero).withUnsafeBytes { bytes += $0 }
      let start = bytes.count
      if let body = rows.utf8(1) { bytes += body }
      events.append(Event(seq: rows.integer(0) ?? 0, prev: prev, hash: rows.digest(3), body: start..<bytes.count))
    }
    return !events.isEmpty
  }

  /// Hashes and parses all of them.
  mutating func examine(threads: Int) {
    let share = (events.count + max(1, threads) - 1) / max(1, threads)
    bytes.withUnsafeBufferPointer { bytes in
      events.withUnsafeMutableBufferPointer { events in
        // Each thread has events of its own.
        nonisolated(unsafe) let (bytes, events) = (bytes, events)
        DispatchQueue.concurrentPerform(iterations: events.count > 64 ? max(1, threads) : 1) { thread in
          let part = events.count > 64 ? thread * share..<min(events.count, (thread + 1) * share) : 0..<events.count
          for index in part {
            let body = events[index].body
            let whole = UnsafeBufferPointer(rebasing: bytes[(body.lowerBound - 32)..<body.upperBound])
            events[index].claimed = ContentDigest(ofBytes: UnsafeRawBufferPointer(whole))
            events[index].step = ReplayStep(body: UnsafeBufferPointer(rebasing: whole[32...]))
          }
        }
      }
    }
  }

  /// SHA-256(previous || body) of one of them.
  func hash(of index: Int, after previous: ContentDigest) -> ContentDigest {
    ContentDigest { hasher in
      previous.withUnsafeBytes { hasher.update(bufferPointer: $0) }
      bytes[events[index].body].withUnsafeBytes { hasher.update(bufferPointer: $0) }
    }
  }
}
