import CForgeKernels
import Testing

extension BackendConformance {
  @Suite struct WalkConformanceTests {
    @Test(arguments: KernelTable.all) func `copies give the scalar table's bytes and leave gaps alone`(kernels: KernelTable) {
      var dice = Dice(seed: 31)
      for round in 0..<300 {
        let walk = WalkSample.random(&dice, large: round % 10 == 0, repeats: true)
        let (a, start) = (dice.floats(walk.a.count), dice.floats(walk.out.count))
        let copy = { (kernels: KernelTable) in walk.run(a: a, b: [], out: start) { walk, a, _, out in kernels.table.copy(walk, a, out) } }
        let add = { (kernels: KernelTable) in walk.run(a: a, b: [], out: start) { walk, a, _, out in kernels.table.copy_add(walk, a, out) }
        }
        #expect(sameBits(onAnyThreads("\(walk)") { copy(kernels) }, copy(.scalar)), "copy \(walk)")
        #expect(sameBits(onAnyThreads("\(walk)") { add(kernels) }, add(.scalar)), "copy_add \(walk)")
      }
    }

    @Test(arguments: KernelTable.all) func `a permute and its inverse give the tensor back`(kernels: KernelTable) {
      var dice = Dice(seed: 32)
      for extents in [[3, 40, 50, 7], [1, 16, 16, 64], [2, 33, 65, 130]] {
        let dense = WalkSample.Operand(extents: extents, order: [0, 1, 2, 3])
        let planar = WalkSample.Operand(extents: extents, order: [0, 3, 1, 2])
        let x = dice.floats(dense.count)
        let there = WalkSample(extents: extents, out: planar, a: dense, b: dense)
        let back = WalkSample(extents: extents, out: dense, a: planar, b: dense)
        let zero = [Float](repeating: 0, count: x.count)
        let permuted = there.run(a: x, b: [], out: zero) { walk, a, _, out in kernels.table.copy(walk, a, out) }
        let restored = back.run(a: permuted, b: [], out: zero) { walk, a, _, out in kernels.table.copy(walk, a, out) }
        #expect(restored == x)
        // Element (0, 1, 2, 3) by its definition.
        let (h, w, c) = (extents[1], extents[2], extents[3])
        #expect(permuted[(3 * h + 1) * w + 2] == x[(1 * w + 2) * c + 3])
      }
    }

