internal import CForgeKernels
internal import Synchronization

/// Memory of one or more tensors; goes back to the cache when the last of them is gone.
final class Buffer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  private let sizeClass: Int

  /// Room for `count` floats, not initialized.
  init(count: Int) {
    sizeClass = BufferCache.sizeClass(of: count)
    pointer = BufferCache.take(sizeClass)
  }

  deinit { BufferCache.give(pointer, sizeClass) }
}

/// Keeps the memory of dead tensors for the next ones of about the same size, so that a training step asks the system for nothing.
package enum BufferCache {
  private struct State: ~Copyable {
    var free: [Int: [UInt]] = [:]  // addresses by size class
    var freeFloats = 0
    var liveFloats = 0
    var peakFloats = 0
    var allocations = 0
  }
  private static let state = Mutex(State())

  /// Unused memory above this is returned to the system.
  private static let freeLimit = 1 << 28  // floats: 1 GiB

  /// Capacities are rounded up to eighths of a power of two, at least 16: at most 12.5 % is wasted, and mostly as untouched pages.
  static func sizeClass(of count: Int) -> Int {
    if count <= 128 { return max(16, (count + 15) & ~15) }
    let step = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount - 3)
    return (count + step - 1) & ~(step - 1)
  }

  static func take(_ size: Int) -> UnsafeMutablePointer<Float> {
    let cached: UInt? = state.withLock { state in
      state.liveFloats += size
      state.peakFloats = max(state.peakFloats, state.liveFloats)
      if let address = state.free[size]?.popLast() {
        state.freeFloats -= size
        return address
      }
      state.allocations += 1
      return nil
    }
    if let cached, let memory = UnsafeMutablePointer<Float>(bitPattern: cached) { return memory }
    guard let memory = fk_allocate(size * MemoryLayout<Float>.stride) else {
      fatalError("out of memory: a tensor of \(size) floats does not fit")
    }
    return memory.bindMemory(to: Float.self, capacity: size)
  }

  static func give(_ pointer: UnsafeMutablePointer<Float>, _ size: Int) {
    let address = UInt(bitPattern: pointer)
    let isKept = state.withLock { state in
      state.liveFloats -= size
      guard state.freeFloats + size <= freeLimit else { return false }
      state.free[size, default: []].append(address)
      state.freeFloats += size
      return true
    }
    if !isKept { fk_free(pointer) }
  }

  /// Returns all unused memory to the system.
  package static func trim() {
    let addresses = state.withLock { state in
      let addresses = state.free.values.flatMap { $0 }
      state.free = [:]
      state.freeFloats = 0
      return addresses
    }
    for address in addresses { fk_free(UnsafeMutableRawPointer(bitPattern: address)) }
  }

  /// Bytes in live tensors now, their maximum since the start, and how often the system was asked for memory.
  package static var statistics: (liveBytes: Int, peakBytes: Int, allocations: Int) {
    state.withLock { (4 * $0.liveFloats, 4 * $0.peakFloats, $0.allocations) }
  }
}
