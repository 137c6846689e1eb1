import CForgeKernels
import Testing

/// Convolutions that Winograd's algorithm serves: 3 x 3 of stride 1 and 2, 4 x 4 of stride 2, from 16 channels on.
private enum Layer {
  static func random(_ dice: inout Dice, most: Int = 130) -> ConvolutionSample {
    var s = fk_conv_geometry()
    let kind = dice.int(0...2)
    (s.r, s.s) = kind == 2 ? (4, 4) : (3, 3)
    (s.stride_h, s.stride_w) = kind == 0 ? (1, 1) : (2, 2)
    (s.dilation_h, s.dilation_w, s.groups) = (1, 1, 1)
    s.n = Int32(dice.int(1...3))
    (s.c, s.k) = (Int32(dice.int(16...most)), Int32(dice.int(16...most)))
    (s.h, s.w) = (Int32(dice.int(1...21)), Int32(dice.int(1...27)))
    (s.pad_top, s.pad_left) = (Int32(dice.int(0...4)), Int32(dice.int(0...4)))
    s.p = Int32(dice.int(1...Int((s.h + 2 * s.pad_top) / s.stride_h) + 1))
    s.q = Int32(dice.int(1...Int((s.w + 2 * s.pad_left) / s.stride_w) + 1))
    return ConvolutionSample(s, &dice)
  }
}

extension ConvolutionSample {
  /// Forward or data gradient with prepared weights; `out` is the memory that the result goes to, and the residual if asked.
  fileprivate func runPrepared(
    _ kernels: KernelTable, _ role: fk_conv_role, _ epilogue: fk_epilogue = fk_epilogue(), out start: [Float]? = nil, residual: Bool = false
  ) -> [Float] {
    let (table, counts) = (kernels.table, Self.counts(geometry))
    var out = start ?? [Float](repeating: .nan, count: role == FK_CONV_FORWARD ? counts.g : counts.x)
    withUnsafePointer(to: geometry) { geometry in
      let prepared = UnsafeMutableRawBufferPointer.allocate(byteCount: table.prepared_bytes(geometry, role, FK_FLOAT32), alignment: 4)
      defer { prepared.deallocate() }
      #expect(table.prepare(geometry, role, FK_FLOAT32, weights, prepared.baseAddress) == FK_OK)
      let bytes = table.prepared_workspace(geometry, role, FK_FLOAT32)
      let memory = fk_allocate(bytes)
      defer { fk_free(memory) }
      let status = out.withUnsafeMutableBufferPointer { out in
        var epilogue = epilogue
        if residual { epilogue.residual = UnsafePointer(out.baseAddress) }
        return table.convolution_prepared(
          geometry, role, FK_FLOAT32, role == FK_CONV_FORWARD ? x : g, prepared.baseAddress, &epilogue, out.baseAddress, memory, bytes)
      }
      #expect(status == FK_OK)
    }
    return out
  }
}

extension BackendConformance {
  @Suite struct WinogradConformanceTests {
    @Test(arguments: KernelTable.all) func `plain and prepared layers agree with the scalar table on any number of threads`(kernels: KernelTable) {
      var dice = Dice(seed: 31)
      for _ in 0..<60 {
        let sample = Layer.random(&dice)
        for role in [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT] {
          let expected = sample.run(.scalar, role)
          let plain = onAnyThreads("\(sample)") { sample.run(kernels, role) }
          #expect(relativeError(plain, expected) <= 1e-5, "\(role) \(sample)")
          let prepared = onAnyThreads("\(sample)") { sample.runPrepared(kernels, role) }
          #expect(relativeError(prepared, expected) <= 1e-5, "prepared \(role) \(sample)")
        }
      }
    }

    @Test(arguments: KernelTable.all) func `an image's bytes do not depend on its batch`(kernels: KernelTable) {
      var dice = Dice(seed: 32)
      for _ in 0..<30 {
        var sample = Layer.random(&dice, most: 70)
        sample.geometry.n = 3
        sample = ConvolutionSample(sample.geometry, &dice)
        for role in [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT] {
          var (plain, prepared): ([Float], [Float]) = ([], [])
          for image in 0..<3 {
            var one = sample
            one.geometry.n = 1
            one.x = Array(sample.x[image * sample.x.count / 3..<(image + 1) * sample.x.count / 3])
            one.g = Array(sample.g[image * sample.g.count / 3..<(image + 1) * sample.g.count / 3])
            plain += one.run(kernels, role)
            prepared += one.runPrepared(kernels, role)
          }
          #expect(sameBits(plain, sample.run(kernels, role)), "\(role) \(sample)")
          #expect(sameBits(prepared, sample.runPrepared(kernels, role)), "\(role) \(sample)")
        }
      }
    }

