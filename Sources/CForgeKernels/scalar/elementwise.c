// unary, binary and fill: one element after another.
#include "scalar.h"

fk_status fk_scalar_unary(fk_unary_op op, size_t n, float a, float b, const float *x, float *y) {
  if ((unsigned)op > FK_ROUND) return FK_UNSUPPORTED;
  for (size_t i = 0; i < n; i++) y[i] = fk_unary_apply(op, x[i], a, b);
  return FK_OK;
}

fk_status fk_scalar_binary(fk_binary_op op, const fk_walk *walk, const float *a, const float *b, float *out) {
  if ((unsigned)op > FK_GREATER_MASK) return FK_UNSUPPORTED;
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  int64_t count = fk_walk_count(walk);
  fk_cursor at = {0};
  for (int64_t i = 0; i < count; i++, fk_cursor_advance(&at, walk, walk->rank)) out[at.out] = fk_binary_apply(op, a[at.a], b[at.b]);
  return FK_OK;
}

fk_status fk_scalar_fill(size_t n, float value, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = value;
  return FK_OK;
}
