import CForgeKernels
import Foundation
import Testing

extension BackendConformance {
  @Suite struct StepConformanceTests {
    @Test(arguments: KernelTable.all) func `Adam and averaging give the scalar table's bits`(kernels: KernelTable) {
      let start = Dice(seed: 51)
      for count in [1, 17, 1000, 70_001] {
        let settings = fk_adam(learning_rate: 2e-3, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01, l2: 0.001, step: 1)
        let run = { (kernels: KernelTable, dice: Dice) -> [Float] in
          var (dice, settings) = (dice, settings)
          var (p, m, v, average) = (
            dice.floats(count), [Float](repeating: 0, count: count), [Float](repeating: 0, count: count), dice.floats(count)
          )
          for step in 1...3 {
            settings.step = Int64(step)
            #expect(kernels.table.adam(&settings, count, dice.floats(count), &p, &m, &v) == FK_OK)
            #expect(kernels.table.ema(count, 0.999, p, &average) == FK_OK)
          }
          return p + m + v + average
        }
        #expect(sameBits(onAnyThreads("adam") { run(kernels, start) }, run(.scalar, start)))
      }
    }

    /// Kingma and Ba, algorithm 1, in double.
    @Test func `Adam follows the paper`() {
      var settings = fk_adam(learning_rate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0, l2: 0, step: 1)
      var (p, m, v): ([Float], [Float], [Float]) = ([1], [0], [0])
      var (dp, dm, dv) = (1.0, 0.0, 0.0)
      for step in 1...20 {
        let g = Float(sin(Double(step)))
        settings.step = Int64(step)
        #expect(KernelTable.scalar.table.adam(&settings, 1, [g], &p, &m, &v) == FK_OK)
        dm = 0.9 * dm + 0.1 * Double(g)
        dv = 0.999 * dv + 0.001 * Double(g) * Double(g)
        dp -= 1e-2 * (dm / (1 - pow(0.9, Double(step)))) / ((dv / (1 - pow(0.999, Double(step)))).squareRoot() + 1e-8)
        #expect(abs(Double(p[0]) - dp) < 1e-6)
      }
    }

    @Test(arguments: KernelTable.all) func `steps count from one`(kernels: KernelTable) {
      var settings = fk_adam(learning_rate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0, l2: 0, step: 0)
      var (p, m, v): ([Float], [Float], [Float]) = ([1], [0], [0])
      #expect(kernels.table.adam(&settings, 1, [1], &p, &m, &v) == FK_BAD_GEOMETRY)
    }
  }
}
