import CForgeKernels
import Testing

extension ConvolutionSample {
  /// A geometry that the 16-bit arithmetic has a kernel for, with its role: 3 x 3 either way, or the transpose of 4 x 4 with stride 2.
  static func integer(_ dice: inout Dice, most: Int) -> (ConvolutionSample, fk_conv_role) {
    let doubling = dice.chance(3)
    let forward = !doubling && !dice.chance(3)
    let (kernel, stride): (Int32, Int32) = doubling ? (4, 2) : (3, 1)
    var s = fk_conv_geometry(
      n: Int32(dice.int(1...2)), h: Int32(dice.int(1...20)), w: Int32(dice.int(1...30)), c: Int32(dice.int(8...most)), k: Int32(dice.int(8...most)),
      r: kernel, s: kernel, p: 0, q: 0, stride_h: stride, stride_w: stride, pad_top: Int32(dice.int(0...3)), pad_left: Int32(dice.int(0...3)),
      dilation_h: 1, dilation_w: 1, groups: 1)
    s.p = Int32(dice.int(0...Int((s.h + 2 * s.pad_top) / stride) + 1))
    s.q = Int32(dice.int(1...Int((s.w + 2 * s.pad_left) / stride) + 1))
    return (ConvolutionSample(s, &dice), forward ? FK_CONV_FORWARD : FK_CONV_DATA_GRADIENT)
  }

  /// The convolution with prepared weights.
  func runPrepared(
    _ kernels: KernelTable, _ role: fk_conv_role, _ precision: fk_precision, _ epilogue: UnsafePointer<fk_epilogue>? = nil
  ) -> [Float] {
    let table = kernels.table
    let counts = Self.counts(geometry)
    var out = [Float](repeating: .nan, count: role == FK_CONV_FORWARD ? counts.g : counts.x)
    withUnsafePointer(to: geometry) { geometry in
      var prepared = [UInt8](repeating: 0, count: table.prepared_bytes(geometry, role, precision))
      #expect(!prepared.isEmpty)
      #expect(table.prepare(geometry, role, precision, weights, &prepared) == FK_OK)
      let status = withWorkspace(table.prepared_workspace(geometry, role, precision)) {
        table.convolution_prepared(geometry, role, precision, role == FK_CONV_FORWARD ? x : g, prepared, epilogue, &out, $0, $1)
      }
      #expect(status == FK_OK)
    }
    return out
  }
}

extension BackendConformance {
  /// Convolutions in 16-bit integers: the integers are the same on every table, and the float steps around them round in one order, so
  /// all tables give the same bytes, but for the portable one: it rounds products on their own, which now and then moves an integer by 1.
  @Suite struct Int16ConformanceTests {
    /// Whether `actual` is what the oracle gives: the same bytes, or of a table without fused multiply-adds nearly the same.
    func agrees(_ kernels: KernelTable, _ actual: [Float], _ oracle: [Float]) -> Bool {
      kernels.name == "portable" ? relativeError(actual, oracle) <= 1e-3 : sameBits(actual, oracle)
    }
    /// What a table is tried with: where results may differ a little, a tanh of sums far above 1 would blow that up.
    func activations(_ kernels: KernelTable) -> [fk_activation] {
      [FK_ACT_NONE, FK_ACT_LEAKY_RELU, FK_ACT_PRELU] + (kernels.name == "portable" ? [] : [FK_ACT_TANH])
    }

