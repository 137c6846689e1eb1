import CForgeKernels
import Testing

extension BackendConformance {
  @Suite struct RandomConformanceTests {
    func uniform(_ kernels: KernelTable, seed: UInt64, stream: UInt64, counter: UInt64, _ count: Int) -> [Float] {
      var out = [Float](repeating: .nan, count: count)
      #expect(kernels.table.random_uniform(seed, stream, counter, count, 0, 1, &out) == FK_OK)
      return out
    }
    func normal(_ kernels: KernelTable, seed: UInt64, stream: UInt64, counter: UInt64, _ count: Int) -> [Float] {
      var out = [Float](repeating: .nan, count: count)
      #expect(kernels.table.random_normal(seed, stream, counter, count, 0, 1, &out) == FK_OK)
      return out
    }

    /// kat_vectors of Random123 (D. E. Shaw Research, BSD licence): philox4x32, 10 rounds. A uniform is the top 24 bits of a word.
    @Test(arguments: KernelTable.all) func `Philox gives Random123's known answers`(kernels: KernelTable) {
      let words: [UInt32] = [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
      #expect(uniform(kernels, seed: 0, stream: 0, counter: 0, 4) == words.map { Float($0 >> 8) * 0x1p-24 })
    }

    @Test(arguments: KernelTable.all) func `sample i depends on its position alone`(kernels: KernelTable) {
      let (u, z) = (uniform(kernels, seed: 5, stream: 9, counter: 0, 40_000), normal(kernels, seed: 5, stream: 9, counter: 0, 40_000))
      for (first, count) in [(0, 1), (1, 1), (3, 70), (6, 129), (17_001, 22_999), (63, 1000)] {
        let piece = onAnyThreads("uniform") { uniform(kernels, seed: 5, stream: 9, counter: UInt64(first), count) }
        #expect(sameBits(piece, Array(u[first..<first + count])))
        #expect(sameBits(normal(kernels, seed: 5, stream: 9, counter: UInt64(first), count), Array(z[first..<first + count])))
      }
      #expect(sameBits(u, uniform(.scalar, seed: 5, stream: 9, counter: 0, 40_000)))
      #expect(sameBits(z, normal(.scalar, seed: 5, stream: 9, counter: 0, 40_000)))
    }

    @Test func `streams and seeds differ`() {
      let one = uniform(.scalar, seed: 1, stream: 1, counter: 0, 8)
      #expect(one != uniform(.scalar, seed: 1, stream: 2, counter: 0, 8))
      #expect(one != uniform(.scalar, seed: 2, stream: 1, counter: 0, 8))
    }

    /// Moments of 2^20 samples; five standard errors.
    @Test func `uniform and normal samples have their moments`() {
      let n = 1 << 20
      let u = uniform(.scalar, seed: 3, stream: 4, counter: 0, n)
      let z = normal(.scalar, seed: 3, stream: 4, counter: 0, n)
      func meanPower(_ x: [Float], _ power: Int) -> Double {
        var sum = 0.0
        for value in x {
          var term = 1.0
          for _ in 0..<power { term *= Double(value) }
          sum += term
        }
        return sum / Double(n)
      }
      let error = 5 / Double(n).squareRoot()
      #expect(abs(meanPower(u, 1) - 0.5) < 0.29 * error && abs(meanPower(u, 2) - 1.0 / 3) < 0.3 * error)
      #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
      #expect(abs(meanPower(z, 1)) < error && abs(meanPower(z, 2) - 1) < 1.42 * error)
      #expect(abs(meanPower(z, 3)) < 3.9 * error && abs(meanPower(z, 4) - 3) < 9.8 * error)
    }
  }
}