    /// Windows of 3 at stride 1 overlap: copy reads them, copy_add writes them back.
    @Test(arguments: KernelTable.all) func `copy_add is the adjoint of an overlapping copy`(kernels: KernelTable) {
      var dice = Dice(seed: 33)
      for (images, length) in [(1, 9), (4, 100), (64, 400)] {
        let walk = fk_walk(extents: [images, length - 2, 3], out: [(length - 2) * 3, 3, 1], a: [length, 1, 1], b: [0, 0, 0])
        let back = fk_walk(extents: [images, length - 2, 3], out: [length, 1, 1], a: [(length - 2) * 3, 3, 1], b: [0, 0, 0])
        let (x, g) = (dice.dyadics(images * length), dice.dyadics(images * (length - 2) * 3))
        var (windows, sums) = ([Float](repeating: 0, count: g.count), [Float](repeating: 0, count: x.count))
        withUnsafePointer(to: walk) { #expect(kernels.table.copy($0, x, &windows) == FK_OK) }
        withUnsafePointer(to: back) { #expect(kernels.table.copy_add($0, g, &sums) == FK_OK) }
        #expect(dot(windows, g) == dot(x, sums))
      }
    }

    @Test(arguments: KernelTable.all) func `sums and maxima over any axes agree with the scalar table`(kernels: KernelTable) {
      var dice = Dice(seed: 34)
      for round in 0..<300 {
        var walk = WalkSample.random(&dice, large: round % 6 == 0, repeats: false)
        for axis in walk.extents.indices where dice.chance(2) { walk.out.strides[axis] = 0 }
        let a = dice.floats(walk.a.count)
        let start = [Float](repeating: -77, count: walk.out.count)
        let sum = { (kernels: KernelTable) in
          walk.run(a: a, b: [], out: start) { walk, a, _, out in kernels.table.reduce_sum(walk, a, out) }
        }
        let most = { (kernels: KernelTable) in
          walk.run(a: a, b: [], out: start) { walk, a, _, out in kernels.table.reduce_max(walk, a, out) }
        }
        let actual = onAnyThreads("\(walk)") { sum(kernels) }
        for (x, y) in zip(actual, sum(.scalar)) where x != y {
          #expect(abs(x - y) <= 1e-6 * Float(walk.a.count).squareRoot(), "sum \(walk)")
        }
        #expect(sameBits(onAnyThreads("\(walk)") { most(kernels) }, most(.scalar)), "max \(walk)")
      }
    }

    @Test(arguments: KernelTable.all) func `a million terms sum to the last digit`(kernels: KernelTable) {
      // 0.1 is not exact: naive float summation is off by 1e-4 here.
      let x = [Float](repeating: 0.1, count: 1 << 20)
      for walk in [
        fk_walk(extents: [1 << 20], out: [0], a: [1], b: [0]), fk_walk(extents: [1 << 16, 16], out: [0, 1], a: [16, 1], b: [0, 0]),
        fk_walk(extents: [1 << 14, 64], out: [0, 1], a: [64, 1], b: [0, 0]),
      ] {
        let outputs = walk.rank == 1 ? 1 : Int(walk.extent.1)
        var sums = [Float](repeating: 0, count: outputs)
        withUnsafePointer(to: walk) { #expect(kernels.table.reduce_sum($0, x, &sums) == FK_OK) }
        let exact = Double(Float(0.1)) * Double((1 << 20) / outputs)
        for sum in sums { #expect(abs(Double(sum) / exact - 1) < 6e-8) }
      }
    }

    @Test(arguments: KernelTable.all) func `an empty sum is zero and an empty output stays untouched`(kernels: KernelTable) {
      for (extents, out, expected) in [
        ([3, 0], [1, 0], [0, 0, 0, 7]), ([0, 3], [0, 1], [0, 0, 0, 7]), ([0, 3], [3, 0], [7, 7, 7, 7]),
      ] as [([Int], [Int], [Float])] {
        let walk = fk_walk(extents: extents, out: out, a: [1, 1], b: [0, 0])
        var sums: [Float] = [7, 7, 7, 7]
        withUnsafePointer(to: walk) { #expect(kernels.table.reduce_sum($0, [1], &sums) == FK_OK) }
        #expect(sums == expected, "\(extents)")
      }
    }

    @Test(arguments: KernelTable.all) func `rows are gathered, and scattered in ascending order`(kernels: KernelTable) {
      var dice = Dice(seed: 35)
      for (count, width, rows) in [(5, 3, 4), (64, 128, 10), (700, 130, 33)] {
        let index = (0..<count).map { _ in Int32(dice.int(0...rows - 1)) }
        let (values, weights) = (dice.floats(rows * width), dice.floats(count * width))
        var out = [Float](repeating: 0, count: count * width)
        #expect(kernels.table.gather_rows(count, width, index, values, &out) == FK_OK)
        #expect(out == index.flatMap { values[Int($0) * width..<(Int($0) + 1) * width] })
        let scatter = { (kernels: KernelTable) in
          var sums = values
          #expect(kernels.table.scatter_add_rows(count, width, index, weights, rows, &sums) == FK_OK)
          return sums
        }
        #expect(sameBits(onAnyThreads("scatter") { scatter(kernels) }, scatter(.scalar)))
      }
    }

    @Test(arguments: KernelTable.all) func `an adjoint copy cannot repeat its output`(kernels: KernelTable) {
      let walk = fk_walk(extents: [4], out: [0], a: [1], b: [0])
      var out: [Float] = [0]
      withUnsafePointer(to: walk) { #expect(kernels.table.copy_add($0, [1, 2, 3, 4], &out) == FK_BAD_GEOMETRY) }
    }
  }
}
