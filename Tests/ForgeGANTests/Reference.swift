import ForgeTensor
import TestSupport
import Testing

/// One case of `shared/reference`, computed by PyTorch in float64; images come as NHWC, weights as `[R, S, I, O]`.
struct Reference {
  enum Layout { case plain, image, weights }

  let file: SafetensorsFile
  let name: String

  /// Nil, with a printed line, when the folder is not there.
  init?(_ group: String, _ name: String) throws {
    guard let url = TestData.shared("reference/\(group).safetensors", for: "reference values of \(name)") else { return nil }
    file = try SafetensorsFile(url)
    self.name = name
  }

  func has(_ tensor: String) -> Bool { file.names(of: name).contains(tensor) }

  func numbers(_ tensor: String) throws -> [Double] { try file.entry("\(name)/\(tensor)").values }

  func integers(_ tensor: String) throws -> [Int] { try numbers(tensor).map { Int($0) } }

  func tensor(_ tensor: String, _ layout: Layout = .plain) throws -> Tensor {
    let entry = try file.entry("\(name)/\(tensor)")
    let stored = Tensor(Shape(entry.shape), entry.values.map(Float.init))
    switch layout {
    case .plain: return stored
    case .image: return transpose(stored, [0, 2, 3, 1])
    case .weights: return transpose(stored, [2, 3, 1, 0])
    }
  }

  /// Largest difference relative to the largest expected magnitude.
  func expect(
    _ found: Tensor, equals tensor: String, _ layout: Layout = .plain, within bound: Float, _ location: SourceLocation = #_sourceLocation
  )
    throws
  {
    let wanted = try self.tensor(tensor, layout)
    #expect(found.count == wanted.count, "\(name)/\(tensor)", sourceLocation: location)
    let scale = wanted.values.map(abs).max() ?? 0
    let worst = zip(found.values, wanted.values).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= bound * max(scale, 1e-30), "\(name)/\(tensor): off by \(worst) of \(scale)", sourceLocation: location)
  }

  // Fair for float32 by reference/README.md.
  static let forward: Float = 2e-6
  static let backward: Float = 1e-5
  static let secondOrder: Float = 5e-5
}
