import ForgeGrad
import ForgeTensor
import Testing

@Suite struct OpLawTests {
  private static let random = RandomStream(seed: 21, stream: 1)
  /// Finite-difference step: truncation ~ step², rounding ~ 2⁻²⁴ / step; both about 1e-5 here.
  private static let step: Float = 4e-3

  private func dot(_ a: Tensor, _ b: Tensor) -> Double { zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
  private func magnitude(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.values, b.values).reduce(0) { $0 + Swift.abs(Double($1.0) * Double($1.1)) }
  }

  private func directions(_ example: OpExample, _ counter: UInt64) -> [Tensor] {
    example.inputs.enumerated().map { i, x in Self.random.uniform(x.shape, counter: counter + UInt64(i) * 1000, low: -1, high: 1) }
  }

  private func moved(_ example: OpExample, along v: [Tensor], by step: Float) -> [Variable] {
    zip(example.inputs, v).map { Variable.parameter($0 + $1 * step) }
  }

  @Test func `every primitive has an example`() {
    var seen: Set<Opcode> = []
    for example in OpExample.all {
      seen.formUnion(tape(of: example.apply(example.inputs.map { Variable.parameter($0) })).map(\.opcode))
      // identity serves the second derivative of fused ops alone.
      let xs = example.inputs.map { Variable.parameter($0) }
      seen.formUnion(gradient(of: example.apply(xs), withRespectTo: xs, keepingGraph: true).flatMap { tape(of: $0).map(\.opcode) })
    }
    #expect(Set(Opcode.allCases).subtracting(seen).isEmpty)
  }

  @Test(arguments: OpExample.all)
  func `the gradient is the slope along any direction`(example: OpExample) {
    let xs = example.inputs.map { Variable.parameter($0) }
    let y = example.apply(xs)
    let seed = Self.random.uniform(y.shape, counter: 9_000_000, low: -1, high: 1)
    let gradients = gradient(of: y, withRespectTo: xs, seed: seed).map(\.value)
    for trial in 0..<3 {
      let v = directions(example, UInt64(trial) * 100_000)
      let forward = dot(example.apply(moved(example, along: v, by: Self.step)).value, seed)
      let backward = dot(example.apply(moved(example, along: v, by: -Self.step)).value, seed)
      let slope = (forward - backward) / Double(2 * Self.step)
      let predicted = zip(gradients, v).reduce(0) { $0 + dot($1.0, $1.1) }
      let scale = zip(gradients, v).reduce(1) { $0 + magnitude($1.0, $1.1) }
      #expect(Swift.abs(slope - predicted) <= 2e-3 * scale, "slope \(slope), predicted \(predicted)")
    }
  }

  @Test(arguments: OpExample.all.filter(\.isLinear))
  func `the vjp of a linear op is its adjoint`(example: OpExample) {
    let zero = example.apply(example.inputs.map { Variable(Tensor.zeros($0.shape)) }).value
    #expect(zero.values.allSatisfy { $0 == 0 })
    let xs = example.inputs.map { Variable.parameter($0) }
    let y = example.apply(xs)
    let g = Self.random.uniform(y.shape, counter: 8_000_000, low: -1, high: 1)
    let gradients = gradient(of: y, withRespectTo: xs, seed: g).map(\.value)
    let left = dot(y.value, g)
    let right = zip(gradients, example.inputs).reduce(0) { $0 + dot($1.0, $1.1) }
    // n · u · Σ|term| (Higham, ch. 4) with n below 256 terms per element.
    #expect(Swift.abs(left - right) <= 256 * 0x1p-24 * (magnitude(y.value, g) + 1))
  }

