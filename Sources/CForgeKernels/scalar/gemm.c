// Matrix product with sums in double.
#include "scalar.h"

size_t fk_scalar_gemm_workspace(const fk_gemm_geometry *g) {
  (void)g;
  return 0;
}

fk_status fk_scalar_gemm(const fk_gemm_geometry *g, const float *a, const float *b, float *out, void *memory, size_t bytes) {
  (void)memory;
  (void)bytes;
  if (fk_gemm_geometry_is_bad(g)) return FK_BAD_GEOMETRY;
  enum { lanes = 64 };
  int64_t a_row = g->transpose_a ? 1 : g->k, a_column = g->transpose_a ? g->m : 1;
  int64_t b_row = g->transpose_b ? 1 : g->n, b_column = g->transpose_b ? g->k : 1;
  for (int64_t i = 0; i < g->batch; i++, a += g->a_batch_stride, b += g->b_batch_stride, out += g->out_batch_stride)
    for (int64_t row = 0; row < g->m; row++)
      for (int64_t first = 0; first < g->n; first += lanes) {
        int64_t count = fk_min64(lanes, g->n - first);
        double sum[lanes] = {0};
        for (int64_t k = 0; k < g->k; k++) {
          double x = a[row * a_row + k * a_column];
          for (int64_t j = 0; j < count; j++) sum[j] += x * b[k * b_row + (first + j) * b_column];
        }
        float *target = out + row * g->n + first;
        for (int64_t j = 0; j < count; j++) target[j] = g->accumulate ? target[j] + (float)sum[j] : (float)sum[j];
      }
  return FK_OK;
}
