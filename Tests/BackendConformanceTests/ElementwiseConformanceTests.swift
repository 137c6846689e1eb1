import CForgeKernels
import Foundation
import Testing

extension BackendConformance {
  @Suite struct ElementwiseConformanceTests {
    static let unaryOps = (0...Int(FK_ROUND.rawValue)).map { fk_unary_op(rawValue: fk_unary_op.RawValue($0)) }
    static let binaryOps = (0...Int(FK_GREATER_MASK.rawValue)).map { fk_binary_op(rawValue: fk_binary_op.RawValue($0)) }

    /// Every magnitude and the special values.
    static func probes(_ dice: inout Dice, _ count: Int) -> [Float] {
      let special: [Float] = [
        0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.5, 1.5, 2.5, -0.5, 1e8, 1e9,
      ]
      return (0..<count).map { i in
        if i < special.count { return special[i] }
        return dice.chance(2) ? dice.float(-20...20) : Float(bitPattern: UInt32(truncatingIfNeeded: dice.next() >> 16))
      }
    }

    func unary(_ kernels: KernelTable, _ op: fk_unary_op, _ a: Float, _ b: Float, _ x: [Float]) -> [Float] {
      var y = [Float](repeating: -77, count: x.count)
      #expect(kernels.table.unary(op, x.count, a, b, x, &y) == FK_OK)
      return y
    }

    @Test(arguments: KernelTable.all) func `unary ops give the scalar table's bits`(kernels: KernelTable) {
      var dice = Dice(seed: 21)
      for count in [0, 1, 7, 33, 1000, 40_000] {
        let x = Self.probes(&dice, count)
        for op in Self.unaryOps {
          let constants: [(Float, Float)] =
            op == FK_POWER ? [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0.5, 0), (-1.5, 0)] : op == FK_CLAMP ? [(-0.5, 0.75)] : [(0.2, 0.9)]
          for (a, b) in constants {
            let actual = onAnyThreads("\(op)") { unary(kernels, op, a, b, x) }
            #expect(sameBits(actual, unary(.scalar, op, a, b, x)), "\(op) a=\(a) n=\(count)")
            var inPlace = x
            inPlace.withUnsafeMutableBufferPointer { p in
              #expect(kernels.table.unary(op, count, a, b, p.baseAddress, p.baseAddress) == FK_OK)
            }
            #expect(sameBits(inPlace, actual), "\(op) in place")
          }
        }
      }
    }

    /// Against the C library in double: units in the last place of the result.
    @Test func `elementary functions are accurate over all magnitudes`() {
      var dice = Dice(seed: 22)
      let x = (0..<400_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: dice.next() >> 16)) } + dice.floats(200_000, -12...12)
      let references: [(fk_unary_op, Double, (Double) -> Double)] = [
        (FK_EXP, 1.5, exp), (FK_LOG, 1.5, log), (FK_TANH, 3, tanh), (FK_ERF, 1, erf), (FK_SIN, 1, sin), (FK_COS, 1, cos),
        (FK_SIGMOID, 3, { 1 / (1 + exp(-$0)) }), (FK_SOFTPLUS, 2, { max($0, 0) + log1p(exp(-abs($0))) }),
        (FK_SQRT, 0.5, { $0.squareRoot() }), (FK_RECIPROCAL, 0.5, { 1 / $0 }), (FK_ROUND, 0, { $0.rounded(.toNearestOrEven) }),
      ]
      for (op, tolerance, reference) in references {
        var worst = 0.0
        for (x, y) in zip(x, unary(.scalar, op, 0, 0, x)) {
          let exact = reference(Double(x))
          let rounded = Float(exact)
          if rounded.isNaN || y.isNaN {
            if rounded.isNaN != y.isNaN { worst = .infinity }
          } else if rounded != y {
            let ulp = Double(max(abs(rounded), Float.leastNormalMagnitude).ulp)
            worst = max(worst, y.isInfinite || rounded.isInfinite ? abs(exact) > 3.4028e38 ? 0 : .infinity : abs(Double(y) - exact) / ulp)
          }
        }
        #expect(worst <= tolerance, "\(op): \(worst) ulp")
      }
    }

    @Test func `unary ops mean what their names say`() {
      let x: [Float] = [-2, -0.5, 0, 0.5, 2]
      #expect(unary(.scalar, FK_POSITIVE_MASK, 0.25, 0, x) == [0.25, 0.25, 0.25, 1, 1])
      #expect(unary(.scalar, FK_INSIDE_MASK, -1, 0.5, x) == [0, 1, 1, 0, 0])
      #expect(unary(.scalar, FK_CLAMP, -1, 1, x) == [-1, -0.5, 0, 0.5, 1])
      #expect(unary(.scalar, FK_SIGN, 0, 0, x) == [-1, -1, 0, 1, 1])
      #expect(unary(.scalar, FK_LEAKY_RELU, 0.5, 0, x) == [-1, -0.25, 0, 0.5, 2])
      #expect(unary(.scalar, FK_POWER, 3, 0, x) == [-8, -0.125, 0, 0.125, 8])
      #expect(unary(.scalar, FK_OFFSET, 1, 0, x) == [-1, 0.5, 1, 1.5, 3])
    }

    @Test(arguments: KernelTable.all) func `binary ops give the scalar table's bits for every broadcast`(kernels: KernelTable) {
      var dice = Dice(seed: 23)
      for round in 0..<120 {
        let walk = WalkSample.random(&dice, large: round % 20 == 0, repeats: true)
        let (a, b) = (Self.probes(&dice, walk.a.count), Self.probes(&dice, walk.b.count))
        for op in Self.binaryOps {
          let run = { (kernels: KernelTable) in
            walk.run(a: a, b: b, out: [Float](repeating: -77, count: walk.out.count)) { kernels.table.binary(op, $0, $1, $2, $3) }
          }
          #expect(sameBits(onAnyThreads("\(walk)") { run(kernels) }, run(.scalar)), "\(op) \(walk)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `fill writes the value and nothing beyond`(kernels: KernelTable) {
      for count in [0, 1, 63, 100_001] {
        var out = [Float](repeating: 1, count: count + 1)
        #expect(kernels.table.fill(count, 2.5, &out) == FK_OK)
        #expect(out == [Float](repeating: 2.5, count: count) + [1])
      }
    }
  }
}