  @Test(arguments: OpExample.all)
  func `the second derivative is the slope of the gradient`(example: OpExample) {
    let y = example.apply(example.inputs.map { Variable($0) })
    // A curved function of y makes the second derivative of linear ops non-trivial.
    let seed = Variable(Self.random.uniform(y.shape, counter: 7_000_000, low: -1, high: 1))
    func objective(_ xs: [Variable]) -> Variable { sum(square(example.apply(xs)) * seed) }
    func gradients(_ xs: [Variable], _ keepingGraph: Bool) -> [Variable] {
      gradient(of: objective(xs), withRespectTo: xs, keepingGraph: keepingGraph)
    }
    let v = directions(example, 300_000)
    let u = directions(example, 600_000)
    let xs = example.inputs.map { Variable.parameter($0) }
    let first = gradients(xs, true)
    let projected = zip(first, v).map { sum($0 * Variable($1)) }.reduce(Variable(0)) { $0 + $1 }
    let second = gradient(of: projected, withRespectTo: xs).map(\.value)
    let ahead = zip(gradients(moved(example, along: u, by: Self.step), false), v).reduce(0) { $0 + dot($1.0.value, $1.1) }
    let behind = zip(gradients(moved(example, along: u, by: -Self.step), false), v).reduce(0) { $0 + dot($1.0.value, $1.1) }
    let slope = (ahead - behind) / Double(2 * Self.step)
    let predicted = zip(second, u).reduce(0) { $0 + dot($1.0, $1.1) }
    let scale = zip(second, u).reduce(1) { $0 + magnitude($1.0, $1.1) }
    #expect(Swift.abs(slope - predicted) <= 5e-3 * scale, "slope \(slope), predicted \(predicted)")
  }

  @Test(arguments: OpExample.all, KernelTable.available)
  func `every table gives the scalar values and gradients`(example: OpExample, table: String) throws {
    func evaluate() -> [Tensor] {
      let xs = example.inputs.map { Variable.parameter($0) }
      let y = example.apply(xs)
      let seed = Self.random.uniform(y.shape, counter: 6_000_000, low: -1, high: 1)
      return [y.value] + gradient(of: y, withRespectTo: xs, seed: seed).map(\.value)
    }
    let expected = KernelTable.$current.withValue(.scalar) { evaluate() }
    let actual = try KernelTable.$current.withValue(KernelTable.named(table)) { evaluate() }
    for (a, b) in zip(actual, expected) {
      let largest = b.values.map { Swift.abs($0) }.max() ?? 0
      let error = zip(a.values, b.values).map { Swift.abs($0 - $1) }.max() ?? 0
      #expect(error <= 1e-5 * Swift.max(largest, 1))
    }
  }

