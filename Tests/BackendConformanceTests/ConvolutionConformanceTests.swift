import CForgeKernels
import Testing

/// A convolution with its three tensors.
struct ConvolutionSample: CustomStringConvertible {
  var geometry: fk_conv_geometry
  var x: [Float], weights: [Float], g: [Float]

  static let roles = [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT, FK_CONV_WEIGHT_GRADIENT]

  init(_ geometry: fk_conv_geometry, _ dice: inout Dice, exact: Bool = false) {
    self.geometry = geometry
    let counts = Self.counts(geometry)
    x = exact ? dice.dyadics(counts.x) : dice.floats(counts.x)
    weights = exact ? dice.dyadics(counts.weights) : dice.floats(counts.weights)
    g = exact ? dice.dyadics(counts.g) : dice.floats(counts.g)
  }

  static func counts(_ s: fk_conv_geometry) -> (x: Int, weights: Int, g: Int) {
    (Int(s.n * s.h * s.w * s.c), Int(s.r * s.s * (s.c / s.groups) * s.k), Int(s.n * s.p * s.q * s.k))
  }

  /// Odd extents, every padding, stride and dilation that matters, groups up to depthwise; output smaller or larger than "same".
  static func random(_ dice: inout Dice, exact: Bool = false) -> ConvolutionSample {
    var s = fk_conv_geometry()
    let most = dice.chance(3) ? 130 : 20
    let groups = dice.chance(4) ? dice.int(2...4) : 1
    s.groups = Int32(groups)
    s.c = Int32(dice.int(1...most / groups) * groups)
    s.k = Int32(dice.int(1...most / groups) * groups)
    if dice.chance(8) { (s.groups, s.k) = (s.c, s.c) }
    s.n = Int32(dice.int(1...3))
    (s.h, s.w) = (Int32(dice.int(1...16)), Int32(dice.int(1...33)))
    (s.r, s.s) = (Int32(dice.int(1...5)), Int32(dice.int(1...5)))
    (s.stride_h, s.stride_w) = (Int32(dice.int(1...3)), Int32(dice.int(1...3)))
    (s.dilation_h, s.dilation_w) = (Int32(dice.int(1...2)), Int32(dice.int(1...2)))
    (s.pad_top, s.pad_left) = (Int32(dice.int(0...4)), Int32(dice.int(0...4)))
    // Winograd's algorithm divides filters by 6 and 24: exact samples stay below the channels that it begins with.
    if exact && s.groups == 1 && s.r == s.s { (s.c, s.k) = (min(s.c, 15), min(s.k, 15)) }
    // No output rows at all must work too.
    s.p = Int32(dice.int(0...Int((s.h + 2 * s.pad_top) / s.stride_h) + 1))
    s.q = Int32(dice.int(1...Int((s.w + 2 * s.pad_left) / s.stride_w) + 1))
    return ConvolutionSample(s, &dice, exact: exact)
  }

  /// A layer as networks use it: square, symmetric padding.
  static func layer(_ dice: inout Dice, n: Int, size: Int, c: Int, k: Int, kernel: Int, stride: Int, padding: Int) -> ConvolutionSample {
    let out = Int32((size + 2 * padding - kernel) / stride + 1)
    let geometry = fk_conv_geometry(
      n: Int32(n), h: Int32(size), w: Int32(size), c: Int32(c), k: Int32(k), r: Int32(kernel), s: Int32(kernel), p: out, q: out,
      stride_h: Int32(stride), stride_w: Int32(stride), pad_top: Int32(padding), pad_left: Int32(padding), dilation_h: 1, dilation_w: 1,
      groups: 1)
    return ConvolutionSample(geometry, &dice)
  }

  func run(_ kernels: KernelTable, _ role: fk_conv_role, _ epilogue: UnsafePointer<fk_epilogue>? = nil) -> [Float] {
    let counts = Self.counts(geometry)
    let a = role == FK_CONV_DATA_GRADIENT ? g : x
    let b = role == FK_CONV_WEIGHT_GRADIENT ? g : weights
    let count = role == FK_CONV_FORWARD ? counts.g : role == FK_CONV_DATA_GRADIENT ? counts.x : counts.weights
    var out = [Float](repeating: .nan, count: count)
    let table = kernels.table
    withUnsafePointer(to: geometry) { geometry in
      let status = withWorkspace(table.convolution_workspace(geometry, role)) {
        table.convolution(geometry, role, a, b, epilogue, &out, $0, $1)
      }
      #expect(status == FK_OK)
    }
    return out
  }

  var description: String { "\(geometry)" }
}

func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }

