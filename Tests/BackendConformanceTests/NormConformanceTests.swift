import CForgeKernels
import Testing

/// Everything a norm reads.
struct NormSample: CustomStringConvertible {
  var geometry: fk_norm_geometry
  var x: [Float], dy: [Float], gamma: [Float], beta: [Float]
  /// Of PReLU.
  var slopes: [Float] = [0.25]

  static func random(_ dice: inout Dice) -> NormSample {
    let large = dice.chance(5)
    let (groups, channels) = (dice.int(1...4), dice.int(1...(large ? 200 : 40)))
    let images = dice.int(1...4)
    let rows = images * dice.int(1...(large ? 300 : 20))
    let perGamma = dice.chance(2) ? 0 : dice.chance(2) ? rows / images : dice.chance(2) ? rows : rows * groups
    let geometry = fk_norm_geometry(
      groups: Int64(groups), rows: Int64(rows), channels: Int64(channels), rows_per_gamma: Int64(perGamma), epsilon: 1e-5,
      activation: [FK_ACT_NONE, FK_ACT_LEAKY_RELU, FK_ACT_PRELU][dice.int(0...2)], slope: 0.2,
      slope_count: Int64(dice.chance(2) ? 1 : channels))
    let count = groups * rows * channels
    let gammaRows = perGamma == 0 ? 1 : groups * rows / perGamma
    let affine = !dice.chance(4)
    return NormSample(
      geometry: geometry, x: dice.floats(count).map { $0 * 3 + 1 }, dy: dice.floats(count),
      gamma: affine ? dice.floats(gammaRows * channels, 0.5...1.5) : [], beta: affine ? dice.floats(gammaRows * channels) : [],
      slopes: dice.floats(Int(geometry.slope_count), -0.5...1.5))
  }

  var statistics: Int { Int(geometry.groups * geometry.channels) }

  func forward(_ kernels: KernelTable) -> (y: [Float], mean: [Float], inverse: [Float]) {
    var y = [Float](repeating: .nan, count: x.count)
    var (mean, inverse) = ([Float](repeating: .nan, count: statistics), [Float](repeating: .nan, count: statistics))
    let table = kernels.table
    let status = withUnsafePointer(to: geometry) { geometry in
      withWorkspace(table.norm_workspace(geometry)) {
        table.norm_forward(geometry, x, gamma.isEmpty ? nil : gamma, beta.isEmpty ? nil : beta, slopes, &y, &mean, &inverse, $0, $1)
      }
    }
    #expect(status == FK_OK)
    return (y, mean, inverse)
  }

  /// The result again, by given statistics.
  func applied(_ kernels: KernelTable, mean: [Float], inverse: [Float]) -> [Float] {
    var y = [Float](repeating: .nan, count: x.count)
    let status = withUnsafePointer(to: geometry) { geometry in
      kernels.table.norm_apply(geometry, x, gamma.isEmpty ? nil : gamma, beta.isEmpty ? nil : beta, slopes, mean, inverse, &y)
    }
    #expect(status == FK_OK)
    return y
  }

  func backward(
    _ kernels: KernelTable, mean: [Float], inverse: [Float]
  ) -> (dx: [Float], dgamma: [Float], dbeta: [Float], dslopes: [Float]) {
    // Written over the cotangent, as a backward pass does.
    var dx = dy
    var (dgamma, dbeta) = ([Float](repeating: .nan, count: gamma.count), [Float](repeating: .nan, count: beta.count))
    let hasSlopes = geometry.activation == FK_ACT_PRELU
    var dslopes = [Float](repeating: .nan, count: hasSlopes ? Int(geometry.channels) : 0)
    let table = kernels.table
    let status = withUnsafePointer(to: geometry) { geometry in
      dx.withUnsafeMutableBufferPointer { dx in
        dslopes.withUnsafeMutableBufferPointer { dslopes in
          dgamma.withUnsafeMutableBufferPointer { dgamma in
            dbeta.withUnsafeMutableBufferPointer { dbeta in
              withWorkspace(table.norm_workspace(geometry)) { memory, bytes in
                table.norm_backward(
                  geometry, x, gamma.isEmpty ? nil : gamma, beta.isEmpty ? nil : beta, slopes, mean, inverse, dx.baseAddress,
                  dx.baseAddress, gamma.isEmpty ? nil : dgamma.baseAddress, beta.isEmpty ? nil : dbeta.baseAddress,
                  hasSlopes ? dslopes.baseAddress : nil, memory, bytes)
              }
            }
          }
        }
      }
    }
    #expect(status == FK_OK)
    return (dx, dgamma, dbeta, dslopes)
  }

  var description: String { "\(geometry) affine \(!gamma.isEmpty)" }
}

