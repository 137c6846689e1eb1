internal import CForgeKernels
import Diagnostics
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

/// Keeps the memory of dead tensors for the next ones, so that a training step asks the system for nothing.
///
/// Small tensors come in size classes with a list of free places each, cut from slabs; large ones from one arena, where free neighbours
/// join. What the arena cannot hold comes from the system and goes back to it.
package enum BufferCache {
  private struct State: ~Copyable {
    var arena: Arena?
    var free: [Int: [UInt]] = [:]  // places of small tensors by size class
    var liveFloats = 0
    var peakFloats = 0
    var allocations = 0

    /// Address space as large as the machine's memory: more than that could not be used anyway.
    mutating func fromArena(_ size: Int) -> UInt? {
      if arena == nil { arena = Arena(bytes: fk_physical_memory()) }
      guard let place = arena!.take(size * BufferCache.floatBytes) else { return nil }
      if place.isNew { allocations += 1 }
      return place.address
    }

    mutating func small(_ size: Int) -> UInt? {
      if let address = free[size]?.popLast() { return address }
      guard let slab = fromArena(BufferCache.slab) else { return nil }
      let stride = UInt(size * BufferCache.floatBytes)
      let count = UInt(BufferCache.slab / size)
      free[size, default: []].append(contentsOf: (1..<count).reversed().map { slab + $0 * stride })
      return slab
    }
  }
  private static let state = Mutex(State())

  private static let floatBytes = MemoryLayout<Float>.stride
  /// Floats of a slab, and of the smallest tensor that gets its own place in the arena.
  private static let slab = 1 << 16
  private static let smallLimit = 1 << 12

  /// Room that is set aside for `count` floats. Small sizes are rounded up to eighths of a power of two, at least 16, so at most 12.5 % is
  /// wasted; large ones to the arena's unit.
  static func sizeClass(of count: Int) -> Int {
    if count <= 128 { return max(16, (count + 15) & ~15) }
    let step = count <= smallLimit ? 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount - 3) : Arena.unit / floatBytes
    return (count + step - 1) & ~(step - 1)
  }

  static func take(_ size: Int) -> UnsafeMutablePointer<Float> {
    let address: UInt? = state.withLock { state in
      state.liveFloats += size
      state.peakFloats = max(state.peakFloats, state.liveFloats)
      if let address = size <= smallLimit ? state.small(size) : state.fromArena(size) { return address }
      state.allocations += 1
      return nil
    }
    if let address, let memory = UnsafeMutablePointer<Float>(bitPattern: address) { return memory }
    guard let memory = fk_allocate(size * floatBytes) else { MemoryExhaustion.end(bytes: size * floatBytes) }
    return memory.bindMemory(to: Float.self, capacity: size)
  }

  static func give(_ pointer: UnsafeMutablePointer<Float>, _ size: Int) {
    let address = UInt(bitPattern: pointer)
    let isKept = state.withLock { state in
      state.liveFloats -= size
      guard state.arena!.holds(address) else { return false }
      if size <= smallLimit {
        state.free[size, default: []].append(address)
      } else {
        state.arena!.give(address, size * floatBytes)
      }
      return true
    }
    if !isKept { fk_free(pointer) }
  }

  /// Returns unused memory to the system: that of large tensors and what the allocator keeps.
  package static func trim() {
    state.withLock { state in state.arena?.discard() }
    fk_trim_memory()
  }

  /// Bytes in live tensors now, their maximum since the start, and how often more memory was needed than ever before.
  package static var statistics: (liveBytes: Int, peakBytes: Int, allocations: Int) {
    state.withLock { (floatBytes * $0.liveFloats, floatBytes * $0.peakFloats, $0.allocations) }
  }
}
