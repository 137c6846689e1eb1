internal import CForgeKernels

/// Functions of one element. Raw values are the kernel's codes; `a`, `b` are constants.
package enum UnaryOperation: UInt32, Sendable, CaseIterable {
  case negate, exp, log, sqrt, reciprocal, tanh, sigmoid, softplus, abs, erf, sin, cos
  /// `a * x`
  case scale
  /// `x + a`
  case offset
  /// `x^a`
  case power
  /// `min(max(x, a), b)`
  case clamp
  /// `x > 0 ? 1 : a`
  case positiveMask
  /// `a < x < b ? 1 : 0`
  case insideMask
  case sign
  /// `x > 0 ? x : a * x`
  case leakyReLU
  /// To the nearest integer, ties to even.
  case round
}

/// Functions of two elements. Raw values are the kernel's codes.
package enum BinaryOperation: UInt32, Sendable, CaseIterable {
  case add, subtract, multiply, divide, maximum, minimum
  /// `a > b ? 1 : 0`
  case greaterMask
}

/// Applies `operation` to each element; writes over `x` when nobody else holds it.
package func unary(_ operation: UnaryOperation, _ x: consuming Tensor, _ a: Float = 0, _ b: Float = 0) -> Tensor {
  var x = x
  let y = x.isUnique() ? x : Tensor(uninitialized: x.shape)
  require(
    KernelTable.current.slots.pointee.unary(fk_unary_op(operation.rawValue), y.count, a, b, x.pointer, y.pointer),
    "\(operation) \(x.shape)")
  return y
}

/// Combines two tensors that broadcast by NumPy's rule; writes over an operand of the result's shape when nobody else holds it.
package func binary(_ operation: BinaryOperation, _ a: consuming Tensor, _ b: consuming Tensor) -> Tensor {
  var a = a
  var b = b
  let shape = Shape.broadcast(a.shape, b.shape, for: "\(operation)")
  let y = a.shape == shape && a.isUnique() ? a : b.shape == shape && b.isUnique() ? b : Tensor(uninitialized: shape)
  var walk =
    a.shape == b.shape
    ? Walk(contiguous: shape.count)
    : Walk(
      "\(operation)", extent: shape.dimensions, out: shape.strides, a: a.shape.strides(broadcastTo: shape),
      b: b.shape.strides(broadcastTo: shape))
  run(operation, &walk, a, b, y)
  withExtendedLifetime((a, b)) {}
  return y
}

private func run(_ operation: BinaryOperation, _ walk: inout Walk, _ a: Tensor, _ b: Tensor, _ y: Tensor) {
  var kernel = walk.kernel
  require(
    KernelTable.current.slots.pointee.binary(fk_binary_op(operation.rawValue), &kernel, a.pointer, b.pointer, y.pointer),
    "\(operation) \(a.shape), \(b.shape)")
}

/// `sum += term` in place when nobody else holds `sum`. The shapes are equal.
package func accumulate(_ term: Tensor, into sum: inout Tensor) {
  promise(sum.shape == term.shape, "accumulate: \(term.shape) into \(sum.shape)")
  let y = sum.isUnique() ? sum : Tensor(uninitialized: sum.shape)
  var walk = Walk(contiguous: sum.count)
  run(.add, &walk, sum, term, y)
  sum = y
}

package func + (a: consuming Tensor, b: consuming Tensor) -> Tensor { binary(.add, a, b) }
package func - (a: consuming Tensor, b: consuming Tensor) -> Tensor { binary(.subtract, a, b) }
package func * (a: consuming Tensor, b: consuming Tensor) -> Tensor { binary(.multiply, a, b) }
package func / (a: consuming Tensor, b: consuming Tensor) -> Tensor { binary(.divide, a, b) }
package func + (x: consuming Tensor, a: Float) -> Tensor { unary(.offset, x, a) }
package func + (a: Float, x: consuming Tensor) -> Tensor { unary(.offset, x, a) }
package func - (x: consuming Tensor, a: Float) -> Tensor { unary(.offset, x, -a) }
package func - (a: Float, x: consuming Tensor) -> Tensor { unary(.offset, unary(.negate, x), a) }
package func * (x: consuming Tensor, a: Float) -> Tensor { unary(.scale, x, a) }
package func * (a: Float, x: consuming Tensor) -> Tensor { unary(.scale, x, a) }
package func / (x: consuming Tensor, a: Float) -> Tensor { unary(.scale, x, 1 / a) }
package func / (a: Float, x: consuming Tensor) -> Tensor { unary(.scale, unary(.reciprocal, x), a) }
package prefix func - (x: consuming Tensor) -> Tensor { unary(.negate, x) }

package func exp(_ x: consuming Tensor) -> Tensor { unary(.exp, x) }
package func log(_ x: consuming Tensor) -> Tensor { unary(.log, x) }
package func sqrt(_ x: consuming Tensor) -> Tensor { unary(.sqrt, x) }
package func reciprocal(_ x: consuming Tensor) -> Tensor { unary(.reciprocal, x) }
package func tanh(_ x: consuming Tensor) -> Tensor { unary(.tanh, x) }
package func sigmoid(_ x: consuming Tensor) -> Tensor { unary(.sigmoid, x) }
package func softplus(_ x: consuming Tensor) -> Tensor { unary(.softplus, x) }
package func abs(_ x: consuming Tensor) -> Tensor { unary(.abs, x) }
package func erf(_ x: consuming Tensor) -> Tensor { unary(.erf, x) }
package func sin(_ x: consuming Tensor) -> Tensor { unary(.sin, x) }
package func cos(_ x: consuming Tensor) -> Tensor { unary(.cos, x) }
package func square(_ x: consuming Tensor) -> Tensor { unary(.power, x, 2) }
package func power(_ x: consuming Tensor, _ exponent: Float) -> Tensor { unary(.power, x, exponent) }
package func clamp(_ x: consuming Tensor, _ low: Float, _ high: Float) -> Tensor { unary(.clamp, x, low, high) }
package func leakyReLU(_ x: consuming Tensor, slope: Float) -> Tensor { unary(.leakyReLU, x, slope) }
package func relu(_ x: consuming Tensor) -> Tensor { unary(.leakyReLU, x, 0) }
package func maximum(_ a: consuming Tensor, _ b: consuming Tensor) -> Tensor { binary(.maximum, a, b) }
package func minimum(_ a: consuming Tensor, _ b: consuming Tensor) -> Tensor { binary(.minimum, a, b) }
