internal import CForgeKernels

/// Sum over `axes`. Added in fixed blocks, so the result does not depend on the number of threads.
package func sum(_ x: Tensor, axes: [Int], keepingDimensions: Bool = false) -> Tensor {
  reduce("sum", x, axes, keepingDimensions) { KernelTable.current.slots.pointee.reduce_sum($0, $1, $2) }
}

/// Sum of all elements, shape `[]`.
package func sum(_ x: Tensor) -> Tensor { sum(x, axes: Array(0..<x.shape.rank)) }

/// Largest element along `axes`.
package func max(_ x: Tensor, axes: [Int], keepingDimensions: Bool = false) -> Tensor {
  reduce("max", x, axes, keepingDimensions) { KernelTable.current.slots.pointee.reduce_max($0, $1, $2) }
}

/// Arithmetic mean over `axes`.
package func mean(_ x: Tensor, axes: [Int], keepingDimensions: Bool = false) -> Tensor {
  let y = sum(x, axes: axes, keepingDimensions: keepingDimensions)
  return y * (Float(y.count) / Float(x.count))
}

/// Arithmetic mean of all elements, shape `[]`.
package func mean(_ x: Tensor) -> Tensor { mean(x, axes: Array(0..<x.shape.rank)) }

private func reduce(
  _ operation: String, _ x: Tensor, _ axes: [Int], _ keepingDimensions: Bool,
  _ kernel: (UnsafePointer<fk_walk>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> fk_status
) -> Tensor {
  let axes = x.shape.axes(axes, for: operation)
  let kept = x.shape.reduced(axes, keepingDimensions: true)
  var strides = kept.strides
  for axis in axes { strides[axis] = 0 }
  let y = Tensor(uninitialized: keepingDimensions ? kept : x.shape.reduced(axes, keepingDimensions: false))
  promise(x.count > 0, "\(operation): \(x.shape) has no elements")
  var walk = Walk(operation, extent: x.shape.dimensions, out: strides, a: x.shape.strides).kernel
  require(kernel(&walk, x.pointer, y.pointer), "\(operation) \(x.shape) over \(axes)")
  return y
}
