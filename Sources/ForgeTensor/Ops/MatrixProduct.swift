internal import CForgeKernels

/// `op(a) · op(b)` over the last two axes; op transposes when its flag is set.
///
/// - Parameters:
///   - a: `[…, M, K]` (`[…, K, M]` when transposed).
///   - b: `[…, K, N]` (`[…, N, K]` when transposed). Leading axes are equal, or one operand is a single matrix of rank 2.
///   - sum: of the result's shape, added to the product; written over when nobody else holds it.
/// - Returns: `[…, M, N]`.
package func matmul(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, addingTo sum: consuming Tensor? = nil
) -> Tensor {
  promise(
    a.shape.rank >= 2 && b.shape.rank >= 2
      && (a.shape.rank == 2 || b.shape.rank == 2 || a.shape.dimensions.dropLast(2) == b.shape.dimensions.dropLast(2)),
    "matmul: \(a.shape) and \(b.shape) do not match")
  let (m, k) = transposeA ? (a.shape[-1], a.shape[-2]) : (a.shape[-2], a.shape[-1])
  let (kb, n) = transposeB ? (b.shape[-1], b.shape[-2]) : (b.shape[-2], b.shape[-1])
  promise(k == kb, "matmul: inner extents of \(a.shape)\(transposeA ? "ᵀ" : "") and \(b.shape)\(transposeB ? "ᵀ" : "") differ")
  let lead = Array((a.shape.rank > 2 ? a.shape : b.shape).dimensions.dropLast(2))
  let shape = Shape(lead + [m, n])
  var given = sum
  let isAdded = given != nil
  if isAdded {
    promise(given!.shape == shape, "matmul: sum \(given!.shape) for a result \(shape)")
    given!.makeUnique()
  }
  let y = given ?? Tensor(uninitialized: shape)
  var geometry = fk_gemm_geometry()
  geometry.m = Int32(m)
  geometry.n = Int32(n)
  geometry.k = Int32(k)
  geometry.batch = Int32(Shape(lead).count)
  geometry.a_batch_stride = a.shape.rank > 2 ? Int64(m * k) : 0
  geometry.b_batch_stride = b.shape.rank > 2 ? Int64(k * n) : 0
  geometry.out_batch_stride = Int64(m * n)
  geometry.transpose_a = transposeA ? 1 : 0
  geometry.transpose_b = transposeB ? 1 : 0
  geometry.accumulate = isAdded ? 1 : 0
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.gemm_workspace(&geometry)
  let workspace = Buffer(count: (bytes + 3) / 4)
  require(slots.pointee.gemm(&geometry, a.pointer, b.pointer, y.pointer, workspace.pointer, bytes), "matmul \(a.shape), \(b.shape)")
  withExtendedLifetime(workspace) {}
  return y
}
