package import ForgeTensor

/// The primitives: closed under differentiation, since each one's vjp is written with these. All else is a composite of them.
package enum Opcode: String, Sendable, CaseIterable {
  case leaf, identity
  case add, subtract, multiply, divide, scale, offset
  case exp, log, sqrt, reciprocal, tanh, sigmoid, softplus, abs, erf, sin, cos, power, clamp, leakyReLU
  case reshape, transpose, broadcast, sum, slice, place, concatenate
  case matmul, convolution, convolutionDataGradient, convolutionWeightGradient
  case gatherRows, scatterAddRows
  case prelu, normalize, spectralNormalize
}

/// The constants of one op.
package enum Attributes: Sendable {
  case none
  case scalar(Float)
  case bounds(Float, Float)
  case axes([Int], keepingDimensions: Bool)
  case permutation([Int])
  case slicing(Slicing)
  case axis(Int)
  case transposed(a: Bool, b: Bool)
  case convolution(ConvolutionGeometry)
  case rows([Int32], of: Int)
  case normalization(NormalizationGeometry)
}

/// Which values an op's derivative reads; the others are not kept alive by the tape.
struct Saves: OptionSet {
  let rawValue: UInt8
  static let none: Saves = []
  static let output = Saves(rawValue: 1)
  /// The other operands of a product, where this one wants a gradient.
  static let partners = Saves(rawValue: 2)

  init(rawValue: UInt8) { self.rawValue = rawValue }
  init(input i: Int) { rawValue = 4 << UInt8(i) }

  static let first = Saves(input: 0)
  static let second = Saves(input: 1)
  static let third = Saves(input: 2)
  static let fourth = Saves(input: 3)
}

/// The op table: what each primitive saves and its vector-Jacobian product.
enum OpCatalog {
  struct Row: Sendable {
    let saves: Saves
    /// Makes the result again from what the node saves, in one cheap pass: ops that read it need not keep it. Nil for most.
    var remake: (@Sendable (Node) -> Tensor)?
    /// Cotangents of the inputs, in order; written with ops of this module only.
    let vjp: @Sendable (Backward) -> [Variable?]

    init(saves: Saves, vjp: @escaping @Sendable (Backward) -> [Variable?]) {
      self.saves = saves
      self.vjp = vjp
    }

    init(saves: Saves, remake: @escaping @Sendable (Node) -> Tensor, vjp: @escaping @Sendable (Backward) -> [Variable?]) {
      self.saves = saves
      self.remake = remake
      self.vjp = vjp
    }
  }

  /// Row of `opcode`.
  static func row(_ opcode: Opcode) -> Row {
    switch opcode {
    case .leaf: Row(saves: .none) { _ in [] }
    case .identity: Row(saves: .none) { [$0.g] }
    case .add: Row(saves: .none, vjp: addVJP)
    case .subtract: Row(saves: .none, vjp: subtractVJP)
    case .multiply: Row(saves: .partners, vjp: multiplyVJP)
    case .divide: Row(saves: [.second, .output], vjp: divideVJP)
    case .scale: Row(saves: .none, vjp: scaleVJP)
    case .offset: Row(saves: .none) { [$0.g] }
    case .exp: Row(saves: .output) { [$0.g * $0.y] }
    case .log: Row(saves: .first) { [$0.g / $0.x(0)] }
    case .sqrt: Row(saves: .output) { [$0.g / $0.y * 0.5] }
    case .reciprocal: Row(saves: .output) { [-(square($0.y) * $0.g)] }
    case .tanh: Row(saves: .output) { [(1 - square($0.y)) * $0.g] }
    case .sigmoid: Row(saves: .output) { [(1 - $0.y) * $0.y * $0.g] }
    case .softplus: Row(saves: .first) { [sigmoid($0.x(0)) * $0.g] }
    case .abs: Row(saves: .first) { [Variable(unary(.sign, $0.x(0).value)) * $0.g] }
    case .erf: Row(saves: .first) { [exp(-square($0.x(0))) * $0.g * twoOverRootPi] }
    case .sin: Row(saves: .first) { [cos($0.x(0)) * $0.g] }
    case .cos: Row(saves: .first) { [-(sin($0.x(0)) * $0.g)] }
    case .power: Row(saves: .first, vjp: powerVJP)
    case .clamp: Row(saves: .first, vjp: clampVJP)
    case .leakyReLU: Row(saves: .output, remake: remadeLeakyConvolution, vjp: leakyReLUVJP)
    case .reshape: Row(saves: .none) { [reshape($0.g, $0.shape(0))] }
    case .transpose: Row(saves: .none, vjp: transposeVJP)
    case .broadcast: Row(saves: .none) { [reduced($0.g, to: $0.shape(0))] }
    case .sum: Row(saves: .none, vjp: sumVJP)
    case .slice: Row(saves: .none, vjp: sliceVJP)
    case .place: Row(saves: .none, vjp: placeVJP)
    case .concatenate: Row(saves: .none, vjp: concatenateVJP)
    case .matmul: Row(saves: .partners, vjp: matmulVJP)
    case .convolution: Row(saves: .partners, vjp: convolutionVJP)
    case .convolutionDataGradient: Row(saves: .partners, vjp: convolutionDataGradientVJP)
    case .convolutionWeightGradient: Row(saves: .partners, vjp: convolutionWeightGradientVJP)
    case .gatherRows: Row(saves: .none, vjp: gatherRowsVJP)
    case .scatterAddRows: Row(saves: .none, vjp: scatterAddRowsVJP)
    case .prelu: Row(saves: [.first, .second], remake: remadePReLU, vjp: preluVJP)
    case .spectralNormalize: Row(saves: [.first, .output], vjp: spectralNormalizeVJP)
    case .normalize: Row(saves: [.first, .second, .third, .fourth], remake: remadeNormalize, vjp: normalizeVJP)
    }
  }

  /// `value` as the result of `opcode`, remembered when recording is on and an input wants gradients.
  static func record(
    _ opcode: Opcode, _ inputs: [Variable], _ attributes: Attributes = .none, value: Tensor, extras: [Tensor] = []
  ) -> Variable {
    guard Recording.isOn, inputs.contains(where: { $0.node != nil }) else { return Variable(value) }
    return Variable(value, node: Node(opcode, inputs: inputs, attributes: attributes, output: value, extras: extras))
  }

  /// An op of one input; without recording it may write over the input's memory.
  static func record(
    _ opcode: Opcode, _ x: consuming Variable, _ attributes: Attributes = .none, _ apply: (consuming Tensor) -> Tensor
  ) -> Variable {
    guard x.node != nil, Recording.isOn else { return Variable(apply(x.takeValue())) }
    let kept = x
    return record(opcode, [kept], attributes, value: apply(kept.value))
  }

  /// An op of two inputs; without recording it may write over an input's memory.
  static func record(
    _ opcode: Opcode, _ a: consuming Variable, _ b: consuming Variable, _ apply: (consuming Tensor, consuming Tensor) -> Tensor
  ) -> Variable {
    guard a.node != nil || b.node != nil, Recording.isOn else { return Variable(apply(a.takeValue(), b.takeValue())) }
    let (keptA, keptB) = (a, b)
    return record(opcode, [keptA, keptB], value: apply(keptA.value, keptB.value))
  }
}

private let twoOverRootPi: Float = 1.128_379_167