  @Test(arguments: KernelTable.available)
  func `fused normalization equals its composite in value, first and second derivative`(table: String) throws {
    try on(table) {
      for (slope, slopeCount) in [(nil, 0), (0.2, 0), (nil, 1), (nil, 5)] as [(Float?, Int)] {
        for (groups, isConditional) in [(1, false), (1, true), (3, false), (3, true)] {
          let shape: Shape = [3, 4, 4, 5]
          let parameters: Shape = isConditional ? [3, 5] : [5]
          let tensors =
            [
              Self.random.normal(shape, counter: 1), Self.random.uniform(parameters, counter: 1000, low: 0.5, high: 1.5),
              Self.random.normal(parameters, counter: 2000),
            ] + (slopeCount > 0 ? [Self.random.uniform([slopeCount], counter: 4000, low: -0.5, high: 1.5)] : [])
          let seed = Variable(Self.random.normal(shape, counter: 3000))
          func derivatives(_ normalize: ([Variable]) -> Variable) -> [Tensor] {
            let xs = tensors.map { Variable.parameter($0) }
            let y = normalize(xs)
            let objective = sum(tanh(y) * seed)
            let plain = gradient(of: objective, withRespectTo: xs, consuming: false)
            let kept = gradient(of: objective, withRespectTo: xs, keepingGraph: true)
            let penalty = kept.map { sum(square($0)) }.reduce(Variable(0)) { $0 + $1 }
            return [y.value] + plain.map(\.value) + kept.map(\.value) + gradient(of: penalty, withRespectTo: xs).map(\.value)
          }
          let geometry = NormalizationGeometry(
            groups: groups, rows: 48 / groups, channels: 5, rowsPerGamma: isConditional ? 16 : 0, epsilon: 1e-5, activationSlope: slope,
            slopeCount: slopeCount)
          func slopes(_ xs: [Variable]) -> Variable? { slopeCount > 0 ? xs[3] : nil }
          let fused = derivatives {
            groups == 1
              ? batchNormalize($0[0], $0[1], $0[2], activationSlope: slope, slopes: slopes($0))
              : instanceNormalize($0[0], $0[1], $0[2], activationSlope: slope, slopes: slopes($0))
          }
          let composed = derivatives { composedNormalize($0[0], $0[1], $0[2], slopes: slopes($0), geometry) }
          for (i, (a, b)) in zip(fused, composed).enumerated() {
            let largest = b.values.map { Swift.abs($0) }.max()!
            let error = zip(a.values, b.values).map { Swift.abs($0 - $1) }.max()!
            #expect(
              error <= (i < 1 + 2 * tensors.count ? 1e-5 : 5e-5) * largest,
              "tensor \(i), groups \(groups), conditional \(isConditional), slopes \(slopeCount)")
          }
        }
      }
    }
  }

  @Test func `a convolution with leaky ReLU equals the two ops in value, first and second derivative`() {
    let tensors = [
      Self.random.normal([2, 7, 6, 5], counter: 1), Self.random.normal([3, 3, 5, 6], counter: 1000), Self.random.normal([6], counter: 2000),
    ]
    let geometry = ConvolutionGeometry(x: tensors[0].shape, w: tensors[1].shape, stride: (2, 1), padding: (1, 1))
    let seed = Variable(Self.random.normal(geometry.outputShape, counter: 3000))
    func derivatives(_ layer: ([Variable]) -> Variable) -> [Tensor] {
      let xs = tensors.map { Variable.parameter($0) }
      let y = layer(xs)
      let objective = sum(tanh(y * 0.1) * seed)
      let plain = gradient(of: objective, withRespectTo: xs, consuming: false)
      let kept = gradient(of: objective, withRespectTo: xs, keepingGraph: true)
      let penalty = kept.map { sum(square($0)) }.reduce(Variable(0)) { $0 + $1 }
      return [y.value] + plain.map(\.value) + kept.map(\.value) + gradient(of: penalty, withRespectTo: xs).map(\.value)
    }
    let fused = derivatives { leakyConvolution($0[0], $0[1], bias: $0[2], slope: 0.2, geometry) }
    let composed = derivatives { leakyReLU(convolution($0[0], $0[1], bias: $0[2], geometry), slope: 0.2) }
    for (i, (a, b)) in zip(fused, composed).enumerated() { #expect(a == b, "tensor \(i)") }
  }

  @Test(arguments: KernelTable.available, [[1], [37]] as [Shape])
  func `fused PReLU equals its composite in value, first and second derivative`(table: String, slopes: Shape) throws {
    try on(table) {
      // Rows that fill several pieces and leave a rest; slopes on both sides of 0 and 1.
      let shape: Shape = [3, 17, 19, 37]
      let tensors = [Self.random.normal(shape, counter: 1), Self.random.uniform(slopes, counter: 1, low: -0.5, high: 1.5)]
      let seed = Variable(Self.random.normal(shape, counter: 50_000))
      func derivatives(_ activation: ([Variable]) -> Variable) -> [Tensor] {
        let xs = tensors.map { Variable.parameter($0) }
        let y = activation(xs)
        let objective = mean(tanh(y) * seed)
        let plain = gradient(of: objective, withRespectTo: xs, consuming: false)
        let kept = gradient(of: objective, withRespectTo: xs, keepingGraph: true)
        let penalty = kept.map { sum(square($0)) }.reduce(Variable(0)) { $0 + $1 }
        return [y.value] + plain.map(\.value) + kept.map(\.value) + gradient(of: penalty, withRespectTo: xs).map(\.value)
      }
      let fused = derivatives { prelu($0[0], slopes: $0[1]) }
      let composed = derivatives { composedPReLU($0[0], slopes: $0[1]) }
      #expect(fused[0] == composed[0])
      for (i, (a, b)) in zip(fused, composed).enumerated() {
        let largest = b.values.map { Swift.abs($0) }.max()!
        let error = zip(a.values, b.values).map { Swift.abs($0 - $1) }.max()!
        #expect(error <= 1e-5 * largest, "tensor \(i)")
      }
    }
  }
}
