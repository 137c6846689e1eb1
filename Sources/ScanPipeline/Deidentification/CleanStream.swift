package import Diagnostics
import Foundation
package import ScanDeid
package import ScanIO
import ScanModel

/// Reads and de-identifies a batch with many threads, and hands the results over in input order.
///
/// Memory is bounded: no more than `2 × threads` items are between reading and delivery. A bad file is a value, not the end.
package struct CleanStream: Sendable {
  package enum Pixels: Sendable {
    /// Decode the samples of every file.
    case decoded
    /// Leave encapsulated DICOM pixels as they are; decode only TIFF and PNG, which are written anew.
    case untouched
  }

  /// One item's outcome.
  package struct Item<Output: Sendable>: Sendable {
    package let input: InputItem
    /// Keyed id of the source, for messages: 16 hexadecimal digits.
    package let id: String
    package let outcome: Outcome<Output>
  }

  package enum Outcome<Output: Sendable>: Sendable {
    case done(Output)
    /// The file cannot be had, read or released.
    case failed(any ExplainedError)
  }

  private let reader: ScanReader
  private let deidentifier: Deidentifier
  private let threads: Int
  private let pixels: Pixels
  private let subject: @Sendable (InputItem) -> String?
  private let mapping: IdentifierMapping?

  /// - Parameters:
  ///   - subject: whose image an item is, when the caller knows; nil leaves it to the file.
  ///   - mapping: takes note of old and new identifiers.
  package init(
    reader: ScanReader = ScanReader(), deidentifier: Deidentifier, threads: Int, pixels: Pixels, mapping: IdentifierMapping? = nil,
    subject: @escaping @Sendable (InputItem) -> String? = { _ in nil }
  ) {
    precondition(threads > 0, "CleanStream: \(threads) threads")
    self.reader = reader
    self.deidentifier = deidentifier
    self.threads = threads
    self.pixels = pixels
    self.subject = subject
    self.mapping = mapping
  }

  /// Works through `items`.
  ///
  /// - Parameters:
  ///   - work: runs on a worker thread, right after cleaning.
  ///   - deliver: runs on the caller's thread, in input order; false stops the batch.
  /// - Throws: what `deliver` throws, and the first error that concerns the machine and not the file (a full disk, no decode worker).
  package func forEach<Output: Sendable>(
    _ items: [InputItem], work: @escaping @Sendable (InputItem, CleanScan) throws -> Output, deliver: (Item<Output>) throws -> Bool
  ) throws {
    let line = DeliveryLine<Result<Output, any Error>>(count: items.count, window: 2 * threads)
    for _ in 0..<min(threads, items.count) {
      let worker = Thread {
        while let index = line.next() {
          line.put(index, Result { try work(items[index], try clean(items[index])) })
        }
      }
      worker.stackSize = 8 << 20
      worker.start()
    }
    defer { line.stop() }
    for (index, input) in items.enumerated() {
      let outcome: Outcome<Output>
      switch line.take(index) {
      case .success(let output): outcome = .done(output)
      case .failure(let error):
        guard let explained = error as? any ExplainedError, CleanStream.concernsItem(explained) else { throw error }
        outcome = .failed(explained)
      }
      guard try deliver(Item(input: input, id: deidentifier.key.itemID(of: input.path.revealed), outcome: outcome)) else { return }
    }
  }

  private func clean(_ item: InputItem) throws -> CleanScan {
    let path = item.path.revealed
    let wantsPixels = pixels == .decoded || CleanStream.isPixelFormat(path)
    return try deidentifier.clean(try reader.read(path: path, pixels: wantsPixels), subject: subject(item), mapping: mapping)
  }

  /// A file that cannot be read is the file's trouble; a disk or a worker that fails is everybody's.
  private static func concernsItem(_ error: any ExplainedError) -> Bool { error.kind == .item || error is ScanFileError }

  /// The file begins like a TIFF or PNG.
  private static func isPixelFormat(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var magic = [UInt8](repeating: 0, count: 4)
    guard read(descriptor, &magic, 4) == 4 else { return false }
    return [[0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A], [0x49, 0x49, 0x2B, 0], [0x4D, 0x4D, 0, 0x2B], [0x89, 0x50, 0x4E, 0x47]].contains(
      magic)
  }
}

/// Hands out indices to workers and gives results back in order; workers wait while they are `window` ahead.
private final class DeliveryLine<Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let count: Int
  private let window: Int
  // Guarded by `condition`.
  private var handedOut = 0
  private var delivered = 0
  private var ready: [Int: Value] = [:]
  private var isStopped = false

  init(count: Int, window: Int) {
    self.count = count
    self.window = window
  }

  /// The next index to work on; nil when there is none or the batch was stopped.
  func next() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopped, handedOut < count, handedOut >= delivered + window { condition.wait() }
    guard !isStopped, handedOut < count else { return nil }
    handedOut += 1
    return handedOut - 1
  }

  func put(_ index: Int, _ value: Value) {
    condition.lock()
    defer { condition.unlock() }
    ready[index] = value
    condition.broadcast()
  }

  func take(_ index: Int) -> Value {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let value = ready.removeValue(forKey: index) {
        delivered = index + 1
        condition.broadcast()
        return value
      }
      condition.wait()
    }
  }

  func stop() {
    condition.lock()
    defer { condition.unlock() }
    isStopped = true
    condition.broadcast()
  }
}