extension BackendConformance {
  @Suite struct NormConformanceTests {
    @Test(arguments: KernelTable.all) func `norms agree with the scalar table on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 41)
      for _ in 0..<150 {
        let sample = NormSample.random(&dice)
        let expected = sample.forward(.scalar)
        let actual = onAnyThreads("\(sample)") {
          let (y, mean, inverse) = sample.forward(kernels)
          return y + mean + inverse
        }
        // A group of one row has no variance: 1 / sqrt(epsilon) magnifies the rounding of the mean 316 times.
        let again = sample.applied(
          kernels, mean: Array(actual[sample.x.count...].prefix(sample.statistics)), inverse: Array(actual.suffix(sample.statistics)))
        #expect(sameBits(again, Array(actual[..<sample.x.count])), "\(sample)")
        if sample.geometry.rows > 1 {
          #expect(relativeError(Array(actual[..<sample.x.count]), expected.y) <= 1e-5, "\(sample)")
          #expect(relativeError(Array(actual[sample.x.count...]), expected.mean + expected.inverse) <= 1e-5, "\(sample)")
        }
        let (mean, inverse) = (expected.mean, expected.inverse)
        let gradient = onAnyThreads("\(sample)") {
          let (dx, dgamma, dbeta, dslopes) = sample.backward(kernels, mean: mean, inverse: inverse)
          return dx + dgamma + dbeta + dslopes
        }
        let oracle = sample.backward(.scalar, mean: mean, inverse: inverse)
        let split = sample.x.count
        // dx is a difference of terms as large as inv_std * dy.
        let scale = Double(inverse.max() ?? 1)
        let worst = zip(gradient, oracle.dx).map { abs(Double($0) - Double($1)) }.max() ?? 0
        #expect(worst <= 3e-6 * scale, "\(sample)")
        #expect(relativeError(Array(gradient[split...]), oracle.dgamma + oracle.dbeta + oracle.dslopes) <= 1e-5, "\(sample)")
      }
    }

    @Test(arguments: KernelTable.all) func `statistics of a million values are exact to a millionth`(kernels: KernelTable) {
      // The values 100, 101, 102, 103 in turn: mean 101.5, variance 1.25.
      let rows = 1 << 18
      let sample = NormSample(
        geometry: fk_norm_geometry(
          groups: 1, rows: Int64(rows), channels: 4, rows_per_gamma: 0, epsilon: 0, activation: FK_ACT_NONE, slope: 0, slope_count: 0),
        x: (0..<rows * 4).map { Float(100 + ($0 / 4 + $0) % 4) }, dy: [], gamma: [], beta: [])
      let (_, mean, inverse) = sample.forward(kernels)
      for m in mean { #expect(m == 101.5) }
      for i in inverse { #expect(abs(Double(i) * 1.25.squareRoot() - 1) < 1e-6) }
    }

    /// sum(dy . y) has no slope along x -> x + t and x -> t x (epsilon aside): the gradient is orthogonal to both.
    @Test(arguments: KernelTable.all) func `the gradient is orthogonal to shift and scale`(kernels: KernelTable) {
      var dice = Dice(seed: 42)
      for _ in 0..<20 {
        var sample = NormSample.random(&dice)
        sample.geometry.activation = FK_ACT_NONE
        guard sample.geometry.rows > 8 else { continue }
        let (_, mean, inverse) = sample.forward(kernels)
        let dx = sample.backward(kernels, mean: mean, inverse: inverse).dx
        let (rows, channels) = (Int(sample.geometry.rows), Int(sample.geometry.channels))
        for c in 0..<channels {
          var (shift, scale, size) = (0.0, 0.0, 0.0)
          for row in 0..<rows {
            let i = row * channels + c
            shift += Double(dx[i])
            scale += Double(dx[i]) * Double(sample.x[i] - mean[c])
            size += abs(Double(dx[i]))
          }
          #expect(abs(shift) <= 1e-5 * size && abs(scale) <= 2e-4 * size, "\(sample) \(shift) \(scale) \(size)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `the backward pass is the derivative of the forward pass`(kernels: KernelTable) {
      var dice = Dice(seed: 43)
      var sample = NormSample.random(&dice)
      sample.geometry = fk_norm_geometry(
        groups: 2, rows: 12, channels: 5, rows_per_gamma: 6, epsilon: 1e-3, activation: FK_ACT_PRELU, slope: 0, slope_count: 5)
      sample.slopes = dice.floats(5, 0...0.5)
      (sample.x, sample.dy) = (dice.floats(120), dice.floats(120))
      (sample.gamma, sample.beta) = (dice.floats(20, 0.5...1.5), dice.floats(20))
      let (_, mean, inverse) = sample.forward(kernels)
      let gradient = sample.backward(kernels, mean: mean, inverse: inverse)
      func slope(_ change: (inout NormSample, Float) -> Void) -> Double {
        let h: Float = 1e-3
        var (up, down) = (sample, sample)
        change(&up, h)
        change(&down, -h)
        return (dot(up.forward(kernels).y, sample.dy) - dot(down.forward(kernels).y, sample.dy)) / Double(2 * h)
      }
      // Central differences in float: h^2 curvature plus 1e-7 / h of rounding; a kink in between costs up to its weight, so allow few.
      var misses = 0
      for i in 0..<120 where abs(slope { $0.x[i] += $1 } - Double(gradient.dx[i])) > 5e-3 { misses += 1 }
      for i in 0..<20 where abs(slope { $0.gamma[i] += $1 } - Double(gradient.dgamma[i])) > 5e-3 { misses += 1 }
      for i in 0..<20 where abs(slope { $0.beta[i] += $1 } - Double(gradient.dbeta[i])) > 5e-3 { misses += 1 }
      for i in 0..<5 where abs(slope { $0.slopes[i] += $1 } - Double(gradient.dslopes[i])) > 5e-3 { misses += 1 }
      #expect(misses <= 3)
    }
  }
}
