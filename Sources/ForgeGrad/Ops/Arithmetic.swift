internal import ForgeTensor

// Sum, difference, product and quotient broadcast by NumPy's rule. All are differentiable to any order.

package func + (a: consuming Variable, b: consuming Variable) -> Variable { OpCatalog.record(.add, a, b) { $0 + $1 } }
package func - (a: consuming Variable, b: consuming Variable) -> Variable { OpCatalog.record(.subtract, a, b) { $0 - $1 } }
package func * (a: consuming Variable, b: consuming Variable) -> Variable { OpCatalog.record(.multiply, a, b) { $0 * $1 } }
package func / (a: consuming Variable, b: consuming Variable) -> Variable { OpCatalog.record(.divide, a, b) { $0 / $1 } }

package func * (x: consuming Variable, a: Float) -> Variable { OpCatalog.record(.scale, x, .scalar(a)) { $0 * a } }
package func * (a: Float, x: consuming Variable) -> Variable { x * a }
package func / (x: consuming Variable, a: Float) -> Variable { x * (1 / a) }
package func / (a: Float, x: consuming Variable) -> Variable { reciprocal(x) * a }
package func + (x: consuming Variable, a: Float) -> Variable { OpCatalog.record(.offset, x, .scalar(a)) { $0 + a } }
package func + (a: Float, x: consuming Variable) -> Variable { x + a }
package func - (x: consuming Variable, a: Float) -> Variable { x + (-a) }
package func - (a: Float, x: consuming Variable) -> Variable { -x + a }
package prefix func - (x: consuming Variable) -> Variable { x * -1 }

/// Same value, a node of its own: a place to stop a pullback at.
func identity(_ x: Variable) -> Variable { OpCatalog.record(.identity, [x], value: x.value) }

/// Sums `g` to `shape`: the adjoint of broadcasting `shape` to `g`'s.
func reduced(_ g: consuming Variable, to shape: Shape) -> Variable {
  if g.shape == shape { return g }
  let lead = g.shape.rank - shape.rank
  let axes = (0..<g.shape.rank).filter { $0 < lead || shape[$0 - lead] == 1 && g.shape[$0] != 1 }
  return reshape(axes.isEmpty ? g : sum(g, axes: axes), shape)
}

@Sendable func addVJP(_ b: Backward) -> [Variable?] {
  [b.needs[0] ? reduced(b.g, to: b.shape(0)) : nil, b.needs[1] ? reduced(b.g, to: b.shape(1)) : nil]
}

@Sendable func subtractVJP(_ b: Backward) -> [Variable?] {
  [b.needs[0] ? reduced(b.g, to: b.shape(0)) : nil, b.needs[1] ? -reduced(b.g, to: b.shape(1)) : nil]
}

@Sendable func multiplyVJP(_ b: Backward) -> [Variable?] {
  [b.needs[0] ? reduced(b.g * b.x(1), to: b.shape(0)) : nil, b.needs[1] ? reduced(b.g * b.x(0), to: b.shape(1)) : nil]
}

@Sendable func divideVJP(_ b: Backward) -> [Variable?] {
  let quotient = b.g / b.x(1)
  return [b.needs[0] ? reduced(quotient, to: b.shape(0)) : nil, b.needs[1] ? reduced(-(quotient * b.y), to: b.shape(1)) : nil]
}

@Sendable func scaleVJP(_ b: Backward) -> [Variable?] {
  guard case .scalar(let a) = b.attributes else { fatalError("scale without its factor") }
  return [b.takeG() * a]
}
