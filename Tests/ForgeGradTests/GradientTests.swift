import ForgeGrad
import ForgeTensor
import Testing

@Suite struct GradientTests {
  @Test func `a value used twice collects both gradients`() {
    let x = Variable.parameter(Tensor([2], [3, -4]))
    let shared = x * x
    let y = sum(shared + shared * x)
    #expect(gradient(of: y, withRespectTo: [x])[0].value.values == [6 + 27, -8 + 48])
  }

  @Test func `what y does not depend on has a zero gradient`() {
    let x = Variable.parameter(Tensor([2], [1, 2]))
    let stranger = Variable.parameter(Tensor([3], [1, 2, 3]))
    let gradients = gradient(of: sum(x), withRespectTo: [stranger, x, Variable(Tensor([1], [1]))])
    #expect(gradients.map(\.value) == [Tensor.zeros([3]), Tensor.ones([2]), Tensor.zeros([1])])
  }

  @Test func `gradients reach results of ops as well as leaves`() {
    let x = Variable.parameter(Tensor([2], [1, 2]))
    let middle = exp(x)
    let y = sum(square(middle))
    let gradients = gradient(of: y, withRespectTo: [middle, x])
    let expected = [2 * middle.value, 2 * middle.value * middle.value]
    for (a, b) in zip(gradients, expected) {
      #expect(zip(a.value.values, b.values).allSatisfy { Swift.abs($0 - $1) <= 1e-5 * $1 })
    }
  }

  @Test func `a detached value and values made without recording are constants`() {
    let x = Variable.parameter(Tensor([1], [2]))
    #expect(!exp(x).detached().requiresGradient)
    #expect(!withoutRecording { exp(x) }.requiresGradient)
    #expect(exp(x).requiresGradient)
    #expect(gradient(of: x * exp(x).detached(), withRespectTo: [x])[0].scalar == exp(x.value).scalar)
  }

  @Test func `gradients are constants unless the graph is kept`() {
    let x = Variable.parameter(Tensor([1], [2]))
    #expect(!gradient(of: square(x), withRespectTo: [x])[0].requiresGradient)
    #expect(gradient(of: square(x) * x, withRespectTo: [x], keepingGraph: true)[0].requiresGradient)
  }

  @Test func `derivatives of a polynomial are exact to the fourth order`() {
    let x = Variable.parameter(Tensor([1], [2]))
    var y = power(x, 4)
    let expected: [Float] = [32, 48, 48, 24, 0]
    for value in expected {
      y = gradient(of: y, withRespectTo: [x], keepingGraph: true)[0]
      #expect(y.scalar == value)
    }
  }

  @Test func `one graph can be walked twice when the first walk does not use it up`() {
    let x = Variable.parameter(Tensor([2], [1, 2]))
    let trunk = exp(x)
    let (a, b) = (sum(trunk), sum(square(trunk)))
    let first = gradient(of: a, withRespectTo: [x], consuming: false)[0]
    let second = gradient(of: b, withRespectTo: [x])[0]
    #expect(first.value == trunk.value)
    #expect(second.value != first.value)
  }

