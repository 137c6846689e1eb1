package import ForgeTensor

// Reordering and summing: linear, so each one's vjp is its adjoint partner.

/// The same elements under another shape.
package func reshape(_ x: consuming Variable, _ shape: Shape) -> Variable {
  if x.shape == shape { return x }
  return OpCatalog.record(.reshape, x) { $0.reshaped(shape) }
}

/// Axis `i` of the result is axis `permutation[i]` of `x`.
package func transpose(_ x: Variable, _ permutation: [Int]) -> Variable {
  OpCatalog.record(.transpose, [x], .permutation(permutation), value: transpose(x.value, permutation))
}

/// Repeats `x` to `shape` by NumPy's rule.
package func broadcast(_ x: Variable, to shape: Shape) -> Variable {
  if x.shape == shape { return x }
  return OpCatalog.record(.broadcast, [x], value: broadcast(x.value, to: shape))
}

/// Sum over `axes`.
package func sum(_ x: Variable, axes: [Int], keepingDimensions: Bool = false) -> Variable {
  let axes = x.shape.axes(axes, for: "sum")
  return OpCatalog.record(
    .sum, [x], .axes(axes, keepingDimensions: keepingDimensions), value: sum(x.value, axes: axes, keepingDimensions: keepingDimensions))
}

/// Sum of all elements, shape `[]`.
package func sum(_ x: Variable) -> Variable { sum(x, axes: Array(0..<x.shape.rank)) }

/// Arithmetic mean over `axes`.
package func mean(_ x: Variable, axes: [Int], keepingDimensions: Bool = false) -> Variable {
  let y = sum(x, axes: axes, keepingDimensions: keepingDimensions)
  let share = Float(y.shape.count) / Float(x.shape.count)
  return y * share
}

/// Arithmetic mean of all elements, shape `[]`.
package func mean(_ x: Variable) -> Variable { mean(x, axes: Array(0..<x.shape.rank)) }

/// The part of `x` that `slicing` names, steps included. Partner: `place`.
package func slice(_ x: Variable, _ slicing: Slicing) -> Variable {
  OpCatalog.record(.slice, [x], .slicing(slicing), value: slice(x.value, slicing))
}

/// Zeros of `shape` in which the part that `slicing` names holds `x`. Partner: `slice`.
package func place(_ x: Variable, _ slicing: Slicing, in shape: Shape) -> Variable {
  OpCatalog.record(.place, [x], .slicing(slicing), value: place(x.value, slicing, in: shape))
}

/// Adds `low[i]` zeros before and `high[i]` after axis `i`.
package func pad(_ x: Variable, low: [Int], high: [Int]) -> Variable {
  if (low + high).allSatisfy({ $0 == 0 }) { return x }
  let shape = Shape(x.shape.dimensions.indices.map { low[$0] + x.shape[$0] + high[$0] })
  return place(x, Slicing(starts: low, sizes: x.shape.dimensions), in: shape)
}

/// The box of `sizes` at `starts`.
package func crop(_ x: Variable, starts: [Int], sizes: [Int]) -> Variable {
  if sizes == x.shape.dimensions { return x }
  return slice(x, Slicing(starts: starts, sizes: sizes))
}

/// Reverses `axis`.
package func flip(_ x: Variable, axis: Int) -> Variable {
  let axis = x.shape.axes([axis], for: "flip")[0]
  var slicing = Slicing(starts: [Int](repeating: 0, count: x.shape.rank), sizes: x.shape.dimensions)
  slicing.starts[axis] = x.shape[axis] - 1
  slicing.steps[axis] = -1
  return slice(x, slicing)
}

/// Joins along `axis`. Partner: `split`.
package func concatenate(_ parts: [Variable], axis: Int) -> Variable {
  let axis = parts[0].shape.axes([axis], for: "concatenate")[0]
  if parts.count == 1 { return parts[0] }
  return OpCatalog.record(.concatenate, parts, .axis(axis), value: concatenate(parts.map(\.value), axis: axis))
}

/// Cuts `axis` into parts of `sizes`, which add up to its extent.
package func split(_ x: Variable, axis: Int, sizes: [Int]) -> [Variable] {
  let axis = x.shape.axes([axis], for: "split")[0]
  promise(sizes.reduce(0, +) == x.shape[axis], "split: \(sizes) of axis \(axis) of \(x.shape)")
  var start = 0
  return sizes.map { size in
    var starts = [Int](repeating: 0, count: x.shape.rank)
    var extents = x.shape.dimensions
    starts[axis] = start
    extents[axis] = size
    start += size
    return crop(x, starts: starts, sizes: extents)
  }
}

/// `[N, H, W, C]` with `padding` rows and columns mirrored at each edge, the edge itself not repeated.
package func reflectionPad(_ x: Variable, _ padding: Int) -> Variable {
  guard padding > 0 else { return x }
  var y = x
  for axis in 1...2 {
    let extent = y.shape[axis]
    promise(padding < extent, "reflectionPad: \(padding) of \(x.shape)")
    var starts = [0, 0, 0, 0]
    var sizes = y.shape.dimensions
    sizes[axis] = padding
    starts[axis] = 1
    let before = flip(crop(y, starts: starts, sizes: sizes), axis: axis)
    starts[axis] = extent - 1 - padding
    let after = flip(crop(y, starts: starts, sizes: sizes), axis: axis)
    y = concatenate([before, y, after], axis: axis)
  }
  return y
}

@Sendable func transposeVJP(_ b: Backward) -> [Variable?] {
  guard case .permutation(let permutation) = b.attributes else { fatalError("transpose without its permutation") }
  var inverse = permutation
  for (i, axis) in permutation.enumerated() { inverse[axis] = i }
  return [transpose(b.g, inverse)]
}

@Sendable func sumVJP(_ b: Backward) -> [Variable?] {
  guard case .axes(let axes, _) = b.attributes else { fatalError("sum without its axes") }
  return [broadcast(reshape(b.g, b.shape(0).reduced(axes, keepingDimensions: true)), to: b.shape(0))]
}

@Sendable func sliceVJP(_ b: Backward) -> [Variable?] {
  guard case .slicing(let slicing) = b.attributes else { fatalError("slice without its slicing") }
  return [place(b.g, slicing, in: b.shape(0))]
}

@Sendable func placeVJP(_ b: Backward) -> [Variable?] {
  guard case .slicing(let slicing) = b.attributes else { fatalError("place without its slicing") }
  return [slice(b.g, slicing)]
}

@Sendable func concatenateVJP(_ b: Backward) -> [Variable?] {
  guard case .axis(let axis) = b.attributes else { fatalError("concatenate without its axis") }
  var start = 0
  return b.node.inputs.indices.map { i in
    defer { start += b.shape(i)[axis] }
    guard b.needs[i] else { return nil }
    var starts = [Int](repeating: 0, count: b.g.shape.rank)
    starts[axis] = start
    return crop(b.g, starts: starts, sizes: b.shape(i).dimensions)
  }
}