extension BackendConformance {
  @Suite struct ConvolutionConformanceTests {
    /// The definition in forge_kernels.h, term by term.
    @Test func `the scalar table computes the trilinear form`() {
      var dice = Dice(seed: 1)
      for _ in 0..<60 {
        let sample = ConvolutionSample.random(&dice, exact: true)
        let s = sample.geometry
        if s.c > 20 || s.k > 20 { continue }
        let (groupC, groupK) = (s.c / s.groups, s.k / s.groups)
        var expected = [Float](repeating: 0, count: sample.g.count)
        for n in 0..<s.n {
          for p in 0..<s.p {
            for q in 0..<s.q {
              for k in 0..<s.k {
                var sum: Float = 0
                for r in 0..<s.r {
                  for t in 0..<s.s {
                    for c in 0..<groupC {
                      let (h, w) = (p * s.stride_h - s.pad_top + r * s.dilation_h, q * s.stride_w - s.pad_left + t * s.dilation_w)
                      guard h >= 0, h < s.h, w >= 0, w < s.w else { continue }
                      let pixel = ((n * s.h + h) * s.w + w) * s.c + k / groupK * groupC + c
                      sum += sample.x[Int(pixel)] * sample.weights[Int(((r * s.s + t) * groupC + c) * s.k + k)]
                    }
                  }
                }
                expected[Int(((n * s.p + p) * s.q + q) * s.k + k)] = sum
              }
            }
          }
        }
        #expect(sample.run(.scalar, FK_CONV_FORWARD) == expected, "\(sample)")
      }
    }

