import Foundation
package import ScanModel

/// Worker processes that decode files from outside, so that a crash in a codec costs one file.
///
/// Thread safe. `decode` blocks its caller; as many calls run at once as there are workers, and the others wait. A worker is replaced
/// after a crash, a timeout, or `itemsPerWorker` files.
package final class DecodeWorkerPool: @unchecked Sendable {
  /// The pool that readers use unless told otherwise: a worker per core.
  package static let shared = DecodeWorkerPool()

  private let executable: String?
  private let capacity: Int
  private let memoryBytes: Int
  private let secondsPerItem: Int
  private let itemsPerWorker: Int
  // Guards the three below.
  private let condition = NSCondition()
  private var idle: [DecodeWorker] = []
  private var lent = 0
  private var isPrestarting = false

  /// - Parameters:
  ///   - executable: path of scanforge-decode; by default the one of `SCANFORGE_DECODE`, else the one beside this program.
  ///   - workers: processes at most; started when needed.
  ///   - memoryBytes: address space of each.
  ///   - secondsPerItem: deadline of one file.
  package init(
    executable: String? = DecodeWorkerPool.locate(), workers: Int = ProcessInfo.processInfo.activeProcessorCount,
    memoryBytes: Int = DecodeContract.defaultMemoryBytes, secondsPerItem: Int = 8, itemsPerWorker: Int = 1_000
  ) {
    self.executable = executable
    capacity = max(1, workers)
    self.memoryBytes = memoryBytes
    self.secondsPerItem = secondsPerItem
    self.itemsPerWorker = itemsPerWorker
  }

  /// Path of scanforge-decode: `SCANFORGE_DECODE`, else beside this program's own file; nil when it is in neither place.
  package static func locate() -> String? {
    if let named = getenv("SCANFORGE_DECODE") {
      let path = String(cString: named)
      return access(path, X_OK) == 0 ? path : nil
    }
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return nil }
    let program = String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = program.lastIndex(of: "/") else { return nil }
    let path = program[...slash] + "scanforge-decode"
    return access(String(path), X_OK) == 0 ? String(path) : nil
  }

  /// Decodes one file that the pre-scan has accepted.
  ///
  /// - Parameters:
  ///   - bytes: the file; its memory goes as the worker's copy comes.
  ///   - count: how many of the bytes, from the first, to decode.
  ///   - pages: of a TIFF, as in `DecodeRequest`.
  /// - Throws: `.missing` and `.doesNotStart` concern the machine, the rest this file. A failure that the worker itself reports is in
  ///   `reply.failure`.
  package func decode(
    _ bytes: consuming [UInt8], count: Int, format: ScanFormat, wantsPixels: Bool, pages: Int = 1
  ) throws(DecodeWorkerError) -> DecodedFile {
    let worker = try borrow()
    do throws(DecodeWorkerError) {
      let decoded = try worker.decode(
        consume bytes, count: count, format: format, wantsPixels: wantsPixels, pages: pages, seconds: secondsPerItem)
      giveBack(worker.served < itemsPerWorker ? worker : nil)
      return decoded
    } catch {
      // After any trouble the worker's state is unknown.
      worker.kill()
      giveBack(nil)
      throw error
    }
  }

  /// Starts a first worker in the background: its program loads while the caller does other things. Trouble shows when a file is decoded.
  package func prestart() {
    guard let executable else { return }
    condition.lock()
    let isNeeded = idle.isEmpty && lent == 0 && !isPrestarting
    if isNeeded { isPrestarting = true }
    condition.unlock()
    guard isNeeded else { return }
    Thread.detachNewThread { [self] in
      let worker = try? DecodeWorker(executable: executable, memoryBytes: memoryBytes, startSeconds: 30)
      condition.lock()
      isPrestarting = false
      if let worker { idle.append(worker) }
      condition.broadcast()
      condition.unlock()
    }
  }

  /// Ends the workers that wait for work, and with them their memory: for callers that are done with decoding, or will be for a while. The
  /// next file starts a new one.
  package func dismiss() {
    condition.lock()
    while isPrestarting { condition.wait() }
    let dismissed = idle
    idle = []
    condition.unlock()
    // A worker is gone when its last owner is; outside of the lock, for that takes some milliseconds.
    withExtendedLifetime(dismissed) {}
  }

  private func borrow() throws(DecodeWorkerError) -> DecodeWorker {
    guard let executable else { throw .missing }
    condition.lock()
    while idle.isEmpty, lent >= capacity || isPrestarting && lent == 0 { condition.wait() }
    lent += 1
    let worker = idle.popLast()
    condition.unlock()
    if let worker { return worker }
    do throws(DecodeWorkerError) {
      return try DecodeWorker(executable: executable, memoryBytes: memoryBytes, startSeconds: 30)
    } catch {
      giveBack(nil)
      throw error
    }
  }

  private func giveBack(_ worker: DecodeWorker?) {
    condition.lock()
    lent -= 1
    if let worker { idle.append(worker) }
    condition.broadcast()
    condition.unlock()
  }
}
