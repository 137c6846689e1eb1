import Diagnostics
import Dispatch
import Synchronization

/// Runs independent work on several threads and gives the results in input order.
enum Concurrent {
  static func map<Item, Result>(_ items: [Item], threads: Int, _ body: (Item) -> Result) -> [Result] {
    guard threads > 1, items.count > 1 else { return items.map(body) }
    var results = [Result?](repeating: nil, count: items.count)
    let next = Atomic<Int>(0)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each index is taken by one thread, so no two write one slot.
      nonisolated(unsafe) let slots = buffer
      nonisolated(unsafe) let body = body
      nonisolated(unsafe) let items = items
      DispatchQueue.concurrentPerform(iterations: min(threads, items.count)) { _ in
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if index >= items.count { return }
          slots[index] = body(items[index])
        }
      }
    }
    return results.map { result in
      guard let result else { preconditionFailure("Concurrent.map left a slot empty") }
      return result
    }
  }
}

/// The sentence of an item's error: explained errors as they are, others by type alone, since their text may identify.
enum ItemMessage {
  static func text(_ error: any Error) -> String {
    (error as? any ExplainedError)?.description ?? "unexpected error \(type(of: error))"
  }
}
