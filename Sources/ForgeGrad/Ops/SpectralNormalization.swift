package import ForgeTensor

/// `w / σ` with `σ = leftᵀ·M·right`, where `M` is `w` as a matrix of `[all other axes, last axis]` and the two vectors are constants of a
/// power iteration on it.
///
/// One fused kernel for the gradient, which knows that `∂σ/∂M = left·rightᵀ`; a gradient that keeps its graph records
/// `composedSpectralNormalize` instead, so any order works.
package func spectralNormalize(_ w: Variable, _ iteration: PowerIteration) -> Variable {
  OpCatalog.record(
    .spectralNormalize, [w], .scalar(iteration.singularValue), value: w.value / Tensor(iteration.singularValue),
    extras: [iteration.left, iteration.right])
}

/// `spectralNormalize` as a composite of smaller ops: its oracle.
package func composedSpectralNormalize(_ w: Variable, left: Tensor, right: Tensor) -> Variable {
  let matrix = reshape(w, [left.count, right.count])
  let product = matmul(matrix, Variable(right.reshaped([right.count, 1])))
  return w / sum(product * Variable(left.reshaped([left.count, 1])))
}

@Sendable func spectralNormalizeVJP(_ b: Backward) -> [Variable?] {
  guard case .scalar(let singularValue) = b.attributes else { fatalError("spectralNormalize without its singular value") }
  let (left, right) = (b.node.extras[0], b.node.extras[1])
  guard Recording.isOn else {
    return [
      Variable(
        spectralNormalizeGradient(b.takeG().takeValue(), y: b.y.value, left: left, right: right, singularValue: singularValue))
    ]
  }
  let w = identity(b.x(0))
  return pullback(composedSpectralNormalize(w, left: left, right: right), [w], seed: b.g, isReleasing: false)
}
