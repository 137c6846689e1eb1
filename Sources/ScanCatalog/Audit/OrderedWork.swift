import Foundation

/// Numbered pieces of work that threads do side by side and one caller takes in order. Nobody works far ahead, so that little waits in memory.
final class OrderedWork<Output: Sendable>: @unchecked Sendable {
  /// Guards everything below.
  private let condition = NSCondition()
  private var outputs: [Int: Result<Output, any Error>] = [:]
  private var begun = 0
  private var taken = 0
  private var isStopped = false
  private var running = 0

  private let count: Int
  private let ahead: Int

  /// - Parameters:
  ///   - count: pieces, numbered from 0.
  ///   - ahead: how many may be begun before the oldest was taken.
  init(count: Int, ahead: Int) {
    self.count = count
    self.ahead = ahead
  }

  /// Gives `take` each output in order, on the caller's thread. After an error no piece is begun any more; all threads have ended on return.
  func run(threads: Int, _ work: @escaping @Sendable (Int) throws -> Output, take: (Output) throws -> Void) throws {
    running = threads
    for _ in 0..<threads {
      Thread.detachNewThread {
        while let index = self.begin() { self.end(index, Result { try work(index) }) }
        self.condition.withLock {
          self.running -= 1
          self.condition.broadcast()
        }
      }
    }
    defer {
      condition.withLock {
        isStopped = true
        condition.broadcast()
        while running > 0 { condition.wait() }
      }
    }
    for index in 0..<count { try take(next(index).get()) }
  }

  private func begin() -> Int? {
    condition.withLock {
      while !isStopped, begun < count, begun >= taken + ahead { condition.wait() }
      guard !isStopped, begun < count else { return nil }
      begun += 1
      return begun - 1
    }
  }

  private func end(_ index: Int, _ output: Result<Output, any Error>) {
    condition.withLock {
      outputs[index] = output
      condition.broadcast()
    }
  }

  private func next(_ index: Int) -> Result<Output, any Error> {
    condition.withLock {
      while true {
        if let output = outputs.removeValue(forKey: index) {
          taken = index + 1
          condition.broadcast()
          return output
        }
        condition.wait()
      }
    }
  }
}
