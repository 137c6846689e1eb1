import ForgeGrad
import ForgeTensor
import Testing

/// A use of one or more primitives at a point where they are smooth.
struct OpExample: CustomTestStringConvertible {
  let name: String
  let inputs: [Tensor]
  /// Whether `apply` is linear in all inputs together (so its adjoint identity is exact but for rounding).
  var isLinear = false
  let apply: @Sendable ([Variable]) -> Variable

  var testDescription: String { name }

  /// Between them these use every primitive; `OpLawTests` checks that.
  static let all: [OpExample] = arithmetic + functions + arrangement + contractions + normalizations

  private static let random = RandomStream(seed: 11, stream: 3)

  /// Values in ±(0.3 … 1.3), so away from every kink at 0; `positive` keeps the upper half.
  static func sample(_ shape: Shape, _ counter: UInt64, positive: Bool = false) -> Tensor {
    let magnitudes = random.uniform(shape, counter: counter, low: 0.3, high: 1.3)
    guard !positive else { return magnitudes }
    return magnitudes * unary(.sign, random.uniform(shape, counter: counter + 10_000, low: -1, high: 1))
  }

  private static let arithmetic: [OpExample] = [
    OpExample(name: "add, broadcast", inputs: [sample([2, 3, 4], 1), sample([3, 1], 2)], isLinear: true) { $0[0] + $0[1] },
    OpExample(name: "subtract, broadcast", inputs: [sample([4], 3), sample([2, 3, 4], 4)], isLinear: true) { $0[0] - $0[1] },
    OpExample(name: "multiply, broadcast", inputs: [sample([2, 3, 4], 5), sample([2, 1, 4], 6)]) { $0[0] * $0[1] },
    OpExample(name: "multiply, square", inputs: [sample([5], 7)]) { $0[0] * $0[0] },
    OpExample(name: "divide, broadcast", inputs: [sample([3, 4], 8), sample([4], 9)]) { $0[0] / $0[1] },
    OpExample(name: "scale", inputs: [sample([6], 10)], isLinear: true) { $0[0] * -1.5 },
    OpExample(name: "offset", inputs: [sample([6], 11)]) { 2 - $0[0] },
  ]

  private static let functions: [OpExample] = [
    OpExample(name: "exp", inputs: [sample([7], 20)]) { exp($0[0]) },
    OpExample(name: "log", inputs: [sample([7], 21, positive: true)]) { log($0[0]) },
    OpExample(name: "sqrt", inputs: [sample([7], 22, positive: true)]) { sqrt($0[0]) },
    OpExample(name: "reciprocal", inputs: [sample([7], 23)]) { reciprocal($0[0]) },
    OpExample(name: "tanh", inputs: [sample([7], 24)]) { tanh($0[0]) },
    OpExample(name: "sigmoid", inputs: [sample([7], 25)]) { sigmoid($0[0]) },
    OpExample(name: "softplus", inputs: [sample([7], 26)]) { softplus($0[0]) },
    OpExample(name: "abs", inputs: [sample([7], 27)]) { abs($0[0]) },
    OpExample(name: "erf", inputs: [sample([7], 28)]) { erf($0[0]) },
    OpExample(name: "sin", inputs: [sample([7], 29)]) { sin($0[0]) },
    OpExample(name: "cos", inputs: [sample([7], 30)]) { cos($0[0]) },
    OpExample(name: "square", inputs: [sample([7], 31)]) { square($0[0]) },
    OpExample(name: "power", inputs: [sample([7], 32, positive: true)]) { power($0[0], 2.5) },
    OpExample(name: "clamp", inputs: [sample([40], 33)]) { clamp($0[0], -0.2, 0.2) + clamp($0[0], -2, 2) },
    OpExample(name: "leakyReLU", inputs: [sample([7], 34)]) { leakyReLU($0[0], slope: 0.2) },
    OpExample(name: "relu", inputs: [sample([7], 35)]) { relu($0[0]) },
    OpExample(name: "elu", inputs: [sample([7], 36)]) { elu($0[0]) },
    OpExample(name: "silu", inputs: [sample([7], 37)]) { silu($0[0]) },
    OpExample(name: "gelu", inputs: [sample([7], 38)]) { gelu($0[0]) },
    OpExample(name: "prelu, per channel", inputs: [sample([2, 3, 4], 39), sample([4], 40, positive: true)]) { prelu($0[0], slopes: $0[1]) },
    OpExample(name: "prelu, shared", inputs: [sample([2, 3, 4], 41), sample([1], 42, positive: true)]) { prelu($0[0], slopes: $0[1]) },
    OpExample(name: "maximum, minimum", inputs: [sample([7], 43), sample([7], 44)]) { maximum($0[0], $0[1]) * minimum($0[0], $0[1] * 2) },
    OpExample(name: "softmax", inputs: [sample([3, 5], 45)]) { softmax($0[0]) },
    OpExample(name: "logSoftmax", inputs: [sample([3, 5], 46)]) { logSoftmax($0[0], axis: 0) },
    OpExample(name: "select", inputs: [sample([4], 47), sample([4], 48)], isLinear: true) {
      select(Tensor([4], [0, 1, 1, 0]), $0[0], $0[1])
    },
  ]

