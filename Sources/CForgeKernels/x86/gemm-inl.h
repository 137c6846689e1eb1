// The matrix product is a 1 x 1 convolution: its rows are pixels, its reduction the channels. With op(a) transposed it is the weight
// gradient of one, with both transposed op(a) is first laid out in the workspace.

static size_t gemm_workspace(const fk_gemm_geometry *g) {
  if (fk_gemm_geometry_is_bad(g)) return 0;
  if (g->transpose_a && !g->transpose_b) return 64 + gradient_workspace(1, g->m, g->n);
  size_t copy = g->transpose_a ? fk_round_up((size_t)g->m * (size_t)g->k * sizeof(float), 64) : 0;
  return 64 + copy + product_workspace(1, g->k, g->n, g->m, fk_lanes());
}

static fk_status gemm(const fk_gemm_geometry *g, const float *a, const float *b, float *out, void *workspace, size_t workspace_bytes) {
  if (fk_gemm_geometry_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < gemm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  char *memory = (char *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  tap *taps = (tap *)memory;
  *taps = (tap){0, 0, 0};
  memory += 64;
  for (int64_t i = 0; i < g->batch; i++, a += g->a_batch_stride, b += g->b_batch_stride, out += g->out_batch_stride) {
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
      transpose_floats(a, g->m, g->k, g->m, (float *)memory, g->k);
      rows = (float *)memory;
      rest += fk_round_up((size_t)g->m * (size_t)g->k * sizeof(float), 64);
    }
    product j = {
        .left = {.source = rows, .height = 1, .width = g->m, .pitch = g->k, .depth = g->k, .stride_y = 1, .stride_x = 1, .rows = 1,
                 .columns = g->m, .taps = taps, .tap_count = 1},
        .b = b, .b_step = g->transpose_b ? g->k : g->n, .transposed = g->transpose_b, .width = g->n, .out = out, .out_column = g->n,
        .accumulate = g->accumulate, .images = 1, .lanes = fk_lanes(),
    };
    product_run(&j, rest);
  }
  return FK_OK;
}
