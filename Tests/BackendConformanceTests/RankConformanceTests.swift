import CForgeKernels
import Testing

extension BackendConformance {
  @Suite struct RankConformanceTests {
    @Test(arguments: KernelTable.all) func `the steps of a spectral norm agree with the scalar table on any number of threads`(
      kernels: KernelTable
    ) {
      var dice = Dice(seed: 71)
      for _ in 0..<60 {
        let (rows, columns) = (dice.int(1...(dice.chance(4) ? 900 : 40)), dice.int(1...(dice.chance(4) ? 300 : 40)))
        let (matrix, g) = (dice.floats(rows * columns), dice.floats(rows * columns))
        let (left, right) = (dice.floats(rows), dice.floats(columns))
        let (r, c) = (Int64(rows), Int64(columns))
        func products(_ table: fk_table) -> [Float] {
          var product = [Float](repeating: .nan, count: rows)
          var back = [Float](repeating: .nan, count: columns)
          let status = product.withUnsafeMutableBufferPointer { product in
            back.withUnsafeMutableBufferPointer { back in
              withWorkspace(table.power_workspace(r, c)) {
                table.power_products(r, c, matrix, right, product.baseAddress, back.baseAddress, $0, $1)
              }
            }
          }
          #expect(status == FK_OK)
          return product + back
        }
        func dot(_ table: fk_table) -> [Float] {
          var sum = Float.nan
          #expect(table.dot(matrix.count, matrix, g, &sum) == FK_OK)
          return [sum]
        }
        func outer(_ table: fk_table) -> [Float] {
          var y = matrix
          let status = y.withUnsafeMutableBufferPointer { table.add_outer(r, c, 0.7, $0.baseAddress, -1.3, left, right, $0.baseAddress) }
          #expect(status == FK_OK)
          return y
        }
        let name = "\(rows) x \(columns)"
        let (actual, expected) = (onAnyThreads(name) { products(kernels.table) }, products(KernelTable.scalar.table))
        #expect(relativeError(Array(actual[..<rows]), Array(expected[..<rows])) <= 1e-5, "\(name)")
        #expect(relativeError(Array(actual[rows...]), Array(expected[rows...])) <= 1e-5, "\(name)")
        let (sum, wanted) = (onAnyThreads(name) { dot(kernels.table) }[0], dot(KernelTable.scalar.table)[0])
        #expect(abs(sum - wanted) <= 1e-6 * Float(matrix.count).squareRoot(), "\(name)")
        #expect(sameBits(onAnyThreads(name) { outer(kernels.table) }, outer(KernelTable.scalar.table)), "\(name)")
      }
    }
  }
}
