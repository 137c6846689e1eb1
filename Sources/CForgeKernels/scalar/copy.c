// Strided copies, their adjoint, and the row copies of embeddings.
#include "scalar.h"

/// A walk whose b_stride was not set by the caller.
static fk_walk two_operands(const fk_walk *walk) {
  fk_walk w = *walk;
  for (int32_t i = 0; i < FK_MAX_RANK; i++) w.b_stride[i] = 0;
  return w;
}

fk_status fk_scalar_copy(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk w = two_operands(walk);
  int64_t count = fk_walk_count(&w);
  fk_cursor at = {0};
  for (int64_t i = 0; i < count; i++, fk_cursor_advance(&at, &w, w.rank)) out[at.out] = a[at.a];
  return FK_OK;
}

fk_status fk_scalar_copy_add(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk w = two_operands(walk);
  int64_t count = fk_walk_count(&w);
  for (int32_t i = 0; i < w.rank; i++)
    if (w.extent[i] > 1 && w.out_stride[i] == 0) return FK_BAD_GEOMETRY;
  fk_cursor at = {0};
  for (int64_t i = 0; i < count; i++, fk_cursor_advance(&at, &w, w.rank)) out[at.out] += a[at.a];
  return FK_OK;
}

fk_status fk_scalar_gather_rows(size_t count, size_t width, const int32_t *index, const float *table, float *out) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < width; j++) out[i * width + j] = table[(size_t)index[i] * width + j];
  return FK_OK;
}

fk_status fk_scalar_scatter_add_rows(size_t count, size_t width, const int32_t *index, const float *in, size_t table_rows, float *table) {
  (void)table_rows;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < width; j++) table[(size_t)index[i] * width + j] += in[i * width + j];
  return FK_OK;
}
