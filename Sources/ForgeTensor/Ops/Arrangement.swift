internal import CForgeKernels

/// A regular part of an array: along axis `i`, `sizes[i]` elements from `starts[i]`, every `steps[i]`-th; a negative step walks back.
package struct Slicing: Hashable, Sendable, CustomStringConvertible {
  package var starts: [Int]
  package var sizes: [Int]
  package var steps: [Int]

  package init(starts: [Int], sizes: [Int], steps: [Int]? = nil) {
    self.starts = starts
    self.sizes = sizes
    self.steps = steps ?? [Int](repeating: 1, count: starts.count)
  }

  package var description: String { "starts \(starts), sizes \(sizes), steps \(steps)" }

  /// Elements from the array's start to the part's first, and strides of the part. Traps when the part leaves `whole`.
  func walk(in whole: Shape, for operation: String) -> (offset: Int, strides: [Int]) {
    promise(
      starts.count == whole.rank && sizes.count == whole.rank && steps.count == whole.rank, "\(operation): \(self) in \(whole)")
    let strides = whole.strides
    var offset = 0
    for axis in 0..<whole.rank {
      let last = starts[axis] + (sizes[axis] - 1) * steps[axis]
      promise(
        sizes[axis] >= 0 && (sizes[axis] == 0 || (0..<whole[axis]).contains(starts[axis]) && (0..<whole[axis]).contains(last)),
        "\(operation): \(self) leaves \(whole)")
      offset += starts[axis] * strides[axis]
    }
    return (offset, zip(strides, steps).map { $0 * $1 })
  }
}

private func copy(
  _ operation: String, _ extent: [Int], from a: UnsafePointer<Float>, _ aStrides: [Int], to y: UnsafeMutablePointer<Float>,
  _ yStrides: [Int]
) {
  // A copy may take its axes in any order. Where the last one is short (pixel unshuffle), the longest axis of neighbours goes innermost.
  var order = Array(extent.indices)
  if let last = order.last(where: { extent[$0] > 1 }), extent[last] < 16,
    let longest = order.filter({ aStrides[$0] == 1 || yStrides[$0] == 1 }).max(by: { extent[$0] < extent[$1] }),
    extent[longest] > extent[last]
  {
    order.removeAll { $0 == longest }
    order.append(longest)
  }
  var kernel = Walk(operation, extent: order.map { extent[$0] }, out: order.map { yStrides[$0] }, a: order.map { aStrides[$0] }).kernel
  require(KernelTable.current.slots.pointee.copy(&kernel, a, y), "\(operation) \(extent)")
}

/// The same elements under another shape.
package func reshape(_ x: Tensor, _ shape: Shape) -> Tensor { x.reshaped(shape) }

/// Axis `i` of the result is axis `permutation[i]` of `x`.
package func transpose(_ x: Tensor, _ permutation: [Int]) -> Tensor {
  promise(permutation.sorted() == Array(0..<x.shape.rank), "transpose: \(permutation) of \(x.shape)")
  let strides = x.shape.strides
  let y = Tensor(uninitialized: Shape(permutation.map { x.shape[$0] }))
  copy("transpose", y.shape.dimensions, from: x.pointer, permutation.map { strides[$0] }, to: y.pointer, y.shape.strides)
  return y
}

/// Repeats `x` to `shape` by NumPy's rule.
package func broadcast(_ x: Tensor, to shape: Shape) -> Tensor {
  if x.shape == shape { return x }
  promise(Shape.broadcast(x.shape, shape, for: "broadcast") == shape, "broadcast: \(x.shape) to \(shape)")
  let y = Tensor(uninitialized: shape)
  copy("broadcast", shape.dimensions, from: x.pointer, x.shape.strides(broadcastTo: shape), to: y.pointer, shape.strides)
  return y
}

/// The part of `x` that `slicing` names.
package func slice(_ x: Tensor, _ slicing: Slicing) -> Tensor {
  let (offset, strides) = slicing.walk(in: x.shape, for: "slice")
  let y = Tensor(uninitialized: Shape(slicing.sizes))
  copy("slice", slicing.sizes, from: x.pointer + offset, strides, to: y.pointer, y.shape.strides)
  return y
}

/// Zeros of `shape` in which the part that `slicing` names holds `x`: the adjoint of `slice`.
package func place(_ x: Tensor, _ slicing: Slicing, in shape: Shape) -> Tensor {
  promise(x.shape.dimensions == slicing.sizes, "place: \(x.shape) at \(slicing)")
  let (offset, strides) = slicing.walk(in: shape, for: "place")
  let y = Tensor.zeros(shape)
  copy("place", slicing.sizes, from: x.pointer, x.shape.strides, to: y.pointer + offset, strides)
  return y
}

/// Joins tensors along `axis`; the other extents are equal.
package func concatenate(_ parts: [Tensor], axis: Int) -> Tensor {
  promise(!parts.isEmpty, "concatenate: nothing to join")
  var shape = parts[0].shape
  let axis = shape.axes([axis], for: "concatenate")[0]
  shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
  let y = Tensor(uninitialized: shape)
  let strides = shape.strides
  var start = 0
  for part in parts {
    var expected = shape
    expected[axis] = part.shape[axis]
    promise(part.shape == expected, "concatenate: \(part.shape) beside \(parts[0].shape) along axis \(axis)")
    copy("concatenate", part.shape.dimensions, from: part.pointer, part.shape.strides, to: y.pointer + start * strides[axis], strides)
    start += part.shape[axis]
  }
  return y
}
