import ForgeGrad
import ForgeTensor
import TestSupport
import Testing

/// How a reference tensor is laid out on disk, and where its axes go.
enum Layout {
  /// As it is: vectors, matrices, scalars.
  case plain
  /// NCHW, here NHWC.
  case image
  /// OIHW (or IOHW for transposed convolutions), here HWIO (HWOI).
  case weights

  var permutation: [Int]? {
    switch self {
    case .plain: nil
    case .image: [0, 2, 3, 1]
    case .weights: [2, 3, 1, 0]
    }
  }
}

/// Fair tolerances for float32, relative to the reference's largest magnitude (shared/reference/README.md).
struct Tolerance {
  var forward = 2e-6
  var gradient = 1e-5
  static let float32 = Tolerance()
  static let secondOrder = Tolerance(gradient: 5e-5)
  /// Products and sums are exact in float32, so every order of summation gives the same bits.
  static let exact = Tolerance(forward: 0, gradient: 0)
  /// Winograd's transforms round on the way.
  static let transformed = Tolerance(forward: 1e-5, gradient: 1e-5)
}

/// One case of one reference file.
struct ReferenceCase {
  let file: SafetensorsFile
  let name: String
  var parameters: [String: Any] { file.cases[name] ?? [:] }

  /// All cases of a group, empty (with a printed line) where the shared folder is absent.
  static func all(_ group: String) throws -> [ReferenceCase] {
    guard let url = TestData.shared("reference/\(group).safetensors", for: "\(group) references") else { return [] }
    let file = try SafetensorsFile(url)
    return file.cases.keys.sorted().map { ReferenceCase(file: file, name: $0) }
  }

  /// One case; nil where the shared folder is absent.
  static func named(_ name: String, in group: String) throws -> ReferenceCase? {
    guard let url = TestData.shared("reference/\(group).safetensors", for: "\(group) references") else { return nil }
    let file = try SafetensorsFile(url)
    try #require(file.cases[name] != nil, "no case \(name) in \(group)")
    return ReferenceCase(file: file, name: name)
  }

  func has(_ tensor: String) -> Bool { file.names(of: name).contains(tensor) }

  func integer(_ parameter: String, _ fallback: Int) -> Int { parameters[parameter] as? Int ?? fallback }

  func pair(_ parameter: String, _ fallback: Int) -> (Int, Int) {
    if let pair = parameters[parameter] as? [Int] { return (pair[0], pair[1]) }
    let both = integer(parameter, fallback)
    return (both, both)
  }

  func tensor(_ tensor: String, _ layout: Layout = .plain) throws -> Tensor {
    let entry = try file.entry("\(name)/\(tensor)")
    let plain = Tensor(Shape(entry.shape), entry.values.map(Float.init))
    return layout.permutation.map { transpose(plain, $0) } ?? plain
  }

  /// Exact, except where a fast table may transform: square filters with many channels on both sides.
  func convolutionTolerance(on table: String) throws -> Tolerance {
    let weights = try file.entry("\(name)/w").shape
    return table != "scalar" && min(weights[0], weights[1]) >= 16 && weights[2] == weights[3] && weights[2] > 1 ? .transformed : .exact
  }

  func integers(_ tensor: String) throws -> [Int] { try file.entry("\(name)/\(tensor)").values.map { Int($0) } }

  /// Whether `actual` equals the stored tensor within `tolerance` of its largest magnitude.
  func expect(_ actual: Tensor, equals stored: String, _ layout: Layout, within tolerance: Double) throws {
    let entry = try file.entry("\(name)/\(stored)")
    var actual = actual
    if let permutation = layout.permutation {
      var inverse = permutation
      for (i, axis) in permutation.enumerated() { inverse[axis] = i }
      actual = transpose(actual, inverse)
    }
    try #require(actual.count == entry.values.count, "\(name)/\(stored): \(actual.shape) where \(entry.shape) belongs")
    let largest = entry.values.map(Swift.abs).max() ?? 0
    var error = 0.0
    for (a, b) in zip(actual.values, entry.values) { error = max(error, Swift.abs(Double(a) - b)) }
    #expect(error <= tolerance * largest, "\(name)/\(stored) on \(KernelTable.current.name): relative error \(error / largest)")
  }

  /// Computes the case and compares value and every stored gradient of `inputs`.
  ///
  /// - Parameter inputs: names of the tensors and their layouts; those with a stored `d_<name>` become leaves.
  func check(
    _ inputs: [String: Layout], output: Layout = .plain, _ tolerance: Tolerance = .float32,
    _ compute: ([String: Variable]) throws -> Variable
  ) throws {
    var variables: [String: Variable] = [:]
    for (input, layout) in inputs { variables[input] = Variable(try tensor(input, layout), requiresGradient: has("d_\(input)")) }
    let y = try compute(variables)
    try expect(y.value, equals: "y", output, within: tolerance.forward)
    let wanted = inputs.keys.sorted().filter { has("d_\($0)") }
    #expect(!wanted.isEmpty, "\(name): no gradient is stored")
    let seed = has("dy") ? try tensor("dy", output) : nil
    let gradients = gradient(of: y, withRespectTo: wanted.map { variables[$0]! }, seed: seed.map { $0.reshaped(y.shape) })
    for (input, gradient) in zip(wanted, gradients) {
      try expect(gradient.value, equals: "d_\(input)", inputs[input]!, within: tolerance.gradient)
    }
  }
}

/// The kernel tables that this machine can run; every reference is checked on each.
let tables: [String] = KernelTable.available

/// Runs `body` on the kernels named `table`.
func on(_ table: String, _ body: () throws -> Void) throws {
  try KernelTable.$current.withValue(KernelTable.named(table), operation: body)
}
