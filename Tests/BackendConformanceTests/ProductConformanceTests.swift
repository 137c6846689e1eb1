import CForgeKernels
import Testing

extension BackendConformance {
  @Suite struct ProductConformanceTests {
    func product(_ kernels: KernelTable, _ geometry: fk_gemm_geometry, _ a: [Float], _ b: [Float], _ start: [Float]) -> [Float] {
      var out = start
      let table = kernels.table
      let status = withUnsafePointer(to: geometry) { geometry in
        withWorkspace(table.gemm_workspace(geometry)) { table.gemm(geometry, a, b, &out, $0, $1) }
      }
      #expect(status == FK_OK)
      return out
    }

    @Test(arguments: KernelTable.all) func `matrix products agree with the scalar table on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 11)
      for _ in 0..<200 {
        let large = dice.chance(4)
        let (m, n, k) = (dice.int(1...(large ? 200 : 40)), dice.int(1...(large ? 200 : 40)), dice.int(1...(large ? 900 : 60)))
        let batch = dice.int(1...3)
        let shared = dice.chance(3)
        let geometry = fk_gemm_geometry(
          m: Int32(m), n: Int32(n), k: Int32(k), batch: Int32(batch), a_batch_stride: Int64(m * k),
          b_batch_stride: shared ? 0 : Int64(k * n),
          out_batch_stride: Int64(m * n), transpose_a: dice.chance(2) ? 1 : 0, transpose_b: dice.chance(2) ? 1 : 0,
          accumulate: dice.chance(3) ? 1 : 0)
        let (a, b, start) = (dice.floats(m * k * batch), dice.floats(k * n * batch), dice.floats(m * n * batch))
        let actual = onAnyThreads("\(geometry)") { product(kernels, geometry, a, b, start) }
        #expect(relativeError(actual, product(.scalar, geometry, a, b, start)) <= 1e-5, "\(geometry)")
      }
    }

    /// The right operand is larger than a cache: such products have a way of their own.
    @Test(arguments: KernelTable.all) func `wide layers agree with the scalar table, row by row`(kernels: KernelTable) {
      var dice = Dice(seed: 12)
      for (n, k) in [(1024, 1100), (1050, 1024), (70, 15_000), (7001, 150)] {
        for transpose: Int32 in [0, 1] {
          let m = dice.int(1...40)
          var geometry = fk_gemm_geometry(
            m: Int32(m), n: Int32(n), k: Int32(k), batch: 1, a_batch_stride: 0, b_batch_stride: 0, out_batch_stride: 0, transpose_a: 0,
            transpose_b: transpose, accumulate: dice.chance(2) ? 1 : 0)
          let (a, b, start) = (dice.floats(m * k), dice.floats(k * n), dice.floats(m * n))
          let actual = onAnyThreads("\(geometry)") { product(kernels, geometry, a, b, start) }
          #expect(relativeError(actual, product(.scalar, geometry, a, b, start)) <= 1e-5, "\(geometry)")
          // A row's bytes do not depend on the rows beside it.
          let row = dice.int(0...m - 1)
          geometry.m = 1
          let alone = product(kernels, geometry, Array(a[row * k..<(row + 1) * k]), b, Array(start[row * n..<(row + 1) * n]))
          #expect(sameBits(alone, Array(actual[row * n..<(row + 1) * n])), "\(geometry)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `empty products are zeros or nothing`(kernels: KernelTable) {
      for transpose: Int32 in [0, 1] {
        for (m, n, k) in [(2, 3, 0), (0, 3, 2), (2, 0, 3)] {
          let geometry = fk_gemm_geometry(
            m: Int32(m), n: Int32(n), k: Int32(k), batch: 1, a_batch_stride: 0, b_batch_stride: 0, out_batch_stride: 0,
            transpose_a: transpose,
            transpose_b: 0, accumulate: 0)
          let out = product(kernels, geometry, [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1], [7, 7, 7, 7, 7, 7, 7])
          #expect(out == [Float](repeating: 0, count: m * n) + [Float](repeating: 7, count: 7 - m * n), "\(m) \(n) \(k)")
        }
      }
    }

    @Test func `the scalar table multiplies`() {
      let geometry = fk_gemm_geometry(
        m: 2, n: 2, k: 3, batch: 1, a_batch_stride: 0, b_batch_stride: 0, out_batch_stride: 0, transpose_a: 0, transpose_b: 1, accumulate: 1
      )
      let out = product(.scalar, geometry, [1, 2, 3, 4, 5, 6], [1, 0, -1, 2, 2, 2], [100, 0, 0, 0])
      #expect(out == [98, 12, -2, 30])
    }
  }
}