  @Test func `a graph that was used up traps with the way out`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Variable.parameter(Tensor([2], [1, 2]))
      let y = sum(exp(x))
      _ = gradient(of: y, withRespectTo: [x])
      _ = gradient(of: y, withRespectTo: [x])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("gradient: an earlier pass has used this graph up (sum); pass consuming: false or keepingGraph: true to it"))
  }

  @Test func `a wrong shape traps with the op and both shapes`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Variable(Tensor.zeros([2, 3])) + Variable(Tensor.zeros([2, 4]))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("add: shapes [2, 3] and [2, 4] do not broadcast"))
  }

  @Test func `a graph of 200,000 nodes is walked and freed without recursion`() {
    let x = Variable.parameter(Tensor([1], [1]))
    var y = x
    for _ in 0..<200_000 { y = y + 1 }
    #expect(gradient(of: y, withRespectTo: [x], consuming: false)[0].scalar == 1)
    y = x  // frees the chain
    #expect(y.scalar == 1)
  }

  @Test func `a backward pass does not touch the values that others hold`() {
    let x = Variable.parameter(Tensor([3], [1, -2, 3]))
    let h = leakyReLU(x, slope: 0.5)
    let y = sum(h * h)
    let seed = Tensor(1)
    _ = gradient(of: y, withRespectTo: [x], seed: seed)
    #expect(x.value.values == [1, -2, 3])
    #expect(h.value.values == [1, -1, 3])
    #expect(seed.scalar == 1)
  }

  @Test func `the gradients of a loss's parts add up to the whole loss's`() {
    let random = RandomStream(seed: 4, stream: 1)
    let w = Variable.parameter(random.normal([3, 3, 4, 4], counter: 0, deviation: 0.3))
    let v = Variable.parameter(random.normal([4, 2], counter: 1000))
    let unused = Variable.parameter(random.normal([3], counter: 2000))
    let xs = (0..<2).map { Variable(random.normal([2, 6, 6, 4], counter: UInt64(3000 + 1000 * $0))) }
    func loss(_ x: Variable) -> Variable {
      let h = batchNormalize(convolution(x, w, padding: (1, 1)), activationSlope: 0.2) + x
      return sum(square(matmul(reshape(h, [72, 4]), v)))
    }
    let whole = gradient(of: loss(xs[0]) + loss(xs[1]), withRespectTo: [w, v, unused]).map(\.value)
    var parts = GradientSum(withRespectTo: [w, v, unused])
    for x in xs { parts.add(loss(x)) }
    for (part, expected) in zip(parts.take(), whole) {
      let largest = expected.values.map { Swift.abs($0) }.max()!
      #expect(zip(part.values, expected.values).allSatisfy { Swift.abs($0 - $1) <= 1e-5 * largest })
    }
  }

  @Test func `the gradient of a large weight is kept as factors until it is asked for, and is the same`() {
    let random = RandomStream(seed: 6, stream: 1)
    let w = Variable.parameter(random.normal([40, 50], counter: 0, deviation: 0.3))
    let v = Variable.parameter(random.normal([50, 60], counter: 5000, deviation: 0.3))
    let xs = (0..<2).map { Variable(random.normal([2, 40], counter: UInt64(9000 + 1000 * $0))) }
    // Reads w in two ways: as the weight of a product and by itself.
    func loss(_ x: Variable) -> Variable {
      sum(square(matmul(leakyReLU(matmul(x, w), slope: 0.2), v))) + sum(matmul(matmul(x, w), v)) + sum(square(w))
    }
    // While recording nothing is postponed.
    let expected = gradient(of: loss(xs[0]) + loss(xs[1]), withRespectTo: [w, v], keepingGraph: true).map(\.value)
    let whole = gradient(of: loss(xs[0]) + loss(xs[1]), withRespectTo: [w, v]).map(\.value)
    var parts = GradientSum(withRespectTo: [w, v])
    for x in xs { parts.add(loss(x)) }
    for found in [whole, parts.take()] {
      for (part, wanted) in zip(found, expected) {
        let largest = wanted.values.map { Swift.abs($0) }.max()!
        #expect(zip(part.values, wanted.values).allSatisfy { Swift.abs($0 - $1) <= 1e-5 * largest })
      }
    }
  }

  @Test func `a sum of gradients does not grow by a large weight's size before it is asked for`() async {
    await #expect(processExitsWith: .success) {
      let w = Variable.parameter(Tensor(shape: [2000, 1000], repeating: 0.01))
      let x = Variable(Tensor(shape: [4, 2000], repeating: 1))
      var parts = GradientSum(withRespectTo: [w])
      let before = BufferCache.statistics.liveBytes
      parts.add(sum(square(matmul(x, w))))
      precondition(BufferCache.statistics.liveBytes - before < 100_000)
      let gradient = parts.take()[0]
      precondition(BufferCache.statistics.liveBytes - before >= 8_000_000)
      // d(Σ (x·w)²)/dw = 2·xᵀ·(x·w): four rows of ones, sums of 20.
      precondition(gradient.values.allSatisfy { Swift.abs($0 - 160) < 1e-2 })
    }
  }

  @Test(arguments: [false, true])
  func `many maps of one image are made again rather than kept, with the same gradients`(isTraining: Bool) async {
    await #expect(processExitsWith: .success) { [isTraining] in
      let random = RandomStream(seed: 7, stream: 1)
      let x = Variable.parameter(random.normal([2, 32, 32, 1], counter: 0))
      func leaf(_ shape: Shape, _ counter: UInt64) -> Variable {
        Variable(random.normal(shape, counter: counter, deviation: 0.3), requiresGradient: isTraining)
      }
      let (w, bias, v) = (leaf([3, 3, 1, 32], 3000), leaf([32], 4000), leaf([3, 3, 32, 16], 5000))
      let first = ConvolutionGeometry(x: x.shape, w: w.shape, stride: (1, 1), padding: (1, 1))
      func loss(_ h: Variable) -> Variable { sum(square(convolution(h, v, stride: (2, 2), padding: (1, 1)))) }
      let inputs = isTraining ? [x, w, bias, v] : [x]
      let kept = gradient(of: loss(leakyReLU(convolution(x, w, bias: bias, first), slope: 0.2)), withRespectTo: inputs).map(\.value)
      let before = BufferCache.statistics.liveBytes
      let y = loss(leakyConvolution(x, w, bias: bias, slope: 0.2, first))
      // The maps have 2 · 32 · 32 · 32 floats; what follows them a quarter of half as many.
      precondition(BufferCache.statistics.liveBytes - before < 262_144)
      let remade = gradient(of: y, withRespectTo: inputs).map(\.value)
      for (a, b) in zip(remade, kept) {
        let largest = b.values.map { Swift.abs($0) }.max()!
        precondition(zip(a.values, b.values).allSatisfy { Swift.abs($0 - $1) <= 1e-5 * largest })
      }
    }
  }

  @Test func `what a released norm has made can still be read by another graph`() {
    let random = RandomStream(seed: 5, stream: 1)
    let slopes = Variable.parameter(Tensor([1], [0.25]))
    let w = Variable.parameter(random.normal([4, 3], counter: 0))
    let h = prelu(batchNormalize(Variable.parameter(random.normal([8, 4], counter: 100))), slopes: slopes)
    let expected = matmul(h.detached(), w, transposeA: false)
    let other = matmul(h, w)
    _ = gradient(of: sum(square(h)), withRespectTo: [slopes])
    let wanted = gradient(of: sum(square(expected)), withRespectTo: [w])[0].value
    #expect(gradient(of: sum(square(other)), withRespectTo: [w])[0].value == wanted)
  }

  @Test func `a training step asks the system for no memory after the first ones`() async {
    await #expect(processExitsWith: .success) {
      let random = RandomStream(seed: 1, stream: 1)
      var w = random.normal([3, 3, 4, 4], counter: 0, deviation: 0.1)
      var moments = (Tensor.zeros(w.shape), Tensor.zeros(w.shape))
      let x = Variable(random.normal([2, 8, 8, 4], counter: 1000))
      var allocations = 0
      for step in 1...8 {
        let parameter = Variable.parameter(w)
        var h = x
        for _ in 0..<3 { h = leakyReLU(batchNormalize(convolution(h, parameter, padding: (1, 1))), slope: 0.2) }
        let loss = mean(square(h - 1))
        let g = gradient(of: loss, withRespectTo: [parameter])[0].value
        var pass = AdamPass(capacity: 1)
        pass.add(parameter: &w, gradient: g, moment1: &moments.0, moment2: &moments.1)
        pass.run(AdamStep(learningRate: 1e-3, step: step))
        if step == 3 { allocations = BufferCache.statistics.allocations }
      }
      precondition(BufferCache.statistics.allocations == allocations)
    }
  }

  @Test(arguments: KernelTable.available)
  func `one thread and two give the same bits`(table: String) async throws {
    // In a process of its own: the number of threads belongs to the process.
    await #expect(processExitsWith: .success) { [table] in
      try KernelTable.$current.withValue(KernelTable.named(table)) {
        func step() -> [Tensor] {
          let random = RandomStream(seed: 2, stream: 1)
          let x = Variable.parameter(random.normal([4, 24, 24, 16], counter: 0))
          let w = Variable.parameter(random.normal([3, 3, 16, 16], counter: 1_000_000, deviation: 0.1))
          let v = Variable.parameter(random.normal([16, 32], counter: 2_000_000))
          let gamma = Variable.parameter(random.normal([16], counter: 3_000_000))
          let h = batchNormalize(convolution(x, w, padding: (1, 1)), gamma, nil, activationSlope: 0.2)
          let y = softplus(matmul(h, v)) * tanh(matmul(transpose(h, [0, 2, 1, 3]), v))
          let loss = mean(y) + sum(softmax(mean(y, axes: [1, 2])))
          return [y.value] + gradient(of: loss, withRespectTo: [x, w, v, gamma]).map(\.value)
        }
        KernelTable.threads = 1
        let one = step()
        KernelTable.threads = 2
        precondition(one == step())
        KernelTable.threads = 3
        precondition(one == step())
      }
    }
  }
}