    /// Each band gets the input rows that its outputs see, and the padding that is left of them.
    @Test(arguments: KernelTable.all) func `bands of four output rows give the bytes of the whole`(kernels: KernelTable) {
      var dice = Dice(seed: 33)
      for _ in 0..<20 {
        let whole = Layer.random(&dice, most: 40)
        let s = whole.geometry
        let (inputRow, outputRow) = (Int(s.w * s.c), Int(s.q * s.k))
        let expected = whole.runPrepared(kernels, FK_CONV_FORWARD)
        for first: Int32 in stride(from: 0, to: s.p, by: 4) {
          var band = whole
          let top = first * s.stride_h - s.pad_top
          band.geometry.p = min(4, s.p - first)
          let start = min(max(top, 0), s.h)
          let end = min(max(top + (band.geometry.p - 1) * s.stride_h + s.r, start), s.h)
          band.geometry.h = end - start
          band.geometry.pad_top = start - top
          for image in 0..<Int(s.n) {
            band.geometry.n = 1
            let origin = (image * Int(s.h) + Int(start)) * inputRow
            band.x = Array(whole.x[origin..<origin + Int(band.geometry.h) * inputRow])
            let at = (image * Int(s.p) + Int(first)) * outputRow
            let part = Array(expected[at..<at + Int(band.geometry.p) * outputRow])
            #expect(sameBits(band.runPrepared(kernels, FK_CONV_FORWARD), part), "rows from \(first) of \(s)")
          }
        }
      }
    }

    @Test(arguments: KernelTable.all) func `a fused shuffle is a shuffle of the plain result`(kernels: KernelTable) {
      var dice = Dice(seed: 34)
      for round in 0..<24 {
        var s = Layer.random(&dice, most: 40).geometry
        let factor = round % 3 == 0 ? 3 : 2
        let channels = round % 2 == 0 ? 16 : dice.int(5...20)
        s.k = Int32(factor * factor * channels)
        let sample = ConvolutionSample(s, &dice)
        let (bias, slopes) = (dice.floats(Int(s.k)), dice.floats(channels))
        let (rows, columns) = (Int(s.p), Int(s.q))
        bias.withUnsafeBufferPointer { bias in
          slopes.withUnsafeBufferPointer { slopes in
            var epilogue = fk_epilogue()
            epilogue.bias = bias.baseAddress
            let plain = sample.runPrepared(kernels, FK_CONV_FORWARD, epilogue)
            (epilogue.activation, epilogue.slopes, epilogue.shuffle) = (FK_ACT_PRELU, slopes.baseAddress, Int32(factor))
            let actual = onAnyThreads("\(s)") { sample.runPrepared(kernels, FK_CONV_FORWARD, epilogue) }
            var expected = [Float](repeating: 0, count: plain.count)
            for index in plain.indices {
              let (pixel, k) = (index / Int(s.k), index % Int(s.k))
              let (image, y, x) = (pixel / (rows * columns), pixel / columns % rows, pixel % columns)
              let (group, channel) = (k / channels, k % channels)
              let row = (image * rows + y) * factor + group / factor
              let value = plain[index]
              expected[(row * columns * factor + x * factor + group % factor) * channels + channel] =
                value > 0 ? value : slopes[channel] * value
            }
            #expect(sameBits(actual, expected), "\(factor) \(s)")
          }
        }
      }
    }

    @Test(arguments: KernelTable.all) func `the residual of a prepared layer may be its output`(kernels: KernelTable) {
      var dice = Dice(seed: 35)
      for _ in 0..<20 {
        let sample = Layer.random(&dice, most: 70)
        for role in [FK_CONV_FORWARD, FK_CONV_DATA_GRADIENT] {
          let sums = sample.runPrepared(kernels, role)
          let start = dice.floats(sums.count)
          var epilogue = fk_epilogue()
          (epilogue.activation, epilogue.slope) = (FK_ACT_LEAKY_RELU, 0.2)
          let expected = zip(sums, start).map { $0 + $1 > 0 ? $0 + $1 : 0.2 * ($0 + $1) }
          #expect(sameBits(sample.runPrepared(kernels, role, epilogue, out: start, residual: true), expected), "\(role) \(sample)")
        }
      }
    }
  }
}
