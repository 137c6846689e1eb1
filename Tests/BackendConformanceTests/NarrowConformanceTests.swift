import CForgeKernels
import Testing

extension ConvolutionSample {
  /// One to four channels on one side, up to 130 on the other: the geometries of the direct kernels and what borders on them.
  static func narrow(_ dice: inout Dice, exact: Bool = false) -> ConvolutionSample {
    var s = fk_conv_geometry()
    let (few, many) = (Int32(dice.int(1...4)), Int32(dice.int(1...(dice.chance(3) ? 130 : 40))))
    (s.c, s.k) = dice.chance(2) ? (few, many) : (many, few)
    (s.n, s.groups) = (Int32(dice.int(1...3)), 1)
    (s.h, s.w) = (Int32(dice.int(1...24)), Int32(dice.int(1...40)))
    (s.r, s.s) = dice.chance(3) ? (9, 9) : (Int32(dice.int(1...9)), Int32(dice.int(1...11)))
    (s.stride_h, s.stride_w) = dice.chance(2) ? (1, 1) : (Int32(dice.int(1...3)), Int32(dice.int(1...5)))
    (s.dilation_h, s.dilation_w) = dice.chance(2) ? (1, 1) : (Int32(dice.int(1...3)), Int32(dice.int(1...3)))
    // A band of an image begins with a negative padding, or with none.
    (s.pad_top, s.pad_left) = (Int32(dice.int(-2...5)), Int32(dice.int(-2...5)))
    s.p = Int32(dice.int(0...Int((s.h + 2 * abs(s.pad_top)) / s.stride_h) + 1))
    s.q = Int32(dice.int(1...Int((s.w + 2 * abs(s.pad_left)) / s.stride_w) + 1))
    return ConvolutionSample(s, &dice, exact: exact)
  }

  /// Rows `first ..< end` of the forward output, computed from the input rows that they see.
  func band(_ kernels: KernelTable, _ first: Int32, _ end: Int32) -> [Float] {
    var band = self
    let s = geometry
    let top = first * s.stride_h - s.pad_top
    let bottom = (end - 1) * s.stride_h - s.pad_top + (s.r - 1) * s.dilation_h + 1
    let (low, high) = (min(s.h, max(0, top)), max(min(s.h, max(0, top)), min(s.h, bottom)))
    band.geometry.h = high - low
    band.geometry.p = end - first
    band.geometry.pad_top = low - top
    let row = Int(s.w * s.c)
    band.x = Array(x[Int(low) * row..<Int(high) * row])
    return band.run(kernels, FK_CONV_FORWARD)
  }
}