  private static let arrangement: [OpExample] = [
    OpExample(name: "reshape", inputs: [sample([2, 6], 60)], isLinear: true) { reshape($0[0], [3, 4]) },
    OpExample(name: "transpose", inputs: [sample([2, 3, 4], 61)], isLinear: true) { transpose($0[0], [2, 0, 1]) },
    OpExample(name: "broadcast", inputs: [sample([3, 1], 62)], isLinear: true) { broadcast($0[0], to: [2, 3, 4]) },
    OpExample(name: "sum", inputs: [sample([2, 3, 4], 63)], isLinear: true) { sum($0[0], axes: [0, 2]) },
    OpExample(name: "mean, kept", inputs: [sample([2, 3, 4], 64)], isLinear: true) { mean($0[0], axes: [1], keepingDimensions: true) },
    OpExample(name: "pad", inputs: [sample([2, 3], 65)], isLinear: true) { pad($0[0], low: [1, 0], high: [0, 2]) },
    OpExample(name: "crop", inputs: [sample([4, 5], 66)], isLinear: true) { crop($0[0], starts: [1, 2], sizes: [2, 3]) },
    OpExample(name: "slice with steps", inputs: [sample([5, 6], 67)], isLinear: true) {
      slice($0[0], Slicing(starts: [4, 1], sizes: [3, 2], steps: [-2, 3]))
    },
    OpExample(name: "place with steps", inputs: [sample([2, 3], 68)], isLinear: true) {
      place($0[0], Slicing(starts: [0, 1], sizes: [2, 3], steps: [3, 2]), in: [4, 7])
    },
    OpExample(name: "flip", inputs: [sample([2, 3], 69)], isLinear: true) { flip($0[0], axis: 1) },
    OpExample(name: "concatenate", inputs: [sample([2, 3], 70), sample([2, 1], 71)], isLinear: true) {
      concatenate([$0[0], $0[1], $0[0]], axis: 1)
    },
    OpExample(name: "split", inputs: [sample([5, 2], 72)], isLinear: true) {
      let parts = split($0[0], axis: 0, sizes: [2, 1, 2])
      return parts[0] + parts[1] - parts[2]
    },
    OpExample(name: "reflectionPad", inputs: [sample([1, 4, 5, 2], 73)], isLinear: true) { reflectionPad($0[0], 2) },
    OpExample(name: "upsampleNearest", inputs: [sample([2, 2, 3, 2], 74)], isLinear: true) { upsampleNearest($0[0], 2) },
    OpExample(name: "averagePool", inputs: [sample([1, 5, 4, 2], 75)], isLinear: true) { averagePool($0[0], 2) },
    OpExample(name: "maxPool", inputs: [Tensor([1, 4, 4, 1], (0..<16).map { Float(($0 * 7) % 16) })], isLinear: true) {
      maxPool($0[0], size: 3, stride: 1, padding: 1)
    },
    OpExample(name: "pixelShuffle", inputs: [sample([1, 2, 3, 8], 76)], isLinear: true) { pixelShuffle($0[0], 2) },
    OpExample(name: "pixelUnshuffle", inputs: [sample([1, 4, 6, 2], 77)], isLinear: true) { pixelUnshuffle($0[0], 2) },
    OpExample(name: "resize", inputs: [sample([1, 6, 5, 2], 78)], isLinear: true) {
      resize($0[0], height: 3, width: 9, .bicubicAntialiased)
    },
    OpExample(name: "upfirdn2d", inputs: [sample([1, 4, 5, 2], 79)], isLinear: true) {
      upfirdn2d($0[0], Tensor([2, 3], [1, 2, 3, 4, 5, 6]), up: 2, down: 3, padding: (1, 2, -1, 3))
    },
    OpExample(name: "gatherRows", inputs: [sample([4, 3], 80)], isLinear: true) { gatherRows($0[0], [2, 0, 2]) },
    OpExample(name: "scatterAddRows", inputs: [sample([3, 2], 81)], isLinear: true) { scatterAddRows($0[0], [1, 1, 3], rows: 5) },
  ]

