import CForgeKernels
import Foundation
import Testing

/// Tensors of an Adam step side by side in one array each.
private struct Steps {
  var gradient: [Float], parameter: [Float], moment1: [Float], moment2: [Float], average: [Float]

  init(count: Int, _ dice: inout Dice) {
    let zeros = [Float](repeating: 0, count: count)
    (gradient, parameter, moment1, moment2, average) = (zeros, dice.floats(count), zeros, zeros, dice.floats(count))
  }

  /// One step of parts of `sizes`; every second one is averaged. Then the averages of all parts.
  mutating func run(_ table: fk_table, _ settings: fk_adam, sizes: [Int], decay: Float) -> (adam: fk_status, ema: fk_status) {
    var (settings, first) = (settings, 0)
    return gradient.withUnsafeBufferPointer { g in
      parameter.withUnsafeMutableBufferPointer { p in
        moment1.withUnsafeMutableBufferPointer { m in
          moment2.withUnsafeMutableBufferPointer { v in
            average.withUnsafeMutableBufferPointer { a in
              var (parts, averages): ([fk_adam_part], [fk_average_part]) = ([], [])
              for (index, size) in sizes.enumerated() {
                parts.append(
                  fk_adam_part(
                    n: size, gradient: g.baseAddress! + first, parameter: p.baseAddress! + first, moment1: m.baseAddress! + first,
                    moment2: v.baseAddress! + first, average: index % 2 == 1 ? a.baseAddress! + first : nil))
                averages.append(fk_average_part(n: size, value: p.baseAddress! + first, average: a.baseAddress! + first))
                first += size
              }
              return (table.adam(&settings, parts.count, parts), table.ema(decay, averages.count, averages))
            }
          }
        }
      }
    }
  }
}

extension BackendConformance {
  @Suite struct StepConformanceTests {
    @Test(
      arguments: KernelTable.all,
      [[1], [17], [1000], [70_001], [3, 40_000, 0, 1, 16_384, 25_000, 7], [Int](repeating: 900, count: 50)])
    func `Adam and averaging give the scalar table's bits`(kernels: KernelTable, sizes: [Int]) {
      var settings = fk_adam(
        learning_rate: 2e-3, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01, l2: 0.001, step: 1, average_decay: 0.9)
      let count = sizes.reduce(0, +)
      let run = { (kernels: KernelTable, sizes: [Int]) -> [Float] in
        var dice = Dice(seed: 51)
        var steps = Steps(count: count, &dice)
        for step in 1...3 {
          settings.step = Int64(step)
          steps.gradient = dice.floats(count)
          let status = steps.run(kernels.table, settings, sizes: sizes, decay: 0.999)
          #expect(status.adam == FK_OK && status.ema == FK_OK)
        }
        return steps.parameter + steps.moment1 + steps.moment2 + steps.average
      }
      let expected = run(.scalar, sizes)
      #expect(sameBits(onAnyThreads("adam") { run(kernels, sizes) }, expected))
    }

    @Test(arguments: KernelTable.all) func `an average in Adam's pass equals one taken after it`(kernels: KernelTable) {
      let settings = fk_adam(
        learning_rate: 2e-3, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weight_decay: 0, l2: 0, step: 1, average_decay: 0.9)
      var dice = Dice(seed: 52)
      var apart = Steps(count: 3000, &dice)
      apart.gradient = dice.floats(3000)
      var together = apart
      var parts: (apart: [fk_average_part], status: fk_status) = ([], FK_OK)
      // The first part has no average in the pass, the second has.
      _ = together.run(kernels.table, settings, sizes: [0, 3000], decay: 1)
      _ = apart.run(kernels.table, settings, sizes: [3000], decay: 1)
      apart.parameter.withUnsafeBufferPointer { p in
        apart.average.withUnsafeMutableBufferPointer { a in
          parts.apart = [fk_average_part(n: 3000, value: p.baseAddress!, average: a.baseAddress!)]
          parts.status = kernels.table.ema(0.9, 1, parts.apart)
        }
      }
      #expect(parts.status == FK_OK)
      #expect(sameBits(together.average, apart.average))
      #expect(sameBits(together.parameter, apart.parameter))
    }

    /// Kingma and Ba, algorithm 1, in double.
    @Test func `Adam follows the paper`() {
      var settings = fk_adam(
        learning_rate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0, l2: 0, step: 1, average_decay: 0)
      var dice = Dice(seed: 53)
      var steps = Steps(count: 1, &dice)
      var (dp, dm, dv) = (Double(steps.parameter[0]), 0.0, 0.0)
      for step in 1...20 {
        let g = Float(sin(Double(step)))
        settings.step = Int64(step)
        steps.gradient = [g]
        #expect(steps.run(KernelTable.scalar.table, settings, sizes: [1], decay: 1).adam == FK_OK)
        dm = 0.9 * dm + 0.1 * Double(g)
        dv = 0.999 * dv + 0.001 * Double(g) * Double(g)
        dp -= 1e-2 * (dm / (1 - pow(0.9, Double(step)))) / ((dv / (1 - pow(0.999, Double(step)))).squareRoot() + 1e-8)
        #expect(abs(Double(steps.parameter[0]) - dp) < 1e-6)
      }
    }

    @Test(arguments: KernelTable.all) func `steps count from one`(kernels: KernelTable) {
      let settings = fk_adam(learning_rate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0, l2: 0, step: 0, average_decay: 0)
      var dice = Dice(seed: 54)
      var steps = Steps(count: 1, &dice)
      #expect(steps.run(kernels.table, settings, sizes: [1], decay: 1).adam == FK_BAD_GEOMETRY)
    }
  }
}
