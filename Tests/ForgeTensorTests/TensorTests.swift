import Diagnostics
import ForgeTensor
import Testing

@Suite struct TensorTests {
  @Test func `copies share memory until one is written`() {
    let a = Tensor([3], [1, 2, 3])
    var b = a
    b.withUnsafeMutableBufferPointer { $0[0] = 9 }
    #expect(a.values == [1, 2, 3])
    #expect(b.values == [9, 2, 3])
  }

  @Test func `a reshaped tensor keeps its values when the original is written`() {
    var a = Tensor([2, 2], [1, 2, 3, 4])
    let b = a.reshaped([4])
    a.withUnsafeMutableBufferPointer { $0[3] = 0 }
    #expect(b.values == [1, 2, 3, 4])
  }

  @Test func `ops leave tensors alone that the caller still holds`() {
    let a = Tensor([3], [1, 2, 3])
    let b = Tensor([3], [4, 5, 6])
    let alias = a
    #expect((exp(-a) + a * b).count == 3)
    #expect(a.values == [1, 2, 3])
    #expect(b.values == [4, 5, 6])
    #expect(alias == a)
  }

  @Test func `accumulate adds and leaves other holders alone`() {
    var a = Tensor([2], [1, 2])
    let before = a
    accumulate(Tensor([2], [10, 20]), into: &a)
    accumulate(Tensor([2], [100, 200]), into: &a)
    #expect(a.values == [111, 222])
    #expect(before.values == [1, 2])
  }

  @Test func `a slice and its placement undo each other where they overlap`() {
    let x = Tensor([4, 6], (0..<24).map(Float.init))
    let slicing = Slicing(starts: [3, 0], sizes: [2, 3], steps: [-2, 2])
    let part = slice(x, slicing)
    #expect(part.values == [18, 20, 22, 6, 8, 10])
    #expect(slice(place(part, slicing, in: x.shape), slicing) == part)
    #expect(sum(place(part, slicing, in: x.shape)).scalar == sum(part).scalar)
  }

  @Test func `a transpose by the inverse permutation gives the array back`() {
    let x = Tensor([2, 3, 4, 5], (0..<120).map(Float.init))
    #expect(transpose(transpose(x, [3, 1, 0, 2]), [2, 1, 3, 0]) == x)
  }

  @Test func `matrix products agree with the definition for every pair of flags`() {
    let (a, b) = (Tensor([2, 3], [1, 2, 3, 4, 5, 6]), Tensor([3, 2], [1, 0, 2, 1, 0, 3]))
    let expected: [Float] = [5, 11, 14, 23]
    let (at, bt) = (transpose(a, [1, 0]), transpose(b, [1, 0]))
    #expect(matmul(a, b).values == expected)
    #expect(matmul(at, b, transposeA: true).values == expected)
    #expect(matmul(a, bt, transposeB: true).values == expected)
    #expect(matmul(at, bt, transposeA: true, transposeB: true).values == expected)
  }

  @Test func `sums and maxima over axes agree with loops`() {
    let x = Tensor([2, 3, 2], [1, -2, 3, 4, 0, 6, 7, 8, -9, 1, 2, 3])
    #expect(sum(x, axes: [1]).values == [4, 8, 0, 12])
    #expect(max(x, axes: [0, 2]).values == [8, 4, 6])
    #expect(mean(x).scalar == 2)
    #expect(sum(x, axes: [0, 2], keepingDimensions: true).shape == [1, 3, 1])
  }

  @Test func `dead tensors' memory is used again`() async {
    await #expect(processExitsWith: .success) {
      func work() -> Float {
        (0..<10).reduce(0) { sum, i in sum + ForgeTensor.sum(Tensor(shape: [100, 100], repeating: Float(i)) * 2).scalar }
      }
      let first = work()
      let allocations = BufferCache.statistics.allocations
      precondition(work() == first)
      precondition(BufferCache.statistics.allocations == allocations)
      precondition(BufferCache.statistics.liveBytes == 0)
      BufferCache.trim()
      precondition(work() == first)
    }
  }

  @Test func `the memory of dead neighbours serves one larger tensor`() async {
    await #expect(processExitsWith: .success) {
      func makeThree() { withExtendedLifetime((0..<3).map { Tensor(shape: [100_000 + $0], repeating: 1) }) {} }
      makeThree()
      let allocations = BufferCache.statistics.allocations
      let large = Tensor(shape: [300_000], repeating: 2)
      precondition(BufferCache.statistics.allocations == allocations)
      // With the large one in their place the three need memory of their own, once.
      makeThree()
      let more = BufferCache.statistics.allocations
      precondition(more > allocations)
      makeThree()
      precondition(BufferCache.statistics.allocations == more)
      precondition(large.values.allSatisfy { $0 == 2 })
    }
  }

  @Test func `the tables of this machine begin with the oracle and reject strangers`() throws {
    #expect(KernelTable.available.contains("scalar"))
    #expect(KernelTable.scalar.name == "scalar")
    for name in KernelTable.available { #expect(try KernelTable.named(name).name == name) }
    let error = #expect(throws: KernelError.self) { try KernelTable.checkSelection("abacus") }
    #expect(
      error?.description
        == "the kernels \"abacus\" are not available on this machine. Set SCANFORGE_KERNELS to one of \(KernelTable.available.joined(separator: ", ")), or unset it."
    )
  }
}
