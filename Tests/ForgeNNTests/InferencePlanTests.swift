import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing

/// Networks with trained-like norms, and the largest difference relative to the largest value.
enum PlanSample {
  /// Fills every parameter that starts constant with numbers as training leaves them.
  static func train(_ store: ParameterStore) {
    for parameter in store.parameters {
      let stream = RandomStream(seed: 5, named: parameter.name)
      if parameter.name.hasSuffix("running_var") {
        parameter.value = stream.uniform(parameter.shape, counter: 0, low: 0.5, high: 2)
      } else if parameter.shape.rank == 1 {
        parameter.value = parameter.value + stream.normal(parameter.shape, counter: 0, deviation: 0.1)
      } else if parameter.value.values.allSatisfy({ $0 == 0 }) {
        parameter.value = stream.normal(parameter.shape, counter: 0, deviation: 0.1)
      }
    }
  }

  static func error(_ a: Tensor, _ b: Tensor) -> Float {
    let (x, y) = (a.values, b.values)
    let scale = y.reduce(0) { max($0, abs($1)) }
    return zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
  }
}

@Suite struct InferencePlanTests {
  /// Head, residual blocks with norms, global skip, pixel shuffle, scale: a small SRResNet.
  private struct Residual {
    let store = ParameterStore(seed: 3)
    let head, middle, up, tail: Convolution
    let blocks: [(Convolution, BatchNorm, PReLU, Convolution, BatchNorm)]
    let norm: BatchNorm
    let active: PReLU

    init(width: Int, blocks count: Int) {
      let root = store.root
      head = Convolution(root["head"], inputs: 1, outputs: width, kernel: 9)
      blocks = (0..<count).map { index in
        let scope = root["block\(index)"]
        return (
          Convolution(scope["a"], inputs: width, outputs: width, kernel: 3, hasBias: false), BatchNorm(scope["na"], channels: width),
          PReLU(scope["act"], channels: width), Convolution(scope["b"], inputs: width, outputs: width, kernel: 3, hasBias: false),
          BatchNorm(scope["nb"], channels: width)
        )
      }
      middle = Convolution(root["middle"], inputs: width, outputs: width, kernel: 3, hasBias: false)
      norm = BatchNorm(root["norm"], channels: width)
      up = Convolution(root["up"], inputs: width, outputs: width * 4, kernel: 3)
      active = PReLU(root["active"], channels: width)
      tail = Convolution(root["tail"], inputs: width, outputs: 1, kernel: 9)
      PlanSample.train(store)
    }

    func callAsFunction(_ x: Variable) -> Variable {
      let first = leakyReLU(head(x, .inference), slope: 0.2)
      var y = first
      for (a, na, act, b, nb) in blocks {
        y = y + nb(b(act(na(a(y, .inference), .inference), .inference), .inference), .inference)
      }
      y = first + norm(middle(y, .inference), .inference)
      return tail(active(pixelShuffle(up(y, .inference), 2), .inference), .inference) * 0.5 + 0.25
    }
  }

  @Test func `a residual network folds to one step per convolution and keeps its values`() throws {
    let network = Residual(width: 12, blocks: 3)
    let plan = try InferencePlan(tracing: [1, 8, 8, 1]) { network($0) }
    #expect(plan.graph.layers.count == 10)
    #expect(plan.layers.count == 10)
    for (rows, columns) in [(8, 8), (13, 7), (1, 1), (20, 33)] {
      let x = RandomStream(seed: 1, named: "x").normal([2, rows, columns, 1], counter: 0)
      let direct = withoutRecording { network(Variable(x)).value }
      #expect(plan.images(x).shape == direct.shape)
      #expect(PlanSample.error(plan.images(x), direct) < 1e-5)
    }
  }

  /// Label tables, a linear layer, transposed convolutions and norms: a small DCGAN with one kind of norm or the other.
  private struct Generator {
    let store = ParameterStore(seed: 4)
    let embedding: Embedding
    let first: TransposedConvolution
    let second, third: TransposedConvolution
    let conditional: ConditionalBatchNorm
    let norm: BatchNorm

    init(classes: Int) {
      let root = store.root
      embedding = Embedding(root["embedding"], rows: classes, width: 5)
      first = TransposedConvolution(root["first"], inputs: 12, outputs: 16, kernel: 4, stride: 1, padding: 0, hasBias: false)
      norm = BatchNorm(root["norm"], channels: 16)
      second = TransposedConvolution(root["second"], inputs: 16, outputs: 8)
      conditional = ConditionalBatchNorm(root["conditional"], channels: 8, kinds: ConditionKinds(classes: classes), slope: 0)
      third = TransposedConvolution(root["third"], inputs: 8, outputs: 1)
      PlanSample.train(store)
    }

    func callAsFunction(_ z: Variable, labels: [Int32]) -> Variable {
      let joined = concatenate([z, embedding(labels, .inference)], axis: 1)
      let start = reshape(joined, [labels.count, 1, 1, 12])
      let a = relu(norm(first(start, .inference), .inference))
      return tanh(third(conditional(second(a, .inference), Conditions(labels: labels), .inference), .inference))
    }
  }

  @Test func `a conditional generator gives each image its label's values whatever the batch`() throws {
    let network = Generator(classes: 3)
    let plan = try InferencePlan(tracing: [3, 7]) { network($0, labels: [0, 1, 2]) }
    let labels = (0..<70).map { Int32($0 * 7 % 3) }
    let z = RandomStream(seed: 2, named: "z").normal([70, 7], counter: 0)
    let whole = plan.images(z, rows: labels.map(Int.init))
    let direct = withoutRecording { network(Variable(z), labels: labels).value }
    #expect(whole.shape == direct.shape)
    #expect(PlanSample.error(whole, direct) < 1e-5)
    for image in [0, 33, 69] {
      let one = plan.images(slice(z, Slicing(starts: [image, 0], sizes: [1, 7])), rows: [Int(labels[image])])
      #expect(one == slice(whole, Slicing(starts: [image, 0, 0, 0], sizes: [1, 16, 16, 1])))
    }
  }

  @Test func `rows that are added later are those of one trace`() throws {
    let network = Generator(classes: 5)
    let plan = try InferencePlan(tracing: [2, 7]) { network($0, labels: [0, 1]) }
    plan.appendRows(of: try InferenceGraph(tracing: [3, 7]) { network($0, labels: [2, 3, 4]) })
    let whole = try InferencePlan(tracing: [5, 7]) { network($0, labels: [0, 1, 2, 3, 4]) }
    let z = RandomStream(seed: 2, named: "z").normal([9, 7], counter: 0)
    let rows = [4, 0, 2, 1, 3, 3, 4, 0, 2]
    #expect(plan.images(z, rows: rows) == whole.images(z, rows: rows))
  }

  @Test func `a step that no layer computes is named`() {
    let error = #expect(throws: InferenceError.self) {
      try InferencePlan(tracing: [1, 4, 4, 2]) { sigmoid($0) }
    }
    #expect(error?.what == "the network's operation sigmoid does not fit into an inference plan: it is none of the plan's layers")
    #expect(throws: InferenceError.constant) { try InferencePlan(tracing: [1, 4, 4, 2]) { _ in Variable.ones([1, 4, 4, 2]) } }
  }
}
