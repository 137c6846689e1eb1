package import ForgeTensor

// Functions of one element. Differentiable to any order where they are smooth; at a kink the derivative is the one from the left.

package func exp(_ x: consuming Variable) -> Variable { OpCatalog.record(.exp, x) { exp($0) } }
/// Natural logarithm, for x > 0.
package func log(_ x: consuming Variable) -> Variable { OpCatalog.record(.log, x) { log($0) } }
package func sqrt(_ x: consuming Variable) -> Variable { OpCatalog.record(.sqrt, x) { sqrt($0) } }
package func reciprocal(_ x: consuming Variable) -> Variable { OpCatalog.record(.reciprocal, x) { reciprocal($0) } }
package func tanh(_ x: consuming Variable) -> Variable { OpCatalog.record(.tanh, x) { tanh($0) } }
package func sigmoid(_ x: consuming Variable) -> Variable { OpCatalog.record(.sigmoid, x) { sigmoid($0) } }
/// `log(1 + exp(x))` without overflow.
package func softplus(_ x: consuming Variable) -> Variable { OpCatalog.record(.softplus, x) { softplus($0) } }
package func abs(_ x: consuming Variable) -> Variable { OpCatalog.record(.abs, x) { abs($0) } }
package func erf(_ x: consuming Variable) -> Variable { OpCatalog.record(.erf, x) { erf($0) } }
package func sin(_ x: consuming Variable) -> Variable { OpCatalog.record(.sin, x) { sin($0) } }
package func cos(_ x: consuming Variable) -> Variable { OpCatalog.record(.cos, x) { cos($0) } }
package func square(_ x: consuming Variable) -> Variable { power(x, 2) }

/// `x^exponent`: for x > 0, or any x when the exponent is 0, 1, 2, 3 or 4.
package func power(_ x: consuming Variable, _ exponent: Float) -> Variable {
  if exponent == 0 { return Variable.ones(x.shape) }
  if exponent == 1 { return x }
  return OpCatalog.record(.power, x, .scalar(exponent)) { power($0, exponent) }
}

/// `min(max(x, low), high)`; no gradient outside.
package func clamp(_ x: consuming Variable, _ low: Float, _ high: Float) -> Variable {
  OpCatalog.record(.clamp, x, .bounds(low, high)) { clamp($0, low, high) }
}

/// `x > 0 ? x : slope · x`, slope ≥ 0.
package func leakyReLU(_ x: consuming Variable, slope: Float) -> Variable {
  promise(slope >= 0, "leakyReLU: slope \(slope) is negative")
  return OpCatalog.record(.leakyReLU, x, .scalar(slope)) { leakyReLU($0, slope: slope) }
}

package func relu(_ x: consuming Variable) -> Variable { leakyReLU(x, slope: 0) }

/// `x > 0 ? x : exp(x) − 1`
package func elu(_ x: Variable) -> Variable { relu(x) + exp(-relu(-x)) - 1 }

/// `x · sigmoid(x)`
package func silu(_ x: Variable) -> Variable { x * sigmoid(x) }

/// `x · Φ(x)` with the exact normal distribution function.
package func gelu(_ x: Variable) -> Variable { x * 0.5 * (erf(x * 0.707_106_781) + 1) }

/// `x > 0 ? x : slopes · x`.
///
/// - Parameter slopes: `[C]` for the last axis of `x`, or `[1]`.
///
/// One fused kernel each way; a gradient that keeps its graph records `composedPReLU` instead, so any order works.
package func prelu(_ x: Variable, slopes: Variable) -> Variable {
  OpCatalog.record(.prelu, [x, slopes], value: prelu(x.value, slopes: slopes.value))
}

/// `prelu` as a composite of smaller ops: its oracle.
package func composedPReLU(_ x: Variable, slopes: Variable) -> Variable {
  let positive = relu(x)
  return positive + slopes * (x - positive)
}

/// Largest of the two, elementwise; the gradient goes to `a` where they are equal.
package func maximum(_ a: Variable, _ b: Variable) -> Variable { a + relu(b - a) }

/// Smallest of the two, elementwise; the gradient goes to `a` where they are equal.
package func minimum(_ a: Variable, _ b: Variable) -> Variable { a - relu(a - b) }

/// `mask · a + (1 − mask) · b` for a constant mask of zeros and ones.
package func select(_ mask: Tensor, _ a: Variable, _ b: Variable) -> Variable { a * Variable(mask) + b * Variable(1 - mask) }

/// Inverted dropout with a given mask of zeros and ones: `x · mask / keep`.
package func dropout(_ x: Variable, mask: Tensor, keep: Float) -> Variable { x * Variable(mask / keep) }

/// Softmax along `axis`; subtracts the maximum first, so that nothing overflows.
package func softmax(_ x: Variable, axis: Int = -1) -> Variable {
  let raised = exp(x - Variable(max(x.value, axes: [axis], keepingDimensions: true)))
  return raised / sum(raised, axes: [axis], keepingDimensions: true)
}

/// Logarithm of `softmax`, stable for large differences.
package func logSoftmax(_ x: Variable, axis: Int = -1) -> Variable {
  let shifted = x - Variable(max(x.value, axes: [axis], keepingDimensions: true))
  return shifted - log(sum(exp(shifted), axes: [axis], keepingDimensions: true))
}

@Sendable func powerVJP(_ b: Backward) -> [Variable?] {
  guard case .scalar(let exponent) = b.attributes else { fatalError("power without its exponent") }
  return [power(b.x(0), exponent - 1) * b.g * exponent]
}

@Sendable func clampVJP(_ b: Backward) -> [Variable?] {
  guard case .bounds(let low, let high) = b.attributes else { fatalError("clamp without its bounds") }
  return [Variable(unary(.insideMask, b.x(0).value, low, high)) * b.g]
}

@Sendable func leakyReLUVJP(_ b: Backward) -> [Variable?] {
  guard case .scalar(let slope) = b.attributes else { fatalError("leakyReLU without its slope") }
  // The result has the sign of x, so x itself need not be kept.
  guard Recording.isOn else { return [Variable(leakyReLUGradient(b.takeG().takeValue(), y: b.y.value, slope: slope))] }
  return [Variable(unary(.positiveMask, b.y.value, slope)) * b.g]
}

@Sendable func remadePReLU(_ node: Node) -> Tensor { prelu(node.savedInput(0), slopes: node.savedInput(1)) }

@Sendable func preluVJP(_ b: Backward) -> [Variable?] {
  guard Recording.isOn else {
    let parts = preluGradient(b.takeG().takeValue(), x: b.x(0).value, slopes: b.x(1).value)
    return [Variable(parts.x), Variable(parts.slopes)]
  }
  let (x, slopes) = (identity(b.x(0)), identity(b.x(1)))
  return pullback(composedPReLU(x, slopes: slopes), [x, slopes], seed: b.g, isReleasing: false)
}
