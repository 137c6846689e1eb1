package import ForgeTensor

/// Scales all gradients by `min(1, limit / (norm + 10⁻⁶))`, where `norm` is the Euclidean norm of all of them together.
///
/// - Returns: the norm before clipping. Source: Pascanu et al. 2013.
@discardableResult
package func clipGlobalNorm(_ gradients: inout [Tensor], limit: Float) -> Float {
  var squares = 0.0
  for gradient in gradients { squares += Double(sum(square(gradient)).scalar) }
  let norm = Float(squares.squareRoot())
  let scale = min(1, limit / (norm + 1e-6))
  for index in gradients.indices { gradients[index] = gradients[index] * scale }
  return norm
}
