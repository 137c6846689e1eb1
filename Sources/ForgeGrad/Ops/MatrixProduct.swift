internal import ForgeTensor

/// `op(a) · op(b)` over the last two axes; op transposes when its flag is set.
///
/// - Parameters:
///   - a: `[…, M, K]` (`[…, K, M]` when transposed).
///   - b: `[…, K, N]` (`[…, N, K]` when transposed). Leading axes are equal, or one operand is a single matrix of rank 2.
/// - Returns: `[…, M, N]`. Differentiable to any order.
package func matmul(_ a: Variable, _ b: Variable, transposeA: Bool = false, transposeB: Bool = false) -> Variable {
  if a.shape.rank > 2, b.shape.rank == 2, !transposeA {
    // One tall product instead of many small ones.
    let rows = a.shape.dimensions.dropLast()
    let product = matmul(reshape(a, [Shape(Array(rows)).count, a.shape[-1]]), b, transposeB: transposeB)
    return reshape(product, Shape(rows + [product.shape[1]]))
  }
  return OpCatalog.record(
    .matmul, [a, b], .transposed(a: transposeA, b: transposeB),
    value: matmul(a.value, b.value, transposeA: transposeA, transposeB: transposeB))
}

@Sendable func matmulVJP(_ b: Backward) -> [Variable?] {
  guard case .transposed(let tA, let tB) = b.attributes else { fatalError("matmul without its flags") }
  var parts: [Variable?] = [nil, nil]
  if !Recording.isOn, b.shape(0).rank == 2, b.shape(1).rank == 2 {
    // Added to what the operand has gathered already: a large weight then needs no second array.
    let g = b.g.value
    if b.needs[0] {
      let other = b.x(1).value
      parts[0] = Variable(
        tA
          ? matmul(other, g, transposeA: tB, transposeB: true, addingTo: b.takeSum(0))
          : matmul(g, other, transposeB: !tB, addingTo: b.takeSum(0)))
    }
    if b.needs[1] {
      let other = b.x(0).value
      if !tA, b.postpones(tB ? WeightProduct(a: g, b: other) : WeightProduct(a: other, b: g), for: 1) { return parts }
      parts[1] = Variable(
        tB
          ? matmul(g, other, transposeA: true, transposeB: tA, addingTo: b.takeSum(1))
          : matmul(other, g, transposeA: !tA, addingTo: b.takeSum(1)))
    }
    return parts
  }
  if b.needs[0] {
    parts[0] = summed(
      tA ? matmul(b.x(1), b.g, transposeA: tB, transposeB: true) : matmul(b.g, b.x(1), transposeB: !tB), to: b.shape(0))
  }
  if b.needs[1] {
    parts[1] = summed(
      tB ? matmul(b.g, b.x(0), transposeA: true, transposeB: tA) : matmul(b.x(0), b.g, transposeA: !tA), to: b.shape(1))
  }
  return parts
}

/// Sums the batch away for a matrix that all products shared.
private func summed(_ g: Variable, to shape: Shape) -> Variable {
  g.shape.rank == shape.rank ? g : sum(g, axes: Array(0..<(g.shape.rank - 2)))
}