    @Test(arguments: KernelTable.all) func `every role agrees with the scalar table on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 2)
      for _ in 0..<150 {
        let sample = ConvolutionSample.random(&dice)
        for role in ConvolutionSample.roles {
          let actual = onAnyThreads("\(sample)") { sample.run(kernels, role) }
          #expect(relativeError(actual, sample.run(.scalar, role)) <= 1e-5, "\(role) \(sample)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `layers of real networks agree with the scalar table`(kernels: KernelTable) {
      var dice = Dice(seed: 3)
      let layers = [
        ConvolutionSample.layer(&dice, n: 1, size: 40, c: 64, k: 64, kernel: 3, stride: 1, padding: 1),
        .layer(&dice, n: 2, size: 20, c: 32, k: 32, kernel: 3, stride: 1, padding: 1),
        .layer(&dice, n: 1, size: 12, c: 64, k: 256, kernel: 3, stride: 1, padding: 1),
        .layer(&dice, n: 5, size: 16, c: 64, k: 128, kernel: 4, stride: 2, padding: 1),
        .layer(&dice, n: 3, size: 8, c: 128, k: 256, kernel: 4, stride: 2, padding: 1),
        .layer(&dice, n: 4, size: 32, c: 1, k: 64, kernel: 4, stride: 2, padding: 1),
        .layer(&dice, n: 1, size: 40, c: 1, k: 64, kernel: 9, stride: 1, padding: 4),
        .layer(&dice, n: 1, size: 40, c: 64, k: 1, kernel: 9, stride: 1, padding: 4),
        .layer(&dice, n: 2, size: 24, c: 3, k: 2, kernel: 7, stride: 1, padding: 3),
        .layer(&dice, n: 3, size: 4, c: 256, k: 1, kernel: 4, stride: 1, padding: 0),
        .layer(&dice, n: 1, size: 16, c: 256, k: 256, kernel: 1, stride: 1, padding: 0),
        .layer(&dice, n: 1, size: 33, c: 1, k: 1, kernel: 5, stride: 1, padding: 2),
      ]
      for sample in layers {
        for role in ConvolutionSample.roles {
          let actual = onAnyThreads("\(sample)") { sample.run(kernels, role) }
          #expect(relativeError(actual, sample.run(.scalar, role)) <= 1e-5, "\(role) \(sample)")
        }
      }
    }

    /// Multiples of 1/64 make every partial sum exact, so no order of summation and no fma may show.
    @Test(arguments: KernelTable.all) func `exact inputs give exact outputs`(kernels: KernelTable) {
      var dice = Dice(seed: 4)
      for _ in 0..<60 {
        let sample = ConvolutionSample.random(&dice, exact: true)
        for role in ConvolutionSample.roles { #expect(sample.run(kernels, role) == sample.run(.scalar, role), "\(role) \(sample)") }
      }
    }

    @Test(arguments: KernelTable.all) func `splitting the batch changes no byte`(kernels: KernelTable) {
      var dice = Dice(seed: 5)
      for _ in 0..<40 {
        var sample = ConvolutionSample.random(&dice)
        sample.geometry.n = 3
        sample = ConvolutionSample(sample.geometry, &dice)
        var parts: [[Float]] = [[], []]
        for image in 0..<3 {
          var one = sample
          one.geometry.n = 1
          one.x = Array(sample.x[image * sample.x.count / 3..<(image + 1) * sample.x.count / 3])
          one.g = Array(sample.g[image * sample.g.count / 3..<(image + 1) * sample.g.count / 3])
          parts[0] += one.run(kernels, FK_CONV_FORWARD)
          parts[1] += one.run(kernels, FK_CONV_DATA_GRADIENT)
        }
        #expect(sameBits(parts[0], sample.run(kernels, FK_CONV_FORWARD)), "\(sample)")
        #expect(sameBits(parts[1], sample.run(kernels, FK_CONV_DATA_GRADIENT)), "\(sample)")
      }
    }

    /// <conv(x, w), g> = <x, dataGradient(g, w)> = <w, weightGradient(x, g)>, exact for these inputs.
    @Test(arguments: KernelTable.all) func `the three roles are adjoint`(kernels: KernelTable) {
      var dice = Dice(seed: 6)
      for _ in 0..<60 {
        let sample = ConvolutionSample.random(&dice, exact: true)
        let form = dot(sample.run(kernels, FK_CONV_FORWARD), sample.g)
        #expect(form == dot(sample.x, sample.run(kernels, FK_CONV_DATA_GRADIENT)), "\(sample)")
        #expect(form == dot(sample.weights, sample.run(kernels, FK_CONV_WEIGHT_GRADIENT)), "\(sample)")
      }
    }

    @Test(arguments: KernelTable.all) func `bias, residual and activation follow the sum`(kernels: KernelTable) {
      var dice = Dice(seed: 7)
      for round in 0..<60 {
        let sample = ConvolutionSample.random(&dice, exact: true)
        for role in [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT] {
          let sums = sample.run(kernels, role)
          let channels = Int(role == FK_CONV_FORWARD ? sample.geometry.k : sample.geometry.c)
          let (bias, slopes, residual) = (dice.dyadics(channels), dice.floats(channels), dice.dyadics(sums.count))
          let activation = [FK_ACT_NONE, FK_ACT_LEAKY_RELU, FK_ACT_PRELU, FK_ACT_TANH][round % 4]
          let (hasBias, hasResidual) = (dice.chance(2), dice.chance(2))
          let expected = sums.indices.map { i in
            let x = sums[i] + (hasBias ? bias[i % channels] : 0) + (hasResidual ? residual[i] : 0)
            switch activation {
            case FK_ACT_LEAKY_RELU: return x > 0 ? x : 0.2 * x
            case FK_ACT_PRELU: return x > 0 ? x : slopes[i % channels] * x
            case FK_ACT_TANH:
              var y: Float = 0
              _ = KernelTable.scalar.table.unary(FK_TANH, 1, 0, 0, [x], &y)
              return y
            default: return x
            }
          }
          let actual = bias.withUnsafeBufferPointer { bias in
            slopes.withUnsafeBufferPointer { slopes in
              residual.withUnsafeBufferPointer { residual in
                let epilogue = fk_epilogue(
                  bias: hasBias ? bias.baseAddress : nil, residual: hasResidual ? residual.baseAddress : nil, activation: activation,
                  slope: 0.2, slopes: slopes.baseAddress, shuffle: 0)
                return withUnsafePointer(to: epilogue) { sample.run(kernels, role, $0) }
              }
            }
          }
          #expect(actual == expected, "\(role) \(sample)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `the residual may be the output`(kernels: KernelTable) {
      var dice = Dice(seed: 8)
      // 9 x 9 x 64 terms take several blocks of the reduction.
      let sample = ConvolutionSample.layer(&dice, n: 1, size: 13, c: 64, k: 40, kernel: 9, stride: 1, padding: 4)
      let sums = sample.run(kernels, FK_CONV_FORWARD)
      var out = dice.floats(sums.count)
      let expected = zip(sums, out).map { $0 + $1 }
      let table = kernels.table
      let status = withUnsafePointer(to: sample.geometry) { geometry in
        withWorkspace(table.convolution_workspace(geometry, FK_CONV_FORWARD)) { memory, bytes in
          out.withUnsafeMutableBufferPointer { out in
            let epilogue = fk_epilogue(bias: nil, residual: UnsafePointer(out.baseAddress), activation: FK_ACT_NONE, slope: 0, slopes: nil,
              shuffle: 0)
            return withUnsafePointer(to: epilogue) {
              table.convolution(geometry, FK_CONV_FORWARD, sample.x, sample.weights, $0, out.baseAddress, memory, bytes)
            }
          }
        }
      }
      #expect(status == FK_OK)
      #expect(sameBits(out, expected))
    }

    @Test(arguments: KernelTable.all) func `contradicting extents are refused`(kernels: KernelTable) {
      var dice = Dice(seed: 9)
      var sample = ConvolutionSample.layer(&dice, n: 1, size: 4, c: 4, k: 4, kernel: 3, stride: 1, padding: 1)
      sample.geometry.groups = 3
      var out = [Float](repeating: 0, count: 64)
      for role in ConvolutionSample.roles {
        #expect(kernels.table.convolution(&sample.geometry, role, sample.x, sample.weights, nil, &out, nil, 0) == FK_BAD_GEOMETRY)
      }
    }
  }
}
