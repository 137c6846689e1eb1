internal import CForgeKernels

/// What one step of a power iteration on a matrix gives.
package struct PowerIteration: Sendable {
  /// `M·u / |M·u|`, `[rows]`.
  package let left: Tensor
  /// `Mᵀ·left / |Mᵀ·left|`, `[columns]`.
  package let right: Tensor
  /// `leftᵀ·M·right`, which is `|Mᵀ·left|`: an estimate of the largest singular value.
  package let singularValue: Float

  package init(left: Tensor, right: Tensor, singularValue: Float) {
    self.left = left
    self.right = right
    self.singularValue = singularValue
  }
}

/// One step from `u` (`[columns]`) for a matrix of `[rows, columns]`, in one reading of it.
package func powerIteration(_ matrix: Tensor, _ u: Tensor) -> PowerIteration {
  promise(matrix.shape.rank == 2 && u.count == matrix.shape[1], "powerIteration: \(matrix.shape), \(u.shape)")
  let (rows, columns) = (matrix.shape[0], matrix.shape[1])
  let left = Tensor(uninitialized: [rows])
  let right = Tensor(uninitialized: [columns])
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.power_workspace(Int64(rows), Int64(columns))
  let workspace = Buffer(count: (bytes + 3) / 4)
  require(
    slots.pointee.power_products(
      Int64(rows), Int64(columns), matrix.pointer, u.pointer, left.pointer, right.pointer, workspace.pointer, bytes),
    "powerIteration \(matrix.shape)")
  withExtendedLifetime((workspace, u)) {}
  // The kernel hands back Mᵀ·(M·u): its length over that of M·u is the singular value.
  let leftLength = Swift.max(length(left), 1e-12)
  let value = length(right) / leftLength
  scale(left, by: 1 / leftLength)
  scale(right, by: 1 / (leftLength * Swift.max(value, 1e-12)))
  return PowerIteration(left: left, right: right, singularValue: Float(value))
}

private func length(_ x: Tensor) -> Double {
  x.withUnsafeBufferPointer { values in values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}

private func scale(_ x: Tensor, by factor: Double) {
  for i in 0..<x.count { x.pointer[i] = Float(Double(x.pointer[i]) * factor) }
}

/// Gradient of `w / σ` in `w` with `σ = leftᵀ·w·right`: `(g − (Σ g·y) · left·rightᵀ) / σ`, `y` being `w / σ`. Writes over `g` when nobody
/// else holds it.
package func spectralNormalizeGradient(_ g: consuming Tensor, y: Tensor, left: Tensor, right: Tensor, singularValue: Float) -> Tensor {
  promise(g.count == left.count * right.count, "spectralNormalizeGradient: \(g.shape), \(left.shape), \(right.shape)")
  var g = g
  let dx = g.isUnique() ? g : Tensor(uninitialized: g.shape)
  let slots = KernelTable.current.slots
  var along: Float = 0
  require(slots.pointee.dot(g.count, g.pointer, y.pointer, &along), "spectralNormalizeGradient \(g.shape)")
  require(
    slots.pointee.add_outer(
      Int64(left.count), Int64(right.count), 1 / singularValue, g.pointer, -along / singularValue, left.pointer, right.pointer, dx.pointer),
    "spectralNormalizeGradient \(g.shape)")
  withExtendedLifetime((g, y, left, right)) {}
  return dx
}
