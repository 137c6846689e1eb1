// Sums (in double) and maxima over the axes whose out_stride is 0.
#include "scalar.h"

/// Splits a walk into the axes that stay and the axes that are reduced.
static void split(const fk_walk *walk, fk_walk *kept, fk_walk *reduced) {
  *kept = (fk_walk){0};
  *reduced = (fk_walk){0};
  for (int32_t i = 0; i < walk->rank; i++) {
    fk_walk *part = walk->out_stride[i] == 0 ? reduced : kept;
    part->extent[part->rank] = walk->extent[i];
    part->out_stride[part->rank] = walk->out_stride[i];
    part->a_stride[part->rank++] = walk->a_stride[i];
  }
}

fk_status fk_scalar_reduce_sum(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk kept, reduced;
  split(walk, &kept, &reduced);
  int64_t count = fk_walk_count(&kept), terms = fk_walk_count(&reduced);
  fk_cursor at = {0};
  for (int64_t i = 0; i < count; i++, fk_cursor_advance(&at, &kept, kept.rank)) {
    double sum = 0;
    fk_cursor term = {0};
    for (int64_t j = 0; j < terms; j++, fk_cursor_advance(&term, &reduced, reduced.rank)) sum += a[at.a + term.a];
    out[at.out] = (float)sum;
  }
  return FK_OK;
}

fk_status fk_scalar_reduce_max(const fk_walk *walk, const float *a, float *out) {
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk kept, reduced;
  split(walk, &kept, &reduced);
  int64_t count = fk_walk_count(&kept), terms = fk_walk_count(&reduced);
  fk_cursor at = {0};
  for (int64_t i = 0; i < count; i++, fk_cursor_advance(&at, &kept, kept.rank)) {
    float most = -fk_infinity();
    fk_cursor term = {0};
    for (int64_t j = 0; j < terms; j++, fk_cursor_advance(&term, &reduced, reduced.rank))
      most = fk_binary_apply(FK_MAXIMUM, a[at.a + term.a], most);
    out[at.out] = most;
  }
  return FK_OK;
}
