internal import CForgeKernels
import Diagnostics

/// A block of memory for kernels, 64-byte aligned and of exactly the size asked for; holds anything until written. It goes back to the
/// system with its owner, not to `BufferCache`.
package final class AlignedMemory: @unchecked Sendable {
  package let byteCount: Int
  package let pointer: UnsafeMutableRawPointer

  package init(byteCount: Int) {
    guard let memory = fk_allocate(byteCount) else { MemoryExhaustion.end(bytes: byteCount) }
    self.byteCount = byteCount
    pointer = memory
  }

  package convenience init(floats count: Int) { self.init(byteCount: count * MemoryLayout<Float>.stride) }

  deinit { fk_free(pointer) }

  /// The block as floats.
  package var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
}