extension BackendConformance {
  @Suite struct NarrowConformanceTests {
    @Test(arguments: KernelTable.all) func `few channels on a side agree with the scalar table on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 31)
      for _ in 0..<200 {
        let sample = ConvolutionSample.narrow(&dice)
        for role in ConvolutionSample.roles {
          let actual = onAnyThreads("\(role) \(sample)") { sample.run(kernels, role) }
          #expect(relativeError(actual, sample.run(.scalar, role)) <= 1e-5, "\(role) \(sample)")
        }
      }
    }

    /// Wide rows and tall images are cut into strips and bands, many weight terms into tiles.
    @Test(arguments: KernelTable.all) func `layers with one or a few channels agree with the scalar table`(kernels: KernelTable) {
      var dice = Dice(seed: 32)
      let layers = [
        ConvolutionSample.layer(&dice, n: 1, size: 150, c: 16, k: 1, kernel: 5, stride: 1, padding: 2),
        .layer(&dice, n: 1, size: 66, c: 64, k: 1, kernel: 9, stride: 1, padding: 4),
        .layer(&dice, n: 1, size: 66, c: 1, k: 64, kernel: 9, stride: 1, padding: 4),
        .layer(&dice, n: 1, size: 270, c: 1, k: 16, kernel: 3, stride: 1, padding: 1),
        .layer(&dice, n: 1, size: 70, c: 32, k: 4, kernel: 3, stride: 1, padding: 1),
        .layer(&dice, n: 3, size: 32, c: 1, k: 64, kernel: 4, stride: 2, padding: 1),
        .layer(&dice, n: 2, size: 20, c: 3, k: 33, kernel: 5, stride: 3, padding: 2),
        .layer(&dice, n: 2, size: 17, c: 100, k: 3, kernel: 11, stride: 1, padding: 5),
      ]
      for sample in layers {
        for role in ConvolutionSample.roles {
          let actual = onAnyThreads("\(role) \(sample)") { sample.run(kernels, role) }
          #expect(relativeError(actual, sample.run(.scalar, role)) <= 1e-5, "\(role) \(sample)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `bias, residual and activation follow a narrow sum`(kernels: KernelTable) {
      var dice = Dice(seed: 33)
      for round in 0..<80 {
        let sample = ConvolutionSample.narrow(&dice, exact: true)
        for role in [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT] {
          let channels = Int(role == FK_CONV_FORWARD ? sample.geometry.k : sample.geometry.c)
          let sums = sample.run(kernels, role)
          let (bias, slopes, residual) = (dice.dyadics(channels), dice.floats(channels), dice.dyadics(sums.count))
          let (hasBias, hasResidual) = (dice.chance(2), dice.chance(3))
          let actual = bias.withUnsafeBufferPointer { bias in
            slopes.withUnsafeBufferPointer { slopes in
              residual.withUnsafeBufferPointer { residual in
                var epilogue = fk_epilogue()
                if hasBias { epilogue.bias = bias.baseAddress }
                if hasResidual { epilogue.residual = residual.baseAddress }
                epilogue.activation = [FK_ACT_NONE, FK_ACT_LEAKY_RELU, FK_ACT_PRELU, FK_ACT_TANH][round % 4]
                epilogue.slope = 0.2
                epilogue.slopes = slopes.baseAddress
                return withUnsafePointer(to: epilogue) { (sample.run(kernels, role, $0), sample.run(.scalar, role, $0)) }
              }
            }
          }
          // The sums are exact, and the epilogue is the same arithmetic in every table.
          #expect(actual.0 == actual.1, "\(role) \(sample)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `exact inputs give exact narrow outputs`(kernels: KernelTable) {
      var dice = Dice(seed: 34)
      for _ in 0..<80 {
        let sample = ConvolutionSample.narrow(&dice, exact: true)
        for role in ConvolutionSample.roles { #expect(sample.run(kernels, role) == sample.run(.scalar, role), "\(role) \(sample)") }
      }
    }

    @Test(arguments: KernelTable.all) func `bands of rows and single images have the bytes of the whole`(kernels: KernelTable) {
      var dice = Dice(seed: 35)
      for _ in 0..<60 {
        var sample = ConvolutionSample.narrow(&dice)
        (sample.geometry.n, sample.geometry.p) = (2, sample.geometry.p + 3)
        sample = ConvolutionSample(sample.geometry, &dice)
        let whole = sample.run(kernels, FK_CONV_FORWARD)
        let gradient = sample.run(kernels, FK_CONV_DATA_GRADIENT)
        var (parts, gradients): ([Float], [Float]) = ([], [])
        for image in 0..<2 {
          var one = sample
          one.geometry.n = 1
          one.x = Array(sample.x[image * sample.x.count / 2..<(image + 1) * sample.x.count / 2])
          one.g = Array(sample.g[image * sample.g.count / 2..<(image + 1) * sample.g.count / 2])
          let cut = Int32(dice.int(1...Int(one.geometry.p) - 1))
          parts += one.band(kernels, 0, cut) + one.band(kernels, cut, one.geometry.p)
          gradients += one.run(kernels, FK_CONV_DATA_GRADIENT)
        }
        #expect(sameBits(parts, whole), "\(sample)")
        #expect(sameBits(gradients, gradient), "\(sample)")
      }
    }
  }
}
