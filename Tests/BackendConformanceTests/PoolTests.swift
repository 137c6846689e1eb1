import CForgeKernels
import Synchronization
import Testing

/// Counts how often each index ran; `nested` starts another region from inside.
private final class Tally: Sendable {
  let counts: Mutex<[Int]>
  let nested: Int64

  init(_ count: Int, nested: Int64 = 0) {
    counts = Mutex([Int](repeating: 0, count: count))
    self.nested = nested
  }
}

private func count(_ context: UnsafeMutableRawPointer?, _ index: Int64) {
  let tally = Unmanaged<Tally>.fromOpaque(context!).takeUnretainedValue()
  if tally.nested > 0 {
    let inner = Tally(Int(tally.nested))
    fk_parallel(tally.nested, Unmanaged.passUnretained(inner).toOpaque(), count)
    guard inner.counts.withLock({ $0.allSatisfy { $0 == 1 } }) else { return }
  }
  tally.counts.withLock { $0[Int(index)] += 1 }
}

extension BackendConformance {
  @Suite struct PoolTests {
    @Test(arguments: [1, 2, 7] as [Int32], [0, 1, 2, 1000]) func `every index runs once`(threads: Int32, indexes: Int) {
      fk_set_threads(threads)
      defer { fk_set_threads(0) }
      for _ in 0..<50 {
        let tally = Tally(indexes)
        fk_parallel(Int64(indexes), Unmanaged.passUnretained(tally).toOpaque(), count)
        #expect(tally.counts.withLock { $0.allSatisfy { $0 == 1 } })
      }
    }

    @Test func `a region inside a region runs too`() {
      fk_set_threads(3)
      defer { fk_set_threads(0) }
      let tally = Tally(20, nested: 10)
      fk_parallel(20, Unmanaged.passUnretained(tally).toOpaque(), count)
      #expect(tally.counts.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func `callers on several threads do not disturb each other`() async {
      fk_set_threads(2)
      defer { fk_set_threads(0) }
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask {
            (0..<100).allSatisfy { _ in
              let tally = Tally(50)
              fk_parallel(50, Unmanaged.passUnretained(tally).toOpaque(), count)
              return tally.counts.withLock { $0.allSatisfy { $0 == 1 } }
            }
          }
        }
        for await right in group { #expect(right) }
      }
    }

    @Test func `zero threads means the machine's cores`() {
      fk_set_threads(0)
      #expect(fk_threads() >= 1)
      fk_set_threads(3)
      #expect(fk_threads() == 3)
      fk_set_threads(0)
    }
  }

  @Suite struct DispatchTests {
    @Test func `the scalar table is always there and last, the portable one always there`() {
      #expect(KernelTable.all.last?.name == "scalar")
      #expect(KernelTable.all.contains { $0.name == "portable" })
      #expect(fk_table_named("scalar") == fk_scalar_table())
      #expect(fk_table_named("no such table") == nil)
      #expect(fk_table_named(nil) == nil)
    }

    @Test func `memory is aligned and may be empty`() {
      for bytes in [0, 1, 63, 4096] {
        let memory = fk_allocate(bytes)
        #expect(memory != nil && UInt(bitPattern: memory) % 64 == 0)
        fk_free(memory)
      }
      #expect(fk_allocate(Int.max) == nil)
    }
  }
}
