internal import ForgeTensor

/// Self-attention over pixels as in BigGAN (Brock et al. 2019) and SAGAN: each pixel adds a mixture of all 2 × 2 pooled pixels.
///
/// - Parameters:
///   - x: `[N, H, W, C]`, H and W even.
///   - query, key: 1 × 1 weights `[1, 1, C, C / 8]`.
///   - content: `[1, 1, C, C / 2]`.
///   - projection: `[1, 1, C / 2, C]`.
///   - gain: `[1]`; zero at the start of training.
package func nonLocalAttention(
  _ x: Variable, query: Variable, key: Variable, content: Variable, projection: Variable, gain: Variable
) -> Variable {
  let (n, h, w, _) = extents(x, "nonLocalAttention")
  let pooled = (h / 2) * (w / 2)
  let queries = reshape(convolution(x, query), [n, h * w, query.shape[3]])
  let keys = reshape(maxPool(convolution(x, key), size: 2), [n, pooled, key.shape[3]])
  let contents = reshape(maxPool(convolution(x, content), size: 2), [n, pooled, content.shape[3]])
  let shares = softmax(matmul(queries, keys, transposeB: true))
  let mixed = reshape(matmul(shares, contents), [n, h, w, content.shape[3]])
  return gain * convolution(mixed, projection) + x
}
