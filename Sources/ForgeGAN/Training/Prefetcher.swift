import Foundation

/// Makes the batches of the coming steps in order, on a thread of its own, so that a step finds its batch ready.
///
/// There is memory for two batches: the one that a step reads and the next. An error of the source reaches the step whose batch it was.
package final class Prefetcher<Source: BatchSource>: @unchecked Sendable {
  private let condition = NSCondition()
  // Guarded by `condition`:
  private var rooms: [Source.Batch]
  private var made: [Source.Batch] = []
  private var failure: ForgeGANError?
  private var isCancelled = false
  private var hasEnded = false

  /// - Parameters:
  ///   - first: the step whose batch comes first.
  ///   - end: the step before which the last batch belongs; nil for no end.
  package init(_ source: Source, seed: UInt64, from first: Int, to end: Int?) {
    rooms = [source.makeRoom(), source.makeRoom()]
    let thread = Thread { [self] in work(source, seed: seed, from: first, to: end) }
    thread.name = "batches"
    thread.start()
  }

  /// Hands the next batch to `body`, which must not keep it.
  package func withNext<Result>(_ body: (Source.Batch) -> Result) throws(ForgeGANError) -> Result {
    condition.lock()
    while made.isEmpty, failure == nil, !hasEnded { condition.wait() }
    guard !made.isEmpty else {
      defer { condition.unlock() }
      guard let failure else { preconditionFailure("a batch beyond the last one") }
      throw failure
    }
    var batch: Source.Batch? = made.removeFirst()
    condition.unlock()
    defer {
      condition.lock()
      rooms.append(batch.take()!)
      condition.signal()
      condition.unlock()
    }
    return body(batch!)
  }

  /// Ends the thread and waits for its end. No batch may be asked for afterwards.
  package func cancel() {
    condition.lock()
    isCancelled = true
    condition.broadcast()
    while !hasEnded { condition.wait() }
    condition.unlock()
  }

  private func work(_ source: consuming Source, seed: UInt64, from first: Int, to end: Int?) {
    var step = first
    while step < end ?? .max, var room = takeRoom() {
      do throws(ForgeGANError) {
        try source.fill(&room, seed: seed, step: step)
        finish(consume room)
      } catch {
        fail(error)
        break
      }
      step += 1
    }
    condition.lock()
    hasEnded = true
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until there is one; nil when the training has ended.
  private func takeRoom() -> Source.Batch? {
    condition.lock()
    defer { condition.unlock() }
    while rooms.isEmpty, !isCancelled { condition.wait() }
    return isCancelled ? nil : rooms.removeLast()
  }

  private func finish(_ batch: consuming Source.Batch) {
    condition.lock()
    made.append(batch)
    condition.signal()
    condition.unlock()
  }

  private func fail(_ error: ForgeGANError) {
    condition.lock()
    failure = error
    condition.signal()
    condition.unlock()
  }
}