  private static let contractions: [OpExample] = {
    var examples = [
      OpExample(name: "matmul, batched", inputs: [sample([2, 3, 4], 90), sample([2, 4, 5], 91)]) { matmul($0[0], $0[1]) },
      OpExample(name: "matmul, one matrix right", inputs: [sample([2, 3, 4], 92), sample([4, 5], 93)]) { matmul($0[0], $0[1]) },
      OpExample(name: "matmul, one matrix left", inputs: [sample([3, 4], 94), sample([2, 4, 5], 95)]) { matmul($0[0], $0[1]) },
      OpExample(name: "convolution with bias", inputs: [sample([2, 5, 4, 4], 96), sample([3, 2, 2, 6], 97), sample([6], 98)]) {
        convolution($0[0], $0[1], bias: $0[2], stride: (2, 1), padding: (1, 1), groups: 2)
      },
      OpExample(name: "leakyConvolution", inputs: [sample([2, 5, 4, 4], 156), sample([3, 2, 4, 6], 157), sample([6], 158)]) {
        leakyConvolution(
          $0[0], $0[1], bias: $0[2] * 10, slope: 0.2, ConvolutionGeometry(x: [2, 5, 4, 4], w: [3, 2, 4, 6], padding: (1, 1)))
      },
      OpExample(name: "convolution, dilated", inputs: [sample([1, 6, 6, 2], 99), sample([2, 3, 2, 3], 100)]) {
        convolution($0[0], $0[1], padding: (0, 2), dilation: (2, 1))
      },
      OpExample(
        name: "convolutionTransposed with bias", inputs: [sample([1, 3, 2, 4], 101), sample([3, 3, 2, 4], 102), sample([2], 103)]
      ) {
        convolutionTransposed($0[0], $0[1], bias: $0[2], stride: (2, 2), padding: (1, 1), outputPadding: (1, 1))
      },
      OpExample(name: "convolutionWeightGradient", inputs: [sample([2, 4, 5, 2], 104), sample([2, 2, 3, 3], 105)]) {
        convolutionWeightGradient(
          $0[0], $0[1], ConvolutionGeometry(x: [2, 4, 5, 2], w: [3, 3, 2, 3], stride: (2, 2), padding: (1, 1)))
      },
      OpExample(
        name: "nonLocalAttention",
        inputs: [
          sample([1, 2, 4, 8], 106), sample([1, 1, 8, 1], 107), sample([1, 1, 8, 1], 108), sample([1, 1, 8, 4], 109),
          sample([1, 1, 4, 8], 110),
          sample([1], 111),
        ]
      ) { nonLocalAttention($0[0], query: $0[1], key: $0[2], content: $0[3], projection: $0[4], gain: $0[5]) },
      OpExample(
        name: "modulatedConvolution",
        inputs: [sample([2, 3, 3, 2], 112), sample([3, 3, 2, 2], 113), sample([2, 2], 114, positive: true)]
      ) {
        modulatedConvolution($0[0], $0[1], style: $0[2], isUpsampled: true)
      },
    ]
    for (transposeA, transposeB) in [(true, false), (false, true), (true, true)] {
      examples.append(
        OpExample(
          name: "matmul, transposes \(transposeA) \(transposeB)",
          inputs: [sample(transposeA ? [2, 4, 3] : [2, 3, 4], 120), sample(transposeB ? [2, 5, 4] : [2, 4, 5], 121)]
        ) { matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB) })
    }
    return examples
  }()

  private static let normalizations: [OpExample] = [
    OpExample(name: "batchNormalize", inputs: [sample([3, 2, 2, 3], 130), sample([3], 131), sample([3], 132)]) {
      batchNormalize($0[0], $0[1], $0[2])
    },
    OpExample(name: "batchNormalize, conditional", inputs: [sample([3, 2, 2, 2], 133), sample([3, 2], 134), sample([3, 2], 135)]) {
      batchNormalize($0[0], $0[1], $0[2])
    },
    OpExample(name: "batchNormalize, leaky ReLU", inputs: [sample([4, 2, 2, 2], 136), sample([2], 137), sample([2], 138)]) {
      batchNormalize($0[0], $0[1], $0[2], activationSlope: 0.2)
    },
    OpExample(name: "batchNormalize, beta alone", inputs: [sample([6, 3], 139), sample([3], 140)]) { batchNormalize($0[0], nil, $0[1]) },
    OpExample(name: "instanceNormalize", inputs: [sample([2, 3, 3, 2], 141)]) { instanceNormalize($0[0]) },
    OpExample(name: "instanceNormalize, adaptive", inputs: [sample([2, 3, 3, 2], 142), sample([2, 2], 143), sample([2, 2], 144)]) {
      instanceNormalize($0[0], $0[1], $0[2])
    },
    OpExample(name: "groupNormalize", inputs: [sample([2, 2, 3, 4], 145), sample([4], 146), sample([4], 147)]) {
      groupNormalize($0[0], groups: 2, $0[1], $0[2])
    },
    OpExample(name: "spectralNormalize", inputs: [sample([2, 3, 4], 155)]) {
      // Vectors that belong to no weight: the op takes them as constants, and its value must follow its input.
      let (left, right) = (sample([6], 156), sample([4], 157))
      let value = sum(matmul($0[0].value.reshaped([6, 4]), right.reshaped([4, 1])) * left.reshaped([6, 1])).scalar
      return spectralNormalize($0[0], PowerIteration(left: left, right: right, singularValue: value))
    },
    OpExample(name: "layerNormalize", inputs: [sample([3, 5], 148), sample([5], 149), sample([5], 150)]) {
      layerNormalize($0[0], $0[1], $0[2])
    },
    OpExample(name: "pixelNormalize", inputs: [sample([2, 2, 2, 3], 151)]) { pixelNormalize($0[0]) },
    OpExample(name: "minibatchStandardDeviation", inputs: [sample([4, 2, 2, 2], 152)]) { minibatchStandardDeviation($0[0], groupSize: 2) },
    OpExample(name: "minibatchDiscrimination", inputs: [sample([3, 2], 153), sample([2, 2, 2], 154)]) {
      minibatchDiscrimination($0[0], projection: $0[1])
    },
  ]
}
