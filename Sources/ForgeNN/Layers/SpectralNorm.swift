package import ForgeGrad
import ForgeTensor

/// Divides a weight by its largest singular value, kept up by power iteration. Source: Miyato et al. 2018.
///
/// The weight is the matrix `M` of `[all other axes, last axis]`; each training pass does `v ← M·u / |M·u|`, `u ← Mᵀ·v / |Mᵀ·v|`, and
/// `σ = vᵀ·M·u` with `u`, `v` constant, so the gradient flows through σ. Both vectors are buffers of the checkpoint.
package struct SpectralNorm {
  package let u: Parameter
  package let v: Parameter
  let iterations: Int

  /// The buffers stand beside the weight as `weight_u` and `weight_v`.
  package init(_ scope: ParameterScope, of weight: Parameter, iterations: Int = 1) {
    let columns = weight.shape[weight.shape.rank - 1]
    u = scope.buffer("weight_u", [columns], start: .normal(deviation: 1))
    // Same layout as the weight, so that the vector on disk is in PyTorch's order too.
    var extents = weight.shape.dimensions
    extents[extents.count - 1] = 1
    v = scope.buffer("weight_v", Shape(extents), layout: weight.layout, start: .normal(deviation: 1))
    self.iterations = iterations
    u.value = SpectralNorm.unit(Variable(u.value)).value
    v.value = SpectralNorm.unit(Variable(v.value)).value
  }

  /// The normalized weight. Training iterates first, once per call: normalize once per step, not once per batch.
  package func callAsFunction(_ weight: Parameter, _ mode: Mode) -> Variable {
    let rows = v.shape.count
    let columns = u.shape.count
    guard mode != .inference else { return composedSpectralNormalize(weight.constant, left: v.value, right: u.value) }
    let matrix = weight.value.reshaped([rows, columns])
    var iteration = powerIteration(matrix, u.value)
    for _ in 1..<iterations { iteration = powerIteration(matrix, iteration.right) }
    u.value = iteration.right
    v.value = iteration.left.reshaped(v.shape)
    return spectralNormalize(weight.read(mode), iteration)
  }

  private static func unit(_ x: Variable) -> Variable { x / clamp(sqrt(sum(square(x))), 1e-12, .greatestFiniteMagnitude) }
}
