import ForgeGrad
import ForgeTensor
import TestSupport
import Testing

/// One case of `shared/reference`, computed by PyTorch in float64.
struct Reference {
  let file: SafetensorsFile
  let name: String

  /// Nil, with a printed line, when the folder is not there.
  init?(_ group: String, _ name: String) throws {
    guard let url = TestData.shared("reference/\(group).safetensors", for: "reference values of \(name)") else { return nil }
    file = try SafetensorsFile(url)
    self.name = name
  }

  func numbers(_ tensor: String) throws -> [Double] { try file.entry("\(name)/\(tensor)").values }

  /// In memory order: `[N, C, H, W]` becomes `[N, H, W, C]`, or `[O, I, R, S]` becomes `[R, S, I, O]`.
  func tensor(_ tensor: String, isWeight: Bool = false) throws -> Tensor {
    let entry = try file.entry("\(name)/\(tensor)")
    let stored = Tensor(Shape(entry.shape), entry.values.map(Float.init))
    guard entry.shape.count == 4 else { return stored }
    return transpose(stored, isWeight ? [2, 3, 1, 0] : [0, 2, 3, 1])
  }

  /// Largest difference relative to the largest expected magnitude; the bounds are those of `reference/README.md` for float32.
  func expect(
    _ found: Tensor, equals tensor: String, isWeight: Bool = false, within bound: Float, _ location: SourceLocation = #_sourceLocation
  )
    throws
  {
    let wanted = try self.tensor(tensor, isWeight: isWeight)
    #expect(found.count == wanted.count, "\(name)/\(tensor)", sourceLocation: location)
    let scale = wanted.values.map(abs).max() ?? 0
    let worst = zip(found.values, wanted.values).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= bound * max(scale, 1e-30), "\(name)/\(tensor): off by \(worst) of \(scale)", sourceLocation: location)
  }
}

extension Reference {
  static let forward: Float = 2e-6
  static let backward: Float = 1e-5
}
