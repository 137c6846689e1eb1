internal import CForgeKernels

/// One stretch of address space from which large tensors are cut, and where dead neighbours join again.
///
/// A training step asks for the same sizes in the same order each time. Within one stretch the free parts merge, so what a step leaves
/// behind serves the next one whatever its sizes, memory grows to the step's need and no further, and no call goes to the system. Pages
/// get memory at their first use.
struct Arena: ~Copyable {
  private struct Gap {
    var start: Int
    var size: Int
    var end: Int { start + size }
  }

  private let base: UInt
  private let capacity: Int
  /// Free parts below `top`, by address; no two touch each other, none touches `top`.
  private var gaps: [Gap] = []
  /// Bytes from `base` that are in use or lie in a gap.
  private var top = 0
  /// Bytes from `base` that were in use at some time.
  private var reached = 0

  /// Sizes are multiples of this.
  static let unit = 4096

  /// - Parameter bytes: size of the address space; halved until the system agrees, down to nothing.
  init(bytes: Int) {
    var bytes = bytes
    while bytes >= 1 << 26 {
      if let memory = fk_reserve(bytes) {
        base = UInt(bitPattern: memory)
        capacity = bytes
        return
      }
      bytes /= 2
    }
    base = 0
    capacity = 0
  }

  /// Whether `address` was taken from this arena.
  func holds(_ address: UInt) -> Bool { address >= base && address < base + UInt(capacity) }

  /// `size` bytes, a multiple of `unit`; nil when the arena is full. `isNew` tells that the arena has grown beyond any earlier need.
  mutating func take(_ size: Int) -> (address: UInt, isNew: Bool)? {
    // The smallest gap that fits, the lowest of equals.
    var best = -1
    for i in gaps.indices where gaps[i].size >= size && (best < 0 || gaps[i].size < gaps[best].size) { best = i }
    if best >= 0 {
      let start = gaps[best].start
      if gaps[best].size == size {
        gaps.remove(at: best)
      } else {
        gaps[best].start += size
        gaps[best].size -= size
      }
      return (base + UInt(start), false)
    }
    guard size <= capacity - top else { return nil }
    let start = top
    top += size
    defer { reached = max(reached, top) }
    return (base + UInt(start), top > reached)
  }

  mutating func give(_ address: UInt, _ size: Int) {
    let start = Int(address - base)
    // The first gap behind.
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].start < start { low = middle + 1 } else { high = middle }
    }
    let joinsNext = low < gaps.count && start + size == gaps[low].start
    let joinsLast = low > 0 && gaps[low - 1].end == start
    switch (joinsLast, joinsNext) {
    case (true, true):
      gaps[low - 1].size += size + gaps[low].size
      gaps.remove(at: low)
    case (true, false): gaps[low - 1].size += size
    case (false, true):
      gaps[low].start = start
      gaps[low].size += size
    case (false, false): gaps.insert(Gap(start: start, size: size), at: low)
    }
    if let last = gaps.last, last.end == top {
      top = last.start
      gaps.removeLast()
    }
  }

  /// Returns the memory of all free parts to the system.
  mutating func discard() {
    for gap in gaps { fk_discard(UnsafeMutableRawPointer(bitPattern: base + UInt(gap.start)), gap.size) }
    fk_discard(UnsafeMutableRawPointer(bitPattern: base + UInt(top)), reached - top)
    reached = top
  }
}