    @Test(arguments: KernelTable.all) func `every table agrees with the oracle on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 31)
      for _ in 0..<120 {
        let (sample, role) = ConvolutionSample.integer(&dice, most: dice.chance(4) ? 140 : 40)
        let channels = Int(role == FK_CONV_FORWARD ? sample.geometry.k : sample.geometry.c)
        let outputs = role == FK_CONV_FORWARD ? sample.g.count : sample.x.count
        let bias = dice.floats(channels)
        let slopes = dice.floats(channels)
        let residual = dice.floats(outputs)
        bias.withUnsafeBufferPointer { bias in
          slopes.withUnsafeBufferPointer { slopes in
            residual.withUnsafeBufferPointer { residual in
              let choices = activations(kernels)
              let activation = choices[dice.int(0...choices.count - 1)]
              var epilogue = fk_epilogue(
                bias: dice.chance(2) ? bias.baseAddress : nil, residual: dice.chance(2) ? residual.baseAddress : nil, activation: activation,
                slope: 0.2, slopes: slopes.baseAddress, shuffle: 0)
              let actual = onAnyThreads("\(sample)") { sample.runPrepared(kernels, role, FK_INT16, &epilogue) }
              #expect(agrees(kernels, actual, sample.runPrepared(.scalar, role, FK_INT16, &epilogue)), "\(role) \(sample)")
            }
          }
        }
      }
    }

    @Test(arguments: KernelTable.all) func `pixels are shuffled as the oracle does`(kernels: KernelTable) {
      var dice = Dice(seed: 32)
      for (factor, channels) in [(2, 64), (2, 16), (2, 5), (3, 16), (3, 3), (4, 1)] {
        let sample = ConvolutionSample.layer(&dice, n: 2, size: 9, c: 20, k: factor * factor * channels, kernel: 3, stride: 1, padding: 1)
        let bias = dice.floats(factor * factor * channels)
        let slopes = dice.floats(channels)
        bias.withUnsafeBufferPointer { bias in
          slopes.withUnsafeBufferPointer { slopes in
            for activation in activations(kernels) {
              var epilogue = fk_epilogue(
                bias: bias.baseAddress, residual: nil, activation: activation, slope: 0, slopes: slopes.baseAddress, shuffle: Int32(factor))
              let actual = sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16, &epilogue)
              #expect(agrees(kernels, actual, sample.runPrepared(.scalar, FK_CONV_FORWARD, FK_INT16, &epilogue)))
              // In float the shuffle is a pass of its own: an independent answer.
              if activation == FK_ACT_TANH { continue }
              #expect(relativeError(actual, sample.runPrepared(.scalar, FK_CONV_FORWARD, FK_FLOAT32, &epilogue)) <= 1e-3)
            }
          }
        }
      }
    }

    /// The norms of a chunk bound its integers, so that wide layers lose no more bits than narrow ones.
    @Test func `the oracle is close to float`() {
      var dice = Dice(seed: 33)
      for (c, k) in [(8, 8), (64, 64), (64, 256), (130, 40), (512, 64)] {
        let sample = ConvolutionSample.layer(&dice, n: 1, size: 16, c: c, k: k, kernel: 3, stride: 1, padding: 1)
        #expect(relativeError(sample.runPrepared(.scalar, FK_CONV_FORWARD, FK_INT16), sample.run(.scalar, FK_CONV_FORWARD)) <= 1e-3)
        let up = ConvolutionSample.layer(&dice, n: 1, size: 16, c: k, k: c, kernel: 4, stride: 2, padding: 1)
        #expect(relativeError(up.runPrepared(.scalar, FK_CONV_DATA_GRADIENT, FK_INT16), up.run(.scalar, FK_CONV_DATA_GRADIENT)) <= 1e-3)
      }
    }

    /// Every channel carries the same tile and the same weights, all at one magnitude: each product has its channel's full size and
    /// sign, so a sum that could pass 2^31 does. A wrapped sum would be wrong by far more than the tolerance.
    @Test(arguments: KernelTable.all, [8, 64, 128, 129, 512]) func `sums at the limits do not overflow`(kernels: KernelTable, channels: Int) {
      var dice = Dice(seed: 34)
      for magnitude: Float in [1, 1e-12, 1e12] {
        for role in [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT] {
          let size = 8
          let doubling = role == FK_CONV_DATA_GRADIENT
          var sample = ConvolutionSample.layer(
            &dice, n: 1, size: size, c: doubling ? 8 : channels, k: doubling ? channels : 8, kernel: doubling ? 4 : 3, stride: doubling ? 2 : 1,
            padding: 1)
          let s = sample.geometry
          func signs(_ count: Int) -> [Float] { (0..<count).map { _ in dice.chance(2) ? magnitude : -magnitude } }
          let pixels = signs(Int(s.h * s.w))
          let taps = signs(Int(s.r * s.s))
          if doubling {
            sample.g = sample.g.indices.map { pixels[$0 / channels] }
          } else {
            sample.x = sample.x.indices.map { pixels[$0 / channels] }
          }
          sample.weights = sample.weights.indices.map { taps[$0 / (8 * channels)] }
          let expected = sample.run(.scalar, role)
          #expect(relativeError(sample.runPrepared(kernels, role, FK_INT16), expected) <= 1e-3, "\(role) \(sample)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `a power of two goes through exactly`(kernels: KernelTable) {
      var dice = Dice(seed: 35)
      for exponent in [-50, -20, 20, 50] {
        let (sample, role) = ConvolutionSample.integer(&dice, most: 40)
        let factor = Float(sign: .plus, exponent: exponent, significand: 1)
        var scaled = sample
        scaled.x = sample.x.map { $0 * factor }
        scaled.g = sample.g.map { $0 * factor }
        let expected = sample.runPrepared(kernels, role, FK_INT16).map { $0 * factor }
        #expect(sameBits(scaled.runPrepared(kernels, role, FK_INT16), expected), "\(role) \(sample)")
      }
    }

    @Test(arguments: KernelTable.all) func `zeros give the bias`(kernels: KernelTable) {
      var dice = Dice(seed: 36)
      let bias = dice.floats(24)
      bias.withUnsafeBufferPointer { bias in
        var epilogue = fk_epilogue(bias: bias.baseAddress, residual: nil, activation: FK_ACT_NONE, slope: 0, slopes: nil, shuffle: 0)
        var sample = ConvolutionSample.layer(&dice, n: 1, size: 9, c: 16, k: 24, kernel: 3, stride: 1, padding: 1)
        let expected = (0..<sample.g.count).map { bias[$0 % 24] }
        let weights = sample.weights
        sample.weights = weights.map { _ in 0 }
        #expect(sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16, &epilogue) == expected)
        sample.weights = weights
        sample.x = sample.x.map { _ in 0 }
        #expect(sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16, &epilogue) == expected)
      }
    }

    /// As in float Winograd, what is not a number takes its whole tile along, and nothing else.
    @Test(arguments: KernelTable.all, [Float.nan, .infinity, -.infinity]) func `a pixel that is no number spoils its tiles alone`(
      kernels: KernelTable, value: Float
    ) {
      var dice = Dice(seed: 37)
      var sample = ConvolutionSample.layer(&dice, n: 1, size: 16, c: 16, k: 8, kernel: 3, stride: 1, padding: 1)
      let clean = sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16)
      sample.x[(5 * 16 + 6) * 16 + 3] = value  // row 5, column 6: inside tile (1, 1), away from its border
      let actual = sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16)
      for (i, (a, c)) in zip(actual, clean).enumerated() {
        let (row, column) = (i / 8 / 16, i / 8 % 16)
        let inside = row / 4 == 1 && column / 4 == 1
        #expect(inside ? a.isNaN : a.bitPattern == c.bitPattern, "row \(row) column \(column)")
      }
    }

    @Test(arguments: KernelTable.all, [Float.nan, .infinity]) func `a weight that is no number spoils its channel alone`(
      kernels: KernelTable, value: Float
    ) {
      var dice = Dice(seed: 38)
      var sample = ConvolutionSample.layer(&dice, n: 1, size: 6, c: 16, k: 20, kernel: 3, stride: 1, padding: 1)
      let clean = sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16)
      sample.weights[(4 * 16 + 7) * 20 + 18] = value
      let actual = sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16)
      for (i, (a, c)) in zip(actual, clean).enumerated() { #expect(i % 20 == 18 ? a.isNaN : a.bitPattern == c.bitPattern) }
    }

    @Test(arguments: KernelTable.all) func `a batch is its images and an image is its bands`(kernels: KernelTable) {
      var dice = Dice(seed: 39)
      let sample = ConvolutionSample.layer(&dice, n: 3, size: 19, c: 24, k: 40, kernel: 3, stride: 1, padding: 1)
      let whole = sample.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16)
      var parts: [Float] = []
      let (image, row) = (19 * 19 * 24, 19 * 24)
      for n in 0..<3 {
        for first in stride(from: 0, to: 19, by: 8) {
          var band = sample
          let (top, end) = (max(0, first - 1), min(19, first + 8 + 1))
          band.geometry.n = 1
          band.geometry.h = Int32(end - top)
          band.geometry.p = Int32(min(8, 19 - first))
          band.geometry.pad_top = first == 0 ? 1 : 0
          band.x = Array(sample.x[n * image + top * row..<n * image + end * row])
          band.g = Array(sample.g[0..<Int(band.geometry.p) * 19 * 40])
          parts += band.runPrepared(kernels, FK_CONV_FORWARD, FK_INT16)
        }
      }
      #expect(sameBits(whole, parts))
    }

    @Test func `tables agree on which geometries there are`() {
      var dice = Dice(seed: 40)
      for _ in 0..<500 {
        var sample = ConvolutionSample.random(&dice).geometry
        if dice.chance(2) { (sample.r, sample.s, sample.stride_h, sample.stride_w, sample.dilation_h, sample.dilation_w) = (3, 3, 1, 1, 1, 1) }
        for role in ConvolutionSample.roles {
          let there = KernelTable.all.map { $0.table.prepared_bytes(&sample, role, FK_INT16) > 0 }
          #expect(Set(there).count == 1, "\(role) \(sample)")
        }
      }
    }
  }
}
