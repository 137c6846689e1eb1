import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing

@Suite struct LayerTests {
  @Test func `spectral norm at inference keeps its vectors and gives a weight of norm 1`() {
    let scope = ParameterStore(seed: 3).root
    let layer = Linear(scope, inputs: 6, outputs: 4, start: .normal(deviation: 1), spectralNorm: true)
    for _ in 0..<200 { _ = layer(Variable.ones([1, 6]), .training) }
    let u = scope.store["weight_u"]!.value
    let x = Variable(RandomStream(seed: 1, stream: 0).normal([64, 6], counter: 0))
    let y = withoutRecording { layer(x, .inference) }
    #expect(scope.store["weight_u"]!.value == u)
    // No input grows: |W x| <= |x|, with room for rounding.
    let grown = sum(square(y.value - layer.bias!.value), axes: [1]).values
    let given = sum(square(x.value), axes: [1]).values
    for (a, b) in zip(grown, given) { #expect(a <= b * 1.0001) }
    // And some direction is kept: the norm is 1, not less.
    let kept = withoutRecording { matmul(Variable(layer.weight.value), reshape(Variable(u), [4, 1])) }.value
    let direction = Variable(transpose(kept, [1, 0]) / sqrt(sum(square(kept))).scalar)
    let image = withoutRecording { layer(direction, .inference) }.value - layer.bias!.value
    #expect(abs(sqrt(sum(square(image))).scalar - 1) < 1e-4)
  }

  @Test func `batch norm at inference treats each image by itself`() {
    let layer = BatchNorm(ParameterStore(seed: 1).root, channels: 3, slope: 0.2)
    let x = RandomStream(seed: 2, stream: 0).normal([4, 2, 2, 3], counter: 0)
    _ = layer(Variable(x), .training)
    let together = layer(Variable(x), .inference).value
    let alone = layer(Variable(slice(x, Slicing(starts: [2, 0, 0, 0], sizes: [1, 2, 2, 3]))), .inference).value
    #expect(slice(together, Slicing(starts: [2, 0, 0, 0], sizes: [1, 2, 2, 3])) == alone)
  }

  @Test func `pixel shuffle begins as nearest-neighbor upsampling`() {
    let layer = PixelShuffleUpsampler(ParameterStore(seed: 4).root, inputs: 3, outputs: 2, factor: 2)
    let y = layer(Variable(RandomStream(seed: 5, stream: 0).normal([1, 3, 4, 3], counter: 0)), .inference)
    let blocks = upsampleNearest(averagePool(y, 2), 2)
    let gap = abs(y.value - blocks.value).values.max() ?? 1
    #expect(y.shape == [1, 6, 8, 2])
    #expect(gap < 1e-6)
  }

  @Test func `transposed convolution doubles the side and is the adjoint of its convolution`() {
    let scope = ParameterStore(seed: 6).root
    let layer = TransposedConvolution(scope, inputs: 3, outputs: 2, hasBias: false)
    let g = RandomStream(seed: 7, stream: 0).normal([2, 4, 5, 3], counter: 0)
    let x = RandomStream(seed: 7, stream: 1).normal([2, 8, 10, 2], counter: 0)
    let up = layer(Variable(g), .inference)
    #expect(up.shape == [2, 8, 10, 2])
    let down = convolution(Variable(x), layer.weight.constant, stride: (2, 2), padding: (1, 1))
    let (a, b) = (sum(up.value * x).scalar, sum(down.value * g).scalar)
    #expect(abs(a - b) < 1e-4 * max(1, abs(a)))
  }
}

@Suite struct ParameterStoreTests {
  @Test func `names are paths and a filter takes whole parts of them`() {
    let store = ParameterStore(seed: 1)
    _ = Linear(store.root["generator"]["up"], inputs: 2, outputs: 3)
    _ = Linear(store.root["generator"]["up2"], inputs: 2, outputs: 3)
    #expect(store.parameters(under: "generator/up").map(\.name) == ["generator/up/weight", "generator/up/bias"])
    #expect(store.weightCount == 18)
  }

  @Test func `a parameter's start depends on seed and name, not on its neighbors`() {
    let alone = ParameterStore(seed: 9)
    let second = Linear(alone.root["b"], inputs: 5, outputs: 5)
    let crowded = ParameterStore(seed: 9)
    let first = Linear(crowded.root["a"], inputs: 5, outputs: 5)
    let again = Linear(crowded.root["b"], inputs: 5, outputs: 5)
    #expect(second.weight.value == again.weight.value)
    #expect(first.weight.value != again.weight.value)
    #expect(Linear(ParameterStore(seed: 10).root["b"], inputs: 5, outputs: 5).weight.value != again.weight.value)
  }

  @Test func `a parameter gives one leaf until its value changes`() {
    let parameter = ParameterStore(seed: 1).root.weight("w", [2], start: .ones)
    let y = parameter.variable * parameter.variable
    #expect(gradient(of: sum(y), withRespectTo: [parameter.variable])[0].value.values == [2, 2])
    parameter.update { $0 = $0 * 3 }
    #expect(parameter.variable.value.values == [3, 3])
    #expect(y.value.values == [1, 1])
  }
}

@Suite struct InitializerTests {
  private let stream = RandomStream(seed: 11, stream: 5)

  @Test(arguments: [[3, 3, 2, 8], [20, 6], [4, 30]])
  func `orthogonal start has orthonormal rows or columns`(shape: [Int]) {
    let w = Initializer.orthogonal(gain: 1).tensor(Shape(shape), fans: .init(in: 1, out: 1), stream: stream)
    let columns = shape.last!
    let rows = w.count / columns
    let matrix = w.reshaped([rows, columns])
    let product = rows >= columns ? matmul(matrix, matrix, transposeA: true) : matmul(matrix, matrix, transposeB: true)
    let side = min(rows, columns)
    for i in 0..<side {
      for j in 0..<side { #expect(abs(product.values[i * side + j] - (i == j ? 1 : 0)) < 1e-5) }
    }
  }

  @Test func `He start has the variance that keeps activations level`() {
    let w = Initializer.he(slope: 0.2).tensor([3, 3, 64, 64], fans: .init(in: 576, out: 576), stream: stream)
    let variance = mean(square(w)).scalar
    let wanted = 2 / (1.04 * 576) as Float
    // The sample variance of n = 36,864 normal draws spreads by √(2 / n) = 0.74 %; five of those.
    #expect(abs(variance / wanted - 1) < 0.037)
  }

  @Test func `uniform starts stay within their bound`() {
    let w = Initializer.xavier.tensor([100, 50], fans: .init(in: 100, out: 50), stream: stream).values
    let bound = Float(6.0 / 150).squareRoot()
    #expect(w.allSatisfy { abs($0) <= bound })
    #expect(w.contains { abs($0) > 0.95 * bound })
  }
}
