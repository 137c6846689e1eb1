import CForgeKernels
import Testing

extension BackendConformance {
  @Suite struct ActivationConformanceTests {
    @Test(arguments: KernelTable.all) func `PReLU and its gradient agree with the scalar table on any number of threads`(
      kernels: KernelTable
    ) {
      var dice = Dice(seed: 61)
      for _ in 0..<100 {
        let channels = dice.int(1...(dice.chance(4) ? 300 : 70))
        let rows = dice.int(0...(dice.chance(4) ? 2000 : 30))
        let slopes = dice.floats(dice.chance(2) ? 1 : channels, -0.5...1.5)
        let (x, dy) = (dice.floats(rows * channels), dice.floats(rows * channels))
        func forward(_ table: fk_table) -> [Float] {
          var y = x
          let status = y.withUnsafeMutableBufferPointer { y in
            table.prelu(Int64(rows), Int64(channels), Int64(slopes.count), y.baseAddress, slopes, y.baseAddress)
          }
          #expect(status == FK_OK)
          return y
        }
        func backward(_ table: fk_table) -> [Float] {
          var dx = dy
          var dslopes = [Float](repeating: .nan, count: slopes.count)
          let (r, c, s) = (Int64(rows), Int64(channels), Int64(slopes.count))
          let status = dx.withUnsafeMutableBufferPointer { dx in
            dslopes.withUnsafeMutableBufferPointer { dslopes in
              withWorkspace(table.prelu_backward_workspace(r, c, s)) {
                table.prelu_backward(r, c, s, x, slopes, dx.baseAddress, dx.baseAddress, dslopes.baseAddress, $0, $1)
              }
            }
          }
          #expect(status == FK_OK)
          return dx + dslopes
        }
        #expect(sameBits(onAnyThreads("prelu") { forward(kernels.table) }, forward(KernelTable.scalar.table)), "\(rows) x \(channels)")
        let (actual, expected) = (onAnyThreads("prelu backward") { backward(kernels.table) }, backward(KernelTable.scalar.table))
        #expect(sameBits(Array(actual[..<x.count]), Array(expected[..<x.count])), "\(rows) x \(channels)")
        #expect(relativeError(Array(actual[x.count...]), Array(expected[x.count...])) <= 1e-6, "\(rows) x \(channels)")
      }
    }

    @Test(arguments: KernelTable.all) func `the gradient of leaky ReLU gives the scalar table's bits`(kernels: KernelTable) {
      var dice = Dice(seed: 62)
      for count in [0, 1, 15, 33, 1000, 70_001] {
        let (y, dy) = (dice.floats(count), dice.floats(count))
        func run(_ table: fk_table) -> [Float] {
          var dx = dy
          let status = dx.withUnsafeMutableBufferPointer { dx in
            table.leaky_relu_backward(count, 0.2, y, dx.baseAddress, dx.baseAddress)
          }
          #expect(status == FK_OK)
          return dx
        }
        #expect(sameBits(onAnyThreads("leaky ReLU backward") { run(kernels.table) }, run(KernelTable.scalar.table)))
      }
    }
  }
}
