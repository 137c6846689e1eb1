import CForgeKernels
import Testing

/// Weight gradients of filters that Winograd's algorithm serves: 3 x 3, and 4 x 4 and 3 x 3 at stride 2, on maps of enough tiles.
private func filterSample(_ dice: inout Dice) -> ConvolutionSample {
  let (taps, stride) = [(3, 1), (4, 2), (3, 2)][dice.int(0...2)]
  let most = dice.chance(4) ? 130 : 40
  var s = fk_conv_geometry()
  (s.r, s.s, s.stride_h, s.stride_w) = (Int32(taps), Int32(taps), Int32(stride), Int32(stride))
  (s.dilation_h, s.dilation_w, s.groups, s.n) = (1, 1, 1, Int32(dice.int(1...3)))
  (s.c, s.k) = (Int32(dice.int(4...most)), Int32(dice.int(4...most)))
  (s.h, s.w) = (Int32(dice.int(6...20) * stride + dice.int(0...1)), Int32(dice.int(6...24) * stride + dice.int(0...1)))
  (s.pad_top, s.pad_left) = (Int32(dice.int(0...taps)), Int32(dice.int(0...taps)))
  // Cut short or running on over zeros, so tiles end anywhere.
  (s.p, s.q) = (s.h / s.stride_h + Int32(dice.int(-3...2)), s.w / s.stride_w + Int32(dice.int(-3...2)))
  return ConvolutionSample(s, &dice)
}

/// Bound on |<conv(x, w), g> - <w, dw>|: both factors' elements are within 1e-5 of their largest.
private func adjointBound(_ y: [Float], _ g: [Float], _ dw: [Float], _ weights: [Float]) -> Double {
  func largest(_ a: [Float]) -> Double { a.reduce(0) { max($0, Double(abs($1))) } }
  func sum(_ a: [Float]) -> Double { a.reduce(0) { $0 + Double(abs($1)) } }
  return 1e-5 * (largest(y) * sum(g) + largest(dw) * sum(weights))
}

extension BackendConformance {
  @Suite struct WeightGradientConformanceTests {
    @Test(arguments: KernelTable.all) func `filters agree with the scalar table on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 31)
      for _ in 0..<120 {
        let sample = filterSample(&dice)
        let actual = onAnyThreads("\(sample)") { sample.run(kernels, FK_CONV_WEIGHT_GRADIENT) }
        #expect(relativeError(actual, sample.run(.scalar, FK_CONV_WEIGHT_GRADIENT)) <= 1e-5, "\(sample)")
      }
    }

    @Test(arguments: KernelTable.all) func `filter gradients are adjoint to the convolution`(kernels: KernelTable) {
      var dice = Dice(seed: 32)
      for _ in 0..<40 {
        let sample = filterSample(&dice)
        let y = sample.run(kernels, FK_CONV_FORWARD), dw = sample.run(kernels, FK_CONV_WEIGHT_GRADIENT)
        let difference = abs(dot(y, sample.g) - dot(sample.weights, dw))
        #expect(difference <= adjointBound(y, sample.g, dw, sample.weights), "\(sample)")
      }
    }

    /// Tens of thousands of terms of one sign, in several blocks of tiles: a plain sum in single precision loses three digits of seven.
    @Test(arguments: KernelTable.all) func `long sums of one sign keep their digits`(kernels: KernelTable) {
      var dice = Dice(seed: 33)
      for (taps, stride, size) in [(3, 1, 128), (4, 2, 192), (3, 2, 192)] {
        var sample = ConvolutionSample.layer(&dice, n: 2, size: size, c: 16, k: 16, kernel: taps, stride: stride, padding: 1)
        sample.x = dice.floats(sample.x.count, 0.5...1)
        sample.g = dice.floats(sample.g.count, 0.5...1)
        let actual = onAnyThreads("\(sample)") { sample.run(kernels, FK_CONV_WEIGHT_GRADIENT) }
        #expect(relativeError(actual, sample.run(.scalar, FK_CONV_WEIGHT_GRADIENT)) <= 1e-5, "\(sample)")
      }
    }

    /// 300 channels are three parts and 140 two, the last one shorter; 14 x 14 outputs cut the tiles at two borders.
    @Test(arguments: KernelTable.all) func `wide layers are cut into parts without a seam`(kernels: KernelTable) {
      var dice = Dice(seed: 34)
      for (c, k, taps, stride) in [(300, 50, 3, 1), (50, 300, 4, 2), (140, 150, 3, 2)] {
        var sample = ConvolutionSample.layer(&dice, n: 1, size: 14 * stride, c: c, k: k, kernel: taps, stride: stride, padding: 1)
        sample.geometry.n = 3
        sample = ConvolutionSample(sample.geometry, &dice)
        let actual = onAnyThreads("\(sample)") { sample.run(kernels, FK_CONV_WEIGHT_GRADIENT) }
        #expect(relativeError(actual, sample.run(.scalar, FK_CONV_WEIGHT_GRADIENT)) <= 1e-5, "\(sample)")
      }
    }

    @Test(arguments: KernelTable.all) func `a filter that sees padding alone has gradient zero`(kernels: KernelTable) {
      var dice = Dice(seed: 35)
      var sample = ConvolutionSample.layer(&dice, n: 4, size: 32, c: 20, k: 20, kernel: 3, stride: 1, padding: 1)
      (sample.geometry.h, sample.geometry.p, sample.geometry.pad_top) = (8, 12, 14)
      sample = ConvolutionSample(sample.geometry, &dice)
      #expect(sample.run(kernels, FK_CONV_WEIGHT_GRADIENT).allSatisfy { $0 == 0 })
    }
  }
}
