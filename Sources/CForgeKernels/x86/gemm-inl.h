// The matrix product is a 1 x 1 convolution: its rows are pixels, its reduction the channels. With op(a) transposed it is the weight
// gradient of one, with both transposed op(a) is first laid out in the workspace. Large right operands have their own way.

#include "thin-inl.h"

static size_t gemm_workspace(const fk_gemm_geometry *g) {
  if (fk_gemm_geometry_is_bad(g)) return 0;
  if (thin_applies(g)) return 64 + thin_workspace(g);
  if (g->transpose_a && !g->transpose_b) return 64 + gradient_workspace(1, g->m, g->n);
  size_t copy = g->transpose_a ? fk_round_up((size_t)g->m * (size_t)g->k * sizeof(float), 64) : 0;
  return 64 + copy + product_workspace(1, g->k, g->n);
}

/// to[row][column] = from[column][row], in squares that stay in cache.
static void transpose_matrix(const float *from, int64_t rows, int64_t columns, float *to) {
  for (int64_t r = 0; r < rows; r += FK_LANES)
    for (int64_t c = 0; c < columns; c += FK_LANES)
      for (int64_t i = r; i < fk_min64(r + FK_LANES, rows); i++)
        for (int64_t k = c; k < fk_min64(c + FK_LANES, columns); k++) to[i * columns + k] = from[k * rows + i];
}

static fk_status gemm(const fk_gemm_geometry *g, const float *a, const float *b, float *out, void *workspace, size_t workspace_bytes) {
  if (fk_gemm_geometry_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < gemm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  char *memory = (char *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  tap *taps = (tap *)memory;
  if (!thin_applies(g)) {
    *taps = (tap){0, 0, 0};
    memory += 64;
  }
  for (int64_t i = 0; i < g->batch; i++, a += g->a_batch_stride, b += g->b_batch_stride, out += g->out_batch_stride) {
    if (thin_applies(g)) {
      thin_run(g, a, b, out, (float *)memory);
      continue;
    }
    if (g->transpose_a && !g->transpose_b) {
      gradient j = {
          .left = {.source = a, .height = 1, .width = g->k, .pitch = g->m, .depth = g->m, .stride_y = 1, .stride_x = 1, .rows = 1,
                   .columns = g->k, .taps = taps, .tap_count = 1},
          .b = b, .b_step = g->n, .width = g->n, .out = out, .out_step = g->n, .accumulate = g->accumulate, .images = 1,
      };
      gradient_run(&j, memory);
      continue;
    }
    const float *rows = a;
    char *rest = memory;
    if (g->transpose_a) {
      transpose_matrix(a, g->m, g->k, (float *)memory);
      rows = (float *)memory;
      rest += fk_round_up((size_t)g->m * (size_t)g->k * sizeof(float), 64);
    }
    product j = {
        .left = {.source = rows, .height = 1, .width = g->m, .pitch = g->k, .depth = g->k, .stride_y = 1, .stride_x = 1, .rows = 1,
                 .columns = g->m, .taps = taps, .tap_count = 1},
        .b = b, .b_step = g->transpose_b ? g->k : g->n, .transposed = g->transpose_b, .width = g->n, .out = out, .out_column = g->n,
        .accumulate = g->accumulate, .images = 1,
    };
    product_run(&j, rest);
  }
  return FK_OK;
}
